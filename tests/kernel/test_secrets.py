"""What is kept encrypted, and how its key is changed."""

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from ccx.kernel.secrets import SecretIsUnreadableError, decrypt, encrypt
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of, keep_credentials

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_is_kept_is_not_readable_and_comes_back() -> None:
    kept = encrypt("hush")
    assert "hush" not in kept
    assert decrypt(kept) == "hush"
    assert (encrypt(""), decrypt("")) == ("", "")


def test_a_new_key_in_front_reads_the_old_and_after_rotation_the_old_can_go(db: None, settings: LazySettings) -> None:
    settings.CCX_ENCRYPTION_KEYS = [OLD]
    inbox = Inbox.objects.create(name="support", channel=Channel.EMAIL)
    keep_credentials(inbox_id=inbox.pk, credentials={"imap_password": "one", "smtp_password": "two"}, by=None)
    settings.CCX_ENCRYPTION_KEYS = [NEW, OLD]
    keep_credentials(inbox_id=inbox.pk, credentials={"smtp_password": ""}, by=None)
    call_command("rotate_secrets")
    settings.CCX_ENCRYPTION_KEYS = [NEW]
    inbox.refresh_from_db()
    assert credentials_of(inbox) == {"imap_password": "one"}


def test_a_lost_key_is_told_and_nothing_is_changed(db: None, settings: LazySettings) -> None:
    settings.CCX_ENCRYPTION_KEYS = [OLD]
    inbox = Inbox.objects.create(name="support", channel=Channel.EMAIL, credentials=encrypt("{}"))
    settings.CCX_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(SecretIsUnreadableError):
        credentials_of(inbox)
    with pytest.raises(CommandError, match="none of the keys"):
        call_command("rotate_secrets")
