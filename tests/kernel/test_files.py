"""Files of strangers: by their content, under harmless names."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django.fixtures import Settings

from ccx.kernel.files import kind_of, safe_name

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("content", "told", "kind"),
    [
        (b"%PDF-1.4", "image/png", "application/pdf"),
        (b"PK\x03\x04rest", DOCX, DOCX),
        (b"PK\x03\x04rest", "text/html", "application/zip"),
        (b"MZ\x90\x00", "image/jpeg", "application/vnd.microsoft.portable-executable"),
        (b"GIF89a/*<script>*/", "application/javascript", "image/gif"),
        (b"<html><script>", "image/png", "text/html"),
        (b"  <SVG onload=1>", "image/png", "image/svg+xml"),
        (b"a,b\n1,2\n", "text/csv; charset=utf-8", "text/csv"),
        (b"hello", "application/x-msdownload", "text/plain"),
        ("Grüße".encode() * 2000, "", "text/plain"),
        (b"\x00\x01\x02", "image/png", "application/octet-stream"),
        (b"\xe4\xf6\xfc no utf-8", "text/html", "application/octet-stream"),
        (b"OggS....", "audio/ogg", "audio/ogg"),
        (b"\x00\x00\x00\x18ftypmp42", "audio/mp4", "audio/mp4"),
        (b"x", "nonsense\r\nX: y", "text/plain"),
        (b"", "", "text/plain"),
    ],
)
def test_the_content_says_what_a_file_is(content: bytes, told: str, kind: str) -> None:
    assert kind_of(content, told) == kind


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.exe", "x.exe"),
        ("a\r\nX: y", "aX_ y"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u200b\ufeff.htaccess", "htaccess"),
        (".htaccess", "htaccess"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("--rf", "rf"),
        ("~$x.docx", "$x.docx"),
        ("x. . .", "x"),
        ("", "file"),
        ("...", "file"),
        ("\ud800x.txt", "x.txt"),
        ("Cafe\u0301.txt", "Café.txt"),
        ('a"b<c>.txt', "a_b_c_.txt"),
    ],
)
def test_a_name_is_made_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("x" * 300 + ".pdf") == "x" * 146 + ".pdf"
    assert len(safe_name("ü" * 300)) == 150


def test_what_is_kept_is_readable_to_nobody_else_on_the_machine(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    name = default_storage.save("recordings/2026/a.wav", ContentFile(b"words"))
    modes = [(tmp_path / "media" / part).stat().st_mode & 0o777 for part in (name, "recordings/2026", "")]
    assert modes == [0o600, 0o700, 0o700]
