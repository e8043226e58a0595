"""A person's consent to let a line into a mailbox: asked for, given, refused, taken back, and what attackers try."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings

from ccx.kernel.models import User
from ccx.kernel.people.choices import Role
from ccx.kernel.people.errors import NotAllowedError
from interactions.channels.choices import Channel
from interactions.channels.models import LineHealth, LineState
from interactions.channels.services import credentials_of, keep_credentials
from interactions.doors.lines import services
from interactions.doors.lines.services import begin_consent, claim_consent
from interactions.doors.mail.fetching import fetch_mailbox
from interactions.doors.models import Mailbox
from interactions.models import Inbox, Message
from tests.factories.identityproviders import IdentityProvider, identity_provider
from tests.factories.mailservers import a_mail, imap_stub
from tests.factories.people import make_user
from tests.factories.webservers import Said

LINES = "/settings/inboxes/"
BACK = f"{LINES}connected/"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def alice(db: None) -> User:
    return make_user(Role.ADMINISTRATOR, email="alice@example.org")


@pytest.fixture
def admin(alice: User) -> Client:
    return signed_in(alice)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_line(provider: IdentityProvider, **told: Any) -> Inbox:
    inbox = Inbox.objects.create(
        name="Support",
        channel=Channel.EMAIL,
        address="help@ccx.test",
        settings={"oauth": provider.settings()} | told,
    )
    return keep_credentials(inbox_id=inbox.pk, credentials={"oauth_client_secret": provider.secret}, by=None)


def page_of(inbox: Inbox) -> str:
    return f"{LINES}{inbox.public_id}/"


def connect(client: Client, inbox: Inbox) -> dict[str, str]:
    """Press Connect; what the provider is asked."""
    answer = client.post(f"{page_of(inbox)}connect/", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["HX-Redirect"]).query).items()}


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def secrets_of(inbox: Inbox) -> dict[str, str]:
    inbox.refresh_from_db()
    return credentials_of(inbox)


def test_consent_is_given_kept_encrypted_and_opens_the_mailbox(provider: IdentityProvider, admin: Client) -> None:
    with imap_stub(token="access-1") as mailbox:
        inbox = a_line(provider, **mailbox.settings(sign_in="token"))
        assert "Nobody has let this line into the mailbox yet." in admin.get(page_of(inbox)).text
        mailbox.add(a_mail("Where is my order?"))
        asked = connect(admin, inbox)
        assert asked["redirect_uri"] == settings.BASE_URL + BACK
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["client_id"], asked["login_hint"]) == ("app", "help")
        assert provider.secret not in json.dumps(asked)

        answer = admin.get(provider.consent(asked, account="ann@ccx.test"), follow=True)
        assert answer.redirect_chain == [(page_of(inbox), 302)]
        assert "Connected as ann@ccx.test." in told(answer)
        assert "Connect again" in answer.text
        assert "refresh-1" not in answer.text
        # The code was traded with what only we knew (PKCE), and for the same redirect address.
        (trade,) = provider.trades
        challenge = base64.urlsafe_b64encode(hashlib.sha256(trade["code_verifier"].encode()).digest()).rstrip(b"=")
        assert challenge.decode() == asked["code_challenge"]
        assert trade["redirect_uri"] == asked["redirect_uri"]

        kept = secrets_of(inbox)
        assert (kept["oauth_refresh_token"], kept["oauth_access_token"]) == ("refresh-1", "access-1")
        assert "refresh-1" not in inbox.credentials
        assert fetch_mailbox(inbox_id=inbox.pk) == 1
    assert Message.objects.get().body == "Where is my order?"
    page = admin.get(page_of(inbox)).text
    assert "It can only if ann@ccx.test has full access" in page
    assert "Works" in page


def test_a_consent_that_is_taken_no_longer_is_told_where_lines_are_and_given_anew(
    provider: IdentityProvider, admin: Client
) -> None:
    with imap_stub(token="access-1") as mailbox:
        inbox = a_line(provider, **mailbox.settings(sign_in="token"))
        admin.get(provider.consent(connect(admin, inbox)))
        assert fetch_mailbox(inbox_id=inbox.pk) == 0
        assert Mailbox.objects.get().error == ""

        provider.takes_back()
        mailbox.token = "access-2"
        mailbox.add(a_mail("Where is my order?"))
        assert fetch_mailbox(inbox_id=inbox.pk) == 0
        assert LineHealth.objects.get().state == LineState.REFUSED
        assert "Connect again" in admin.get(LINES).text
        page = admin.get(page_of(inbox)).text
        assert "Not taken any more" in page
        assert "The provider takes our consent no longer" in page

        admin.get(provider.consent(connect(admin, inbox)))
        health = LineHealth.objects.get()
        assert (health.state, health.retry_at) == (LineState.WELL, None)
        assert fetch_mailbox(inbox_id=inbox.pk) == 1
    assert "Connect again" not in admin.get(LINES).text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"error": "access_denied"}, "Consent was declined at the provider."),
        ({"error": "server_error"}, "The provider has trouble of its own."),
        (
            {"error": "invalid_scope", "error_description": "AADSTS70011: no\r\nsuch <scope>"},
            "The provider gave no consent: AADSTS70011: no such <scope>",
        ),
        ({}, "The provider sent no code."),
        ({"code": "x" * 5000}, "The provider sent no code."),
    ],
)
def test_a_provider_that_sends_somebody_back_without_a_code_changes_nothing(
    answer: dict[str, str], sentence: str, provider: IdentityProvider, admin: Client
) -> None:
    inbox = a_line(provider)
    admin.get(provider.consent(connect(admin, inbox)))
    before = secrets_of(inbox)
    page = admin.get(BACK, {"state": connect(admin, inbox)["state"], **answer}, follow=True)
    assert page.redirect_chain == [(page_of(inbox), 302)]
    assert sentence in told(page)
    assert secrets_of(inbox) == before
    assert len(provider.trades) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Said(400, b'{"error": "invalid_grant"}'), "did not take its own code"),
        (Said(401, b'{"error": "invalid_client"}'), "does not take the client ID and secret"),
        (Said(400, b'{"error": "redirect_uri_mismatch"}'), "knows another redirect address"),
        (Said(400, b'{"error": "weird_thing"}'), "The provider gave no token: weird_thing."),
        (Said(503, b"busy"), "No token came from the provider"),
        (Said(302, b"", {"location": "http://127.0.0.1/"}), "No token came from the provider"),
        (Said(200, b"<html>"), "No token came from the provider"),
        (Said(200, b'{"token_type": "bearer"}'), "No token came from the provider"),
        (Said(200, b'{"access_token": "a", "expires_in": 3600}'), "gave no refresh token"),
        (Said(200, b'{"access_token": "a", "refresh_token": "r", "id_token": "x.y.z"}'), "answer cannot be read"),
        (Said(200, b'{"access_token": "a", "refresh_token": "r", "id_token": ["x"]}'), "answer cannot be read"),
        (None, "No token came from the provider"),
    ],
)
def test_every_trouble_with_the_token_is_one_sentence_and_loses_nothing(
    change: Said | None, sentence: str, provider: IdentityProvider, admin: Client
) -> None:
    inbox = a_line(provider)
    admin.get(provider.consent(connect(admin, inbox)))
    before, asked = secrets_of(inbox), connect(admin, inbox)
    address = provider.consent(asked)
    provider.instead = change
    allowed = settings.CCX_EGRESS_ALLOW if change is not None else []
    with override_settings(CCX_EGRESS_ALLOW=allowed):
        page = admin.get(address, follow=True)
    assert sentence in told(page)
    assert secrets_of(inbox) == before
    assert Inbox.objects.get().settings["oauth"]["account"] == "help@ccx.test"


def test_an_answer_to_another_question_is_not_taken(provider: IdentityProvider, admin: Client) -> None:
    inbox = a_line(provider)
    for claims in ({"nonce": "another"}, {"aud": "another-app"}, {"aud": ["another-app"]}, {"nonce": None}):
        provider.claims = claims
        page = admin.get(provider.consent(connect(admin, inbox)), follow=True)
        assert "belongs to another question" in told(page)
    assert "oauth_refresh_token" not in secrets_of(inbox)


def of_nobody(provider: IdentityProvider, alice: User, inbox: Inbox) -> str:
    return f"{BACK}?code=code-1&state=forged"


def of_another_session(provider: IdentityProvider, alice: User, inbox: Inbox) -> str:
    """The same person, in another browser."""
    return provider.consent(connect(signed_in(alice), inbox))


def of_another_person(provider: IdentityProvider, alice: User, inbox: Inbox) -> str:
    """An attacker who may configure, too, would have Alice connect the line to the attacker's mailbox."""
    return provider.consent(connect(signed_in(make_user(Role.ADMINISTRATOR)), inbox))


