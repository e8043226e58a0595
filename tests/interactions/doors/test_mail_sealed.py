"""What was signed or encrypted is kept as it came: who has the keys can verify and open it later."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.utils import timezone

from interactions.channels.email.reading import ORIGINAL
from interactions.doors.mail.services import book_mail, take_mail
from interactions.models import Attachment, Inbox, Message

HEAD = b"From: Ann <ann@example.test>\r\nTo: help@ccx.test\r\nMessage-ID: <sealed@example.test>\r\n"
# Blanks at ends of lines, a line that looks like a boundary, umlauts in 8 bits: what a careless reader would mend.
WORDS = "Content-Type: text/plain; charset=utf-8\r\n\r\nWo bleibt es? \t \r\n\r\n-- \r\nGr\u00fc\u00dfe\r\n".encode()


def kept(name: str = ORIGINAL) -> bytes:
    with Attachment.objects.get(name=name).file.open() as file:
        content: bytes = file.read()
    return content


def first_part(mail: bytes, boundary: bytes) -> bytes:
    """The bytes between the first two lines of a boundary (RFC 2046: the line end before one is the boundary's)."""
    return mail.split(b"--" + boundary + b"\r\n")[1].removesuffix(b"\r\n")


@pytest.fixture(scope="module")
def pair() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.EMAIL_ADDRESS, "ann@example.test")])
    now = timezone.now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    return key, made.sign(key, hashes.SHA256())


@pytest.mark.parametrize("source", ["fetched", "brought by a provider"])
def test_a_signature_is_verified_from_what_was_kept(
    line: Inbox, pair: tuple[rsa.RSAPrivateKey, x509.Certificate], source: str
) -> None:
    key, certificate = pair
    builder = pkcs7.PKCS7SignatureBuilder().set_data(WORDS).add_signer(certificate, key, hashes.SHA256())
    # Without attributes the signature is of the words themselves, and the last thing in it.
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoAttributes, pkcs7.PKCS7Options.Binary]
    signature = builder.sign(Encoding.DER, options)
    armoured = builder.sign(Encoding.PEM, options).split(b"-----")[2].strip().replace(b"\n", b"\r\n")
    mail = HEAD + (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=b1\r\n\r\n'
        b"--b1\r\n" + WORDS + b"\r\n--b1\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + armoured + b"\r\n--b1--\r\n"
    )
    if source == "fetched":
        take_mail(inbox=line, raw=mail)
    else:
        book_mail(inbox=line, raw=mail, received_at=timezone.now())

    assert Message.objects.get().body.startswith("Wo bleibt es?")
    assert kept() == mail
    assert kept("smime.p7s") == signature
    signed, proof = first_part(kept(), b"b1"), kept("smime.p7s")[-256:]
    assert signed == WORDS
    key.public_key().verify(proof, signed, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(proof, signed.rstrip(), padding.PKCS1v15(), hashes.SHA256())


def test_an_encrypted_mail_is_opened_from_what_was_kept(
    line: Inbox, pair: tuple[rsa.RSAPrivateKey, x509.Certificate]
) -> None:
    key, certificate = pair
    sealed = pkcs7.PKCS7EnvelopeBuilder().set_data(WORDS).add_recipient(certificate)
    mail = HEAD + sealed.encrypt(Encoding.SMIME, [pkcs7.PKCS7Options.Binary])
    take_mail(inbox=line, raw=mail)
    assert kept() == mail
    assert pkcs7.pkcs7_decrypt_der(kept("smime.p7m"), certificate, key, []) == WORDS


PGP = HEAD + (
    b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=p1\r\n\r\n'
    b"--p1\r\nContent-Type: application/pgp-encrypted; name=version.asc\r\n\r\nVersion: 1\r\n\r\n"
    b'--p1\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n%s\r\n--p1--\r\n'
)
ARMOUR = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA \r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"


def test_parts_that_pgp_encrypted_or_signed_come_out_byte_for_byte(line: Inbox) -> None:
    take_mail(inbox=line, raw=PGP % ARMOUR)
    assert (kept("version.asc"), kept("encrypted.asc")) == (b"Version: 1\r\n", ARMOUR)
    assert kept() == PGP % ARMOUR

    Attachment.objects.all().delete()
    # Signed and passed on by a list, which wraps it.
    signed = (
        b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s1\r\n\r\n--s1\r\n'
        + WORDS
        + b"\r\n--s1\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\n"
        + ARMOUR.replace(b"MESSAGE", b"SIGNATURE")
        + b"\r\n--s1--\r\n"
    )
    head = HEAD.replace(b"sealed", b"signed") + b"Content-Type: multipart/mixed; boundary=m1\r\n\r\n--m1\r\n"
    mail = head + signed + b"\r\n--m1\r\nContent-Type: text/plain\r\n\r\nThe list\r\n--m1--\r\n"
    take_mail(inbox=line, raw=mail)
    assert kept("signature.asc") == ARMOUR.replace(b"MESSAGE", b"SIGNATURE")
    assert first_part(kept(), b"s1") == WORDS


def test_an_ordinary_mail_is_not_kept_twice(line: Inbox) -> None:
    take_mail(inbox=line, raw=HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n")
    assert not Attachment.objects.exists()
