"""An administrator who has never seen a mail server sets up a mailbox, and then a form, within minutes."""

from typing import Any

import pytest
from playwright.sync_api import expect

from ccx.kernel.people.choices import Role
from interactions.channels.services import credentials_of
from interactions.doors.mail.fetching import fetch_mailbox
from interactions.doors.models import WebForm
from interactions.models import Inbox
from tests.e2e.driving import is_too_wide, signed_in, violations, window
from tests.factories.identityproviders import identity_provider
from tests.factories.mailservers import a_mail, imap_stub, smtp_stub
from tests.factories.people import make_user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def troubles(page: Any) -> list[str]:
    """What the browser complains of, and what axe finds; its own complaints are not counted the next time."""
    complaints = list(page.complaints)
    found = violations(page)
    page.complaints.clear()
    return complaints + found


def test_a_mailbox_is_set_up_fails_in_words_is_mended_and_works(live_server, browser):
    page = window(browser, live_server.url, session=signed_in(make_user(Role.ADMINISTRATOR)))
    with imap_stub() as imap, smtp_stub() as smtp:
        page.goto("/settings/inboxes/")
        page.get_by_role("link", name="Add the first line").click()
        page.get_by_role("link", name="E-mail: Mail servers (IMAP and SMTP)").click()
        page.get_by_label("Name", exact=True).fill("Support by mail")
        page.get_by_label("E-mail address").fill("support@ccx.test")
        for group, port in (("Mail comes in (IMAP)", imap.port), ("Answers go out (SMTP)", smtp.port)):
            server = page.get_by_role("group", name=group)
            server.get_by_label("Server").fill("127.0.0.1")
            server.get_by_label("Port").fill(str(port))
            server.get_by_label("Security").select_option("none")
        fetched = page.get_by_role("group", name="Mail comes in (IMAP)")
        fetched.get_by_label("User").fill("help")
        fetched.get_by_label("Password", exact=False).first.fill("wrong")
        assert troubles(page) == []
        page.get_by_role("button", name="Add and send a test").click()

        # The page comes back with the line, and tries it by itself.
        tried = page.locator("#try-result")
        expect(tried.get_by_text("It does not work yet")).to_be_visible()
        failed = tried.get_by_role("listitem").filter(has=page.get_by_role("img", name="failed"))
        expect(failed).to_contain_text("Sign in to the IMAP server")
        expect(failed).to_contain_text("It refuses the user or the password")
        assert troubles(page) == []
        assert "wrong" not in page.content()

        fetched.get_by_label("Password", exact=False).first.fill(imap.password)
        page.get_by_role("button", name="Save and send a test").click()
        expect(tried.get_by_text("Everything works")).to_be_visible()
        assert smtp.recipients[-1] == ["support@ccx.test"]
        assert credentials_of(Inbox.objects.get()) == {"imap_password": imap.password}

        # Trying again by hand, on a phone and by keyboard.
        page.set_viewport_size({"width": 360, "height": 800})
        assert not is_too_wide(page)
        page.get_by_role("button", name="Send a test", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#try.htmx-request")).to_have_count(0)
        expect(tried.get_by_text("Everything works")).to_be_visible()
        page.goto("/settings/inboxes/")
        expect(page.get_by_role("link", name="Support by mail")).to_be_visible()
        assert not is_too_wide(page)


def test_a_person_lets_the_line_into_a_mailbox_and_mail_comes_in(  # noqa: PLR0915 - a whole story
    live_server, browser, settings
):
    settings.BASE_URL = live_server.url
    page = window(browser, live_server.url, session=signed_in(make_user(Role.ADMINISTRATOR)))
    with imap_stub(token="access-1") as imap, identity_provider() as provider:
        imap.add(a_mail("Where is my order?"))
        page.goto("/settings/inboxes/add/email/")
        page.get_by_label("Name", exact=True).fill("Support by mail")
        page.get_by_label("E-mail address").fill("help@ccx.test")
        fetched = page.get_by_role("group", name="Mail comes in (IMAP)")
        fetched.get_by_label("Server").fill("127.0.0.1")
        fetched.get_by_label("Port").fill(str(imap.port))
        fetched.get_by_label("Security").select_option("none")
        fetched.get_by_label("Sign-in").select_option("token")
        fetched.get_by_label("User").fill("help")
        fetched.get_by_label("Mail that is there already").select_option("all")
        consent = page.get_by_role("group", name="Consent of Microsoft 365")
        consent.locator("summary").click()
        expect(consent.get_by_label("Redirect address")).to_have_value(f"{live_server.url}/settings/inboxes/connected/")
        expect(page.get_by_role("button", name="Add and connect")).to_be_hidden()
        consent.get_by_label("Provider").select_option("other")
        consent.get_by_label("Client ID").fill("app")
        consent.get_by_label("Client secret").fill(provider.secret)
        consent.get_by_label("Address of consent").fill(f"{provider.url}/authorize")
        consent.get_by_label("Address of tokens").fill(f"{provider.url}/token")
        consent.get_by_label("Scope").fill("mail openid email")
        assert troubles(page) == []
        # Saved, off to the provider, who agrees at once, and back.
        page.get_by_role("button", name="Add and connect").click()
        panel = page.locator("#consent")
        expect(panel).to_contain_text("Connected as help@ccx.test since")
        expect(page.get_by_text("Connected as help@ccx.test.")).to_be_visible()
        assert troubles(page) == []
        assert fetch_mailbox(inbox_id=Inbox.objects.get().pk) == 1

        provider.takes_back()
        imap.token = "access-2"
        fetch_mailbox(inbox_id=Inbox.objects.get().pk)
        page.goto("/settings/inboxes/")
        expect(page.get_by_role("row", name="Support by mail")).to_contain_text("Connect again")
        page.get_by_role("link", name="Support by mail").click()
        page.set_viewport_size({"width": 360, "height": 800})
        assert not is_too_wide(page)
        assert violations(page) == []
        panel.get_by_role("button", name="Connect again").focus()
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("Connected as help@ccx.test since")


def test_a_form_is_put_together_and_looked_at(live_server, browser):
    page = window(browser, live_server.url, session=signed_in(make_user(Role.ADMINISTRATOR)))
    page.goto("/settings/forms/add/")
    page.get_by_label("Title").fill("Write to us")
    page.get_by_label("Address").fill("write")
    page.get_by_role("button", name="Add a field").click()
    rows = page.locator(".form-row")
    expect(rows).to_have_count(4)
    new = rows.nth(3)
    new.get_by_label("Words").fill("What is it about?")
    new.get_by_label("Kind").select_option("select")
    new.get_by_label("Choices, one a line").fill("A bill\nAn order")
    # By keyboard, and the arrow that was pressed stays under the finger.
    new.get_by_role("button", name="Up:").focus()
    page.keyboard.press("Enter")
    expect(rows.nth(2).get_by_label("Words")).to_have_value("What is it about?")
    expect(rows.nth(2).get_by_role("button", name="Up:")).to_be_focused()
    expect(page.get_by_label("Title")).to_have_value("Write to us")
    page.get_by_label("Customers may attach files").check()
    page.get_by_label("Name", exact=True).fill("Form on the site")
    assert troubles(page) == []
    page.get_by_role("button", name="Add the form").click()
    expect(page.get_by_role("textbox", name="Address of the form")).to_be_visible()
    assert violations(page) == []
    assert [field["name"] for field in WebForm.objects.get().fields][2] == "what_is_it_about"
    page.set_viewport_size({"width": 360, "height": 800})
    assert not is_too_wide(page)

    page.goto("/forms/write/")
    page.get_by_label("E-mail").fill("ann@example.test")
    page.get_by_label("Files").set_input_files(
        {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 bill"}
    )
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("bill.pdf")).to_be_checked()
    assert violations(page) == []
    assert not is_too_wide(page)
