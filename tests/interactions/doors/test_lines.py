"""Setting lines up in the browser: any channel by its adapter's fields, secrets that never come out, and trying it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ccx.kernel.people.choices import Role
from ccx.kernel.people.errors import NotAllowedError
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, Check
from interactions.channels.errors import LineIsNotRightError
from interactions.channels.models import LineHealth, LineState
from interactions.channels.registry import ADAPTERS, BY_KEY, webhook_url
from interactions.channels.services import credentials_of, keep_credentials, save_line
from interactions.doors.lines import services
from interactions.doors.lines.selectors import kind_of, with_standing
from interactions.doors.models import Mailbox
from interactions.models import Inbox, Interaction
from tests.factories.mailservers import imap_stub, smtp_stub
from tests.factories.people import make_user
from tests.factories.webservers import Heard, Said, stand_in

LINES = "/settings/inboxes/"
MAIL = {
    "name": "Support",
    "address": "help@ccx.test",
    "at_from_name": "Help",
    "at_imap__host": "127.0.0.1",
    "at_imap__port": "993",
    "at_imap__security": "none",
    "at_imap__sign_in": "password",
    "at_imap__user": "help",
    "at_imap__start": "new",
    "at_imap_password": "hush-imap ",
    "at_smtp__security": "starttls",
    "at_smtp__sign_in": "password",
}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def page_of(inbox: Inbox) -> str:
    return f"{LINES}{inbox.public_id}/"


def a_line(**values: Any) -> Inbox:
    values = {"name": "Support", "channel": Channel.EMAIL, "address": "help@ccx.test"} | values
    return Inbox.objects.create(**values)


def test_a_mail_line_is_kept_as_it_was_told_and_its_password_never_comes_out(admin: Client) -> None:
    assert admin.post(f"{LINES}add/email/", MAIL).status_code == 302
    inbox = Inbox.objects.get()
    assert (inbox.channel, inbox.provider, inbox.address, inbox.is_active) == (3, "", "help@ccx.test", True)
    assert inbox.settings["imap"] == {
        "host": "127.0.0.1", "port": 993, "security": "none", "sign_in": "password", "user": "help", "start": "new",
    }  # fmt: skip
    assert credentials_of(inbox) == {"imap_password": "hush-imap "}

    shown = admin.get(page_of(inbox)).text
    assert "One is kept, encrypted." in shown
    assert "hush-imap" not in shown
    assert inbox.credentials not in shown

    inbox.settings["templates"] = [{"name": "kept"}]
    inbox.save()
    changed = MAIL | {"at_imap_password": "", "at_smtp_password": "hush-smtp", "at_imap__port": ""}
    assert admin.post(page_of(inbox), changed).status_code == 302
    inbox.refresh_from_db()
    assert credentials_of(inbox) == {"imap_password": "hush-imap ", "smtp_password": "hush-smtp"}
    assert "port" not in inbox.settings["imap"]
    assert inbox.settings["templates"] == [{"name": "kept"}]
    # An optional one is forgotten when asked to, and a wrong field says so without giving back what was typed secretly.
    assert admin.post(page_of(inbox), MAIL | {"forget_smtp_password": "on", "at_imap_password": ""}).status_code == 302
    inbox.refresh_from_db()
    assert credentials_of(inbox) == {"imap_password": "hush-imap "}
    wrong = admin.post(page_of(inbox), MAIL | {"at_imap__port": "70000", "at_imap_password": "hush-again"})
    assert wrong.status_code == 422
    assert 'id="id_at_imap__port_error"' in wrong.text
    assert "hush-again" not in wrong.text


def test_a_kept_password_is_not_sent_to_another_server(admin: Client) -> None:
    admin.post(f"{LINES}add/email/", MAIL)
    inbox = Inbox.objects.get()
    moved = MAIL | {"at_imap__host": "127.0.0.2", "at_imap_password": ""}
    refused = admin.post(page_of(inbox), moved)
    assert refused.status_code == 422
    assert "The server is another one: enter “Password” again." in refused.text
    inbox.refresh_from_db()
    assert inbox.settings["imap"]["host"] == "127.0.0.1"
    assert admin.post(page_of(inbox), moved | {"at_imap_password": "hush-new"}).status_code == 302
    inbox.refresh_from_db()
    assert (inbox.settings["imap"]["host"], credentials_of(inbox)) == ("127.0.0.2", {"imap_password": "hush-new"})


@pytest.mark.parametrize("adapter", ADAPTERS, ids=kind_of)
def test_every_adapter_has_a_form_that_asks_for_what_it_needs(adapter: Adapter, admin: Client) -> None:
    address = f"{LINES}add/{kind_of(adapter)}/"
    assert f'href="{address}"' in admin.get(f"{LINES}add/").text
    empty = admin.post(address, {"name": ""})
    assert empty.status_code == 422
    for field in adapter.fields():
        key = f"at_{field.name.replace('.', '__')}"
        assert f'name="{key}"' in empty.text
        assert (f'id="id_{key}_error"' in empty.text) >= (field.is_required and field.kind != "choice")

    filled = {"name": "New", "address": "new@ccx.test" if adapter.channel == Channel.EMAIL else ""}
    for field in adapter.fields():
        value = field.default or (field.choices[0][0] if field.choices else "")
        if field.is_required:
            value = {"url": "https://93.184.216.34/", "email": "a@ccx.test"}.get(field.kind, value or f"x-{field.name}")
        filled[f"at_{field.name.replace('.', '__')}"] = str(value) if value is not True else "on"
    saved = admin.post(address, filled)
    assert saved.status_code == 302, saved.context["form"].errors
    inbox = Inbox.objects.get()
    assert BY_KEY[inbox.channel, inbox.provider] is adapter
    shown = admin.get(page_of(inbox))
    assert shown.status_code == 200
    for secret in credentials_of(inbox).values():
        assert secret not in shown.text
    assert (f"/in/{inbox.public_id}/" in shown.text) == adapter.has_webhook


def test_no_address_of_ours_gives_a_secret_away(admin: Client) -> None:
    inbox = a_line(channel=Channel.CHAT, settings={"origins": ["https://shop.test"]})
    keep_credentials(inbox_id=inbox.pk, credentials={"identity_secret": "hush" * 10}, by=None)
    for address in (LINES, page_of(inbox), f"{LINES}?q=supp", "/audit/", "/api/v1/inboxes"):
        answer = admin.get(address)
        assert "hush" not in answer.text
    assert "hush" not in admin.post(f"{page_of(inbox)}try/").text
    page = admin.get(page_of(inbox)).text
    assert f"data-inbox=&quot;{inbox.public_id}&quot; async" in page


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.QUALITY_ANALYST, Role.EXPERIENCE_OWNER])
def test_who_may_not_configure_finds_nothing_and_the_service_refuses(role: Role, db: None) -> None:
    inbox, stranger = a_line(), make_user(role)
    client = Client()
    client.force_login(stranger)
    for address in (LINES, f"{LINES}add/", f"{LINES}add/email/", page_of(inbox)):
        assert client.get(address).status_code == 404
    for what in ("try", "templates", "switch", "remove"):
        assert client.post(f"{page_of(inbox)}{what}/").status_code == 404
    with pytest.raises(NotAllowedError):
        save_line(inbox_id=inbox.pk, values={"name": "Mine"}, by=stranger)
    inbox.refresh_from_db()
    assert (inbox.name, inbox.is_active) == ("Support", True)


def test_a_name_is_given_once_and_a_line_keeps_its_channel(admin: Client) -> None:
    a_line(name="Help")
    again = admin.post(f"{LINES}add/email/", MAIL | {"name": "HELP"})
    assert again.status_code == 422
    assert 'id="id_name_error"' in again.text
    with pytest.raises(LineIsNotRightError):
        save_line(inbox_id=Inbox.objects.get().pk, values={"channel": Channel.SMS}, by=None)


def test_an_address_inside_the_house_is_refused_at_its_field(admin: Client) -> None:
    told = {"name": "Bot", "at_bot_token": "1:x", "at_api_base": "http://169.254.169.254/"}
    answer = admin.post(f"{LINES}add/telegram/", told)
    assert answer.status_code == 422
    assert 'id="id_at_api_base_error"' in answer.text


def test_a_line_end_in_a_name_is_a_mistake_of_that_field_and_so_is_a_user_without_a_server(admin: Client) -> None:
    told = MAIL | {"at_from_name": "Help\r\nBcc: eve@evil.test", "at_smtp__user": "help"}
    answer = admin.post(f"{LINES}add/email/", told)
    assert answer.status_code == 422
    assert 'id="id_at_from_name_error"' in answer.text
    assert 'id="id_at_smtp__host_error"' in answer.text
    assert not Inbox.objects.exists()


def test_questions_written_as_data_stay_data_when_nobody_touches_them(admin: Client) -> None:
    questions = [{"name": "order", "label": "Order number", "kind": "tel", "required": True}]
    inbox = a_line(channel=Channel.CHAT, settings={"origins": ["https://shop.test"], "questions": questions})
    told = {"name": "Chat", "at_origins": "https://shop.test\r\n\r\nhttps://two.test", "at_position": "left"}
    told |= {"at_language": "en", "at_wants_email": "no", "at_when_nobody": "wait", "at_accent": "#123456"}
    assert "Order number *" in admin.get(page_of(inbox)).text
    assert admin.post(page_of(inbox), told | {"at_questions": "Order number *"}).status_code == 302
    inbox.refresh_from_db()
    assert inbox.settings["questions"] == questions
    assert inbox.settings["origins"] == ["https://shop.test", "https://two.test"]
    assert inbox.settings["takes_files"] is False
    admin.post(page_of(inbox), told | {"at_questions": "Order\nTopic: A, B"})
    inbox.refresh_from_db()
    assert inbox.settings["questions"] == ["Order", "Topic: A, B"]


def test_the_list_says_how_each_line_stands(admin: Client) -> None:
    assert "No customer can reach you yet." in admin.get(LINES).text
    now = timezone.now()
    refused, off = a_line(name="Refused"), a_line(name="Off", is_active=False)
    fetched = a_line(name="Fetched", settings={"imap": {"host": "imap.test"}})
    LineHealth.objects.create(inbox=refused, state=LineState.REFUSED, since=now, last_error="535 no")
    Mailbox.objects.create(inbox=fetched, checked_at=now, error="certificate is over")
    Interaction.objects.create(inbox=off, channel=Channel.EMAIL, started_at=now)
    page = admin.get(LINES).text
    for told in ("Refuses us", "since ", "No mail comes in", "Switched off", "never"):
        assert told in page
    assert "535 no" in admin.get(page_of(refused)).text
    assert "certificate is over" in admin.get(page_of(fetched)).text
    assert admin.get(f"{LINES}?q=fetch").text.count('id="row-') == 1


def test_the_last_contact_is_the_last_however_long_ago(admin: Client) -> None:
    quiet, silent = a_line(name="Quiet"), a_line(name="Silent")
    for days in (400, 90, 380):
        long_ago = timezone.now() - timedelta(days=days)
        Interaction.objects.create(inbox=quiet, channel=Channel.EMAIL, started_at=long_ago)
    heard = {shown.inbox.name: shown.heard_at for shown in with_standing([quiet, silent])}
    last = Interaction.objects.order_by("started_at").last()
    assert heard == {"Quiet": last.started_at if last else None, "Silent": None}
    assert "never" in admin.get(f"{LINES}?q=silent").text
    assert "never" not in admin.get(f"{LINES}?q=quiet").text
    assert "No contact came over it yet." in admin.get(page_of(silent)).text


def test_the_last_contact_is_one_look_into_an_index_a_line(db: None) -> None:
    inboxes = [a_line(name=f"Line {number}") for number in range(3)]
    now = timezone.now()
    Interaction.objects.bulk_create(
        Interaction(inbox=inboxes[number % 3], channel=Channel.EMAIL, started_at=now - timedelta(minutes=number))
        for number in range(1_500)
    )
    with CaptureQueriesContext(connection) as asked:
        with_standing(inboxes)
    (looking,) = [query["sql"] for query in asked if "started_at" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE interactions_interaction, interactions_inbox")
        cursor.execute(f"EXPLAIN {looking}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "interactions_of_inbox" in plan
    assert "Sort" not in plan
    assert "Seq Scan on interactions_interaction" not in plan


def test_a_number_without_the_browsers_key_works_and_says_what_does_not(admin: Client) -> None:
    inbox = a_line(channel=Channel.VOICE, address="+441134960100")

    def twilio(heard: Heard) -> Said:
        number = {"voice_url": f"{webhook_url(inbox)}voice/"}
        told = {"incoming_phone_numbers": [number]} if "IncomingPhoneNumbers" in heard.path else {"status": "active"}
        return Said(body=json.dumps(told).encode())

    with stand_in(twilio) as provider:
        inbox.settings = {"api_base": provider.url, "account_sid": "AC1"}
        inbox.save()
        keep_credentials(inbox_id=inbox.pk, credentials={"auth_token": "t"}, by=None)
        tried = admin.post(f"{page_of(inbox)}try/").text
        assert "It works, but something is missing" in tried
        assert (tried.count("is-warning"), tried.count("is-good"), tried.count("is-bad")) == (1, 2, 0)
        assert "Telephony works, only the telephone in the browser does not" in tried
        assert "Until then nobody can take a call" in tried
        # It counts as a line that works.
        assert LineHealth.objects.get().state == LineState.WELL
        inbox.settings |= {"agent_numbers": ["ann@ccx.test = +441134960101"]}
        inbox.save()
        assert "called at their own telephones" in admin.post(f"{page_of(inbox)}try/").text
        inbox.settings |= {"api_key_sid": "SK1"}
        inbox.save()
        keep_credentials(inbox_id=inbox.pk, credentials={"api_key_secret": "s"}, by=None)
        assert "Everything works" in admin.post(f"{page_of(inbox)}try/").text


@pytest.mark.parametrize("kind", ["voice", "voice-cti"])
def test_a_telephone_says_beside_its_form_how_it_is_set_up(kind: str, admin: Client) -> None:
    page = admin.get(f"{LINES}add/{kind}/").text
    assert "How it is set up" in page
    assert "docs/channels/voice.md" in page


def test_sixty_lines_come_in_pages(admin: Client, django_assert_max_num_queries: Any) -> None:
    Inbox.objects.bulk_create(Inbox(name=f"Line {n:02}", channel=Channel.SMS) for n in range(60))
    with django_assert_max_num_queries(20):
        assert admin.get(LINES).text.count('id="row-') == 50
    assert admin.get(f"{LINES}?page=2").text.count('id="row-') == 10


def test_trying_says_what_failed_and_what_to_do_and_a_mended_line_goes_at_once(admin: Client, settings: Any) -> None:
    settings.CCX_EGRESS_ALLOW = []
    with imap_stub() as imap, smtp_stub() as smtp:
        told = MAIL | {"at_imap__port": str(imap.port), "at_smtp__host": "127.0.0.1", "at_smtp__port": str(smtp.port)}
        told |= {"at_smtp__security": "none", "at_imap_password": "wrong"}
        answer = admin.post(f"{LINES}add/email/", told | {"then": "try"}, follow=True)
        assert 'hx-trigger="click, load"' in answer.text
        inbox = Inbox.objects.get()
        assert 'hx-trigger="click"' in admin.get(page_of(inbox)).text
        tried = admin.post(f"{page_of(inbox)}try/").text
        assert "It does not work yet" in tried
        assert "It refuses the user or the password" in tried

        until = timezone.now() + timedelta(minutes=5)
        LineHealth.objects.create(inbox=inbox, state=LineState.REFUSED, since=timezone.now(), retry_at=until)
        admin.post(page_of(inbox), told | {"at_imap_password": imap.password})
        assert LineHealth.objects.get().retry_at is None
        tried = admin.post(f"{page_of(inbox)}try/").text
        assert "Everything works" in tried
        assert smtp.recipients[-1] == ["help@ccx.test"]
        assert LineHealth.objects.get().state == LineState.WELL


def test_a_try_that_breaks_or_takes_too_long_ends_with_a_sentence(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = a_line()
    adapter = BY_KEY[Channel.EMAIL, ""]

    def breaks(line: Any) -> Any:
        yield Check(name="One", is_well=True)
        raise OverflowError("port must be 0-65535, password hush")

    monkeypatch.setattr(type(adapter), "check", lambda self, line: breaks(line))
    tried = admin.post(f"{page_of(inbox)}try/").text
    assert "It broke off: OverflowError" in tried
    assert "hush" not in tried
    monkeypatch.setattr(services, "LONGEST_TRY", -1.0)
    monkeypatch.setattr(type(adapter), "check", lambda self, line: (Check(name=str(n), is_well=True) for n in range(9)))
    tried = admin.post(f"{page_of(inbox)}try/").text
    assert "It took longer than" in tried
    assert tried.count("line-check-name") == 2


def test_templates_are_asked_for_kept_and_shown(admin: Client) -> None:
    body = {"type": "BODY", "text": "Your order <b>{{1}}</b> is there."}
    one = {"name": "order_there", "language": "en", "status": "APPROVED", "category": "UTILITY", "components": [body]}
    with stand_in(Said(body=json.dumps({"data": [one]}).encode())) as provider:
        inbox = a_line(channel=Channel.WHATSAPP, settings={"api_base": provider.url, "waba_id": "7"})
        keep_credentials(inbox_id=inbox.pk, credentials={"access_token": "t"}, by=None)
        shown = admin.post(f"{page_of(inbox)}templates/")
    assert "Your order &lt;b&gt;{{1}}&lt;/b&gt; is there." in shown.text
    inbox.refresh_from_db()
    assert inbox.settings["templates"][0]["name"] == "order_there"
    assert inbox.settings["waba_id"] == "7"
    with stand_in(Said(400, b'{"error":{"message":"No such account","code":100}}')) as provider:
        inbox.settings["api_base"] = provider.url
        inbox.save()
        refused = admin.post(f"{page_of(inbox)}templates/").text
    assert "They were not told" in refused
    assert "order_there" in refused


def test_a_line_is_switched_off_and_on_and_removed_only_before_a_contact(admin: Client) -> None:
    used, unused = a_line(name="Used"), a_line(name="Unused")
    Interaction.objects.create(inbox=used, channel=Channel.EMAIL, started_at=timezone.now())
    admin.post(f"{page_of(used)}switch/", {"active": "0"})
    used.refresh_from_db()
    assert not used.is_active
    admin.post(f"{page_of(used)}switch/", {"active": "1"})
    used.refresh_from_db()
    assert used.is_active
    answer = admin.post(f"{page_of(used)}remove/", follow=True)
    assert "Switch it off instead." in answer.text
    admin.post(f"{page_of(unused)}remove/")
    assert list(Inbox.objects.values_list("name", flat=True)) == ["Used"]


def test_a_line_whose_key_is_gone_can_be_given_its_passwords_anew(admin: Client, settings: Any) -> None:
    admin.post(f"{LINES}add/email/", MAIL)
    settings.CCX_ENCRYPTION_KEYS = ["cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="]
    inbox = Inbox.objects.get()
    assert "cannot be read" in admin.get(page_of(inbox)).text
    assert "It broke off: SecretIsUnreadableError" in admin.post(f"{page_of(inbox)}try/").text
    assert admin.post(page_of(inbox), MAIL | {"at_imap_password": "anew"}).status_code == 302
    inbox.refresh_from_db()
    assert credentials_of(inbox) == {"imap_password": "anew"}