def without_state(provider: IdentityProvider, alice: User, inbox: Inbox) -> str:
    return f"{BACK}?code=code-1"


@pytest.mark.parametrize("made", [of_nobody, of_another_session, of_another_person, without_state])
def test_a_state_that_was_not_made_in_this_session_is_worth_nothing(
    made: Callable[[IdentityProvider, User, Inbox], str], provider: IdentityProvider, alice: User, admin: Client
) -> None:
    inbox = a_line(provider)
    page = admin.get(made(provider, alice, inbox), follow=True)
    assert page.redirect_chain == [(LINES, 302)]
    assert "was not asked for here" in told(page)
    assert provider.trades == []
    assert "oauth_refresh_token" not in secrets_of(inbox)


def test_a_state_serves_once_and_for_ten_minutes(provider: IdentityProvider, admin: Client) -> None:
    inbox = a_line(provider)
    address = provider.consent(connect(admin, inbox))
    admin.get(address)
    assert "was not asked for here" in told(admin.get(address, follow=True))
    assert len(provider.trades) == 1
    # Shown in the wrong hands it is used up as well.
    address = provider.consent(connect(admin, inbox))
    signed_in(make_user(Role.ADMINISTRATOR)).get(address)
    assert "was not asked for here" in told(admin.get(address, follow=True))

    late = provider.consent(connect(admin, inbox))
    with time_machine.travel(time.time() + 601, tick=False):
        assert "was not asked for here" in told(admin.get(late, follow=True))
    assert len(provider.trades) == 1


