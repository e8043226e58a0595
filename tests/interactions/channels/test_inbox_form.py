"""A line's servers on the configuration page: passwords go in and never come out."""

from django.test import Client

from ccx.kernel.people.choices import Role
from interactions.channels.choices import Channel
from interactions.channels.services import credentials_of
from interactions.models import Inbox
from tests.factories.people import make_user

ADD = "/admin/interactions/inbox/add/"


def test_servers_and_passwords_are_kept_and_a_password_is_never_shown(db: None) -> None:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    line = {"name": "Support", "channel": Channel.EMAIL.value, "address": "help@ccx.test", "is_active": "on"}
    mail = {"from_name": "Help", "imap_host": "imap.ccx.test", "imap_security": "tls", "imap_user": "help"}
    server = {"imap_port": "993", "imap_password": "hush-imap ", "smtp_security": "starttls"}

    assert client.post(ADD, line | mail | server).status_code == 302
    inbox = Inbox.objects.get()
    assert inbox.settings["imap"] == {
        "host": "imap.ccx.test", "port": 993, "security": "tls", "user": "help", "start": "new",
    }  # fmt: skip
    assert credentials_of(inbox) == {"imap_password": "hush-imap "}
    page = f"/admin/interactions/inbox/{inbox.pk}/change/"
    shown = client.get(page).text
    assert "imap.ccx.test" in shown
    assert "hush-imap" not in shown
    assert inbox.credentials not in shown

    assert client.post(page, line | mail | {"imap_password": "", "smtp_password": "hush-smtp"}).status_code == 302
    inbox.refresh_from_db()
    assert credentials_of(inbox) == {"imap_password": "hush-imap ", "smtp_password": "hush-smtp"}
    assert client.post(page, line | {"smtp_user": "help"}).status_code == 200


def test_a_line_end_in_a_name_is_a_mistake_of_that_field_and_other_settings_stay(db: None) -> None:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    told = {"imap": {"host": "imap.ccx.test", "sign_in": "token"}, "oauth": {"provider": "google"}}
    inbox = Inbox.objects.create(name="Support", channel=Channel.EMAIL, settings=told)
    page = f"/admin/interactions/inbox/{inbox.pk}/change/"
    line = {"name": "Support", "channel": Channel.EMAIL.value, "is_active": "on", "imap_host": "imap.ccx.test"}
    answer = client.post(page, line | {"from_name": "Help\r\nBcc: eve@evil.test"})
    assert (answer.status_code, "It must be one line." in answer.text) == (200, True)
    assert client.post(page, line | {"from_name": "Help"}).status_code == 302
    inbox.refresh_from_db()
    assert (inbox.settings["imap"]["sign_in"], inbox.settings["oauth"]) == ("token", {"provider": "google"})
    assert inbox.settings["from_name"] == "Help"
