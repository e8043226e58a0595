"""A hostile mail on an agent's screen: nothing of it runs, nothing leaves, and it looks as it was sent."""

from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, expect

from ccx.kernel.people.choices import Role
from interactions.channels.choices import Channel
from interactions.doors.mail.services import take_mail
from interactions.models import Inbox, Interaction
from tests.e2e.driving import is_too_wide, settle, signed_in, violations, window
from tests.factories.people import make_user
from tests.interactions.channels.test_html_mail import DANGEROUS

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LOOKS = (
    '<table width="600" style="background-color:#eef;border-collapse:collapse"><tr><td style="padding:16px">'
    '<h1 style="color:#335">Order 4711</h1><p>The <b>bookcase</b> arrived with a scratch.</p>'
    '<p><a href="https://evil.example/login">www.bank.example</a></p></td></tr></table>'
    '<img src="https://tracker.example/pixel.gif" width="400" height="80">'
)


def test_a_hostile_mail_runs_nothing_loads_nothing_and_is_shown_as_sent(live_server: object, browser: Browser) -> None:
    line = Inbox.objects.create(name="Mail", channel=Channel.EMAIL, address="help@ccx.test")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "Ann <ann@example.test>",
        "help@ccx.test",
        "Scratch <script>alert(1)</script>",
    )
    mail["Message-ID"] = "<hostile@example.test>"
    mail.set_content("The bookcase arrived with a scratch.")
    mail.add_alternative(f"<html><body>{LOOKS}{''.join(DANGEROUS)}</body></html>", subtype="html")
    taken = take_mail(inbox=line, raw=mail.as_bytes())
    assert taken.receipt is not None
    contact = Interaction.objects.get(pk=taken.receipt.interaction_id)
    session = signed_in(make_user(Role.ADMINISTRATOR))

    for width, theme in ((1280, "light"), (360, "dark")):
        page = window(browser, live_server.url, session=session, width=width, theme=theme)  # type: ignore[attr-defined]
        asked: list[str] = []
        ran: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("dialog", lambda dialog, ran=ran: (ran.append(dialog.message), dialog.dismiss()))
        page.goto(f"/desk/{contact.public_id}/")
        page.get_by_text("Show as sent").click()
        frame = page.frame_locator(".say-layout-frame")
        expect(frame.get_by_role("heading", name="Order 4711")).to_be_visible()
        expect(frame.get_by_text("(evil.example)")).to_be_visible()
        settle(page)
        assert ran == []
        assert [url for url in asked if not url.startswith((live_server.url, "data:", "ws"))] == []  # type: ignore[attr-defined]
        assert not is_too_wide(page)
        assert page.complaints == []  # type: ignore[attr-defined]
        assert violations(page) == []
        page.context.close()