def test_of_two_who_come_back_at_the_same_moment_one_is_let_in(
    provider: IdentityProvider, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = a_line(provider)
    leads_to = begin_consent(inbox=inbox, browser="b", by=alice)
    state = parse_qs(urlsplit(leads_to).query)["state"][0]
    rivals = []

    class Overtaken:
        """Between looking a state up and using it up, somebody else does both."""

        def get(self, key: str) -> Any:
            found = cache.get(key)
            with monkeypatch.context() as usual:
                usual.setattr(services, "cache", cache)
                rivals.append(claim_consent(state=state, browser="b", by=alice))
            return found

        def delete(self, key: str) -> bool:
            return cache.delete(key)

    monkeypatch.setattr(services, "cache", Overtaken())
    assert claim_consent(state=state, browser="b", by=alice) is None
    assert [rival is not None for rival in rivals] == [True]


def test_the_way_back_leads_to_our_own_pages_whatever_the_address_says(
    provider: IdentityProvider, admin: Client
) -> None:
    inbox = a_line(provider)
    more = "&next=https://evil.test/&redirect_uri=https://evil.test/&iss=https://evil.test"
    answer = admin.get(provider.consent(connect(admin, inbox)) + more)
    assert answer["Location"] == page_of(inbox)
    assert admin.get(f"{BACK}?state=x{more}")["Location"] == LINES
    # What a browser says its host is goes into no address that is given away.
    asked = admin.post(f"{page_of(inbox)}connect/", headers={"X-Forwarded-Host": "evil.test", "HX-Request": "true"})
    assert "evil.test" not in asked["HX-Redirect"]
    assert "no-store" in answer["Cache-Control"]


def test_what_a_consent_gave_is_shown_to_no_other_provider(provider: IdentityProvider, admin: Client) -> None:
    inbox = a_line(provider)
    admin.get(provider.consent(connect(admin, inbox)))
    form = {"name": "Support", "address": "help@ccx.test", "at_imap__security": "tls", "at_imap__sign_in": "token"}
    form |= {"at_imap__start": "new", "at_smtp__security": "tls", "at_smtp__sign_in": "password"}
    form |= {f"at_oauth__{name}": value for name, value in provider.settings().items()}
    assert admin.post(page_of(inbox), form | {"at_smtp_password": "new"}).status_code == 302
    assert secrets_of(inbox)["oauth_refresh_token"] == "refresh-1"
    assert inbox.settings["oauth"]["account"] == "help@ccx.test"

    # Begun before the change, back after it.
    address = provider.consent(connect(admin, inbox))
    moved = form | {"at_oauth__token_url": "https://93.184.216.34/token"}
    assert admin.post(page_of(inbox), moved).status_code == 302
    assert set(secrets_of(inbox)) == {"oauth_client_secret", "smtp_password"}
    assert "account" not in inbox.settings["oauth"]
    assert "The line was changed in the meantime." in told(admin.get(address, follow=True))
    assert len(provider.trades) == 1


def test_a_line_that_says_too_little_is_told_what_is_missing(provider: IdentityProvider, admin: Client) -> None:
    inbox = a_line(provider)
    for oauth, sentence in (
        ({}, "Enter the client ID"),
        ({"provider": "google", "client_id": "app"}, "Enter the client secret"),
        ({"provider": "other", "client_id": "app"}, "addresses of consent"),
        ({"provider": "other", "client_id": "app", "authorize_url": "javascript:alert(1)"}, "addresses of consent"),
    ):
        inbox.settings, inbox.credentials = {"oauth": oauth}, ""
        inbox.save()
        answer = admin.post(f"{page_of(inbox)}connect/", follow=True)
        assert sentence in told(answer)


@pytest.mark.parametrize(
    ("oauth", "address", "scope"),
    [
        (
            {"provider": "microsoft", "tenant": "contoso.test/../x"},
            "https://login.microsoftonline.com/contoso.test%2F..%2Fx/oauth2/v2.0/authorize",
            "offline_access",
        ),
        ({"provider": "google"}, "https://accounts.google.com/o/oauth2/v2/auth", "https://mail.google.com/"),
    ],
)
def test_known_providers_are_asked_at_their_own_addresses(
    oauth: dict[str, str], address: str, scope: str, provider: IdentityProvider, admin: Client
) -> None:
    inbox = a_line(provider)
    inbox.settings = {"oauth": oauth | {"client_id": "app"}}
    inbox.save()
    leads_to = admin.post(f"{page_of(inbox)}connect/")["Location"]
    assert leads_to.partition("?")[0] == address
    asked = parse_qs(leads_to.partition("?")[2])
    assert {"openid", "email", scope} <= set(asked["scope"][0].split())


def test_a_line_that_signs_in_by_consent_names_its_provider(provider: IdentityProvider, admin: Client) -> None:
    told = {"name": "New", "address": "new@ccx.test", "at_imap__sign_in": "token", "at_imap__host": "127.0.0.1"}
    told |= {"at_imap__security": "tls", "at_imap__start": "new", "at_smtp__security": "tls"}
    told |= {"at_smtp__sign_in": "password"}
    answer = admin.post(f"{LINES}add/email/", told)
    assert answer.status_code == 422
    assert 'id="id_at_oauth__provider_error"' in answer.text
    # Saved with "Add and connect", its page goes on to the provider by itself; once.
    told |= {f"at_oauth__{name}": value for name, value in provider.settings().items()}
    page = admin.post(f"{LINES}add/email/", told | {"then": "connect"}, follow=True).text
    connecting = f'hx-post="{page_of(Inbox.objects.get())}connect/" hx-trigger="click, load"'
    assert connecting in page
    assert connecting not in admin.get(page_of(Inbox.objects.get())).text


def test_a_consent_is_forgotten_when_asked(provider: IdentityProvider, admin: Client) -> None:
    inbox = a_line(provider)
    admin.get(provider.consent(connect(admin, inbox)))
    page = admin.post(f"{page_of(inbox)}disconnect/", follow=True)
    assert "Disconnected." in told(page)
    assert set(secrets_of(inbox)) == {"oauth_client_secret"}
    assert "Nobody has let this line into the mailbox yet." in page.text


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.EXPERIENCE_OWNER])
def test_who_may_not_configure_connects_nothing(role: Role, provider: IdentityProvider, admin: Client) -> None:
    inbox, stranger = a_line(provider), make_user(role)
    client = signed_in(stranger)
    address = provider.consent(connect(admin, inbox))
    assert client.get(address).status_code == 404
    for what in ("connect", "disconnect"):
        assert client.post(f"{page_of(inbox)}{what}/").status_code == 404
    with pytest.raises(NotAllowedError):
        begin_consent(inbox=inbox, browser="b", by=stranger)
    assert Client().get(address).status_code == 302  # to sign in
    assert provider.trades == []
    # And it does Alice's own consent no harm.
    assert "Connected as" in told(admin.get(address, follow=True))
