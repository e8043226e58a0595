"""The customer's page: whoever has the link may answer, and looking at it records nothing."""

from datetime import timedelta
from secrets import token_urlsafe
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from feedback.models import FollowUp, Invitation, Response
from feedback.surveys.services import save_survey, send_due_invitations
from feedback.surveys.services.forgetting import forget_words
from feedback.surveys.views import answering
from interactions.customers.services import erase_customer
from interactions.models import Consent
from tests.factories.customers import CustomerCentre, make_case
from tests.factories.surveys import a_customer, a_link, a_survey, just_closed

pytestmark = pytest.mark.django_db
WHOLE = {"csat": "4", "ces": "6", "nps": "9", "resolved": "yes", "comment": "  Quick and kind.  "}


@pytest.fixture
def link(centre: CustomerCentre) -> str:
    _invitation, secret = a_link(centre)
    return f"/s/{secret}/"


def test_what_the_customer_answers_is_recorded_and_thanked_for(link: str) -> None:
    browser = Client()
    assert browser.get(link).status_code == 200
    answer = browser.post(link, WHOLE, follow=True)
    assert "We have your answer" in answer.content.decode()
    response = Response.objects.get()
    assert (response.csat, response.ces, response.nps, response.is_resolved) == (4, 6, 9, True)
    assert (response.comment, response.earlier) == ("Quick and kind.", [])
    assert response.invitation == Invitation.objects.get()
    assert EventRow.objects.filter(kind="survey_answered").count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_a_link_or_at_one_of_its_scores_records_nothing(link: str, method: str) -> None:
    for query in ("", "?csat=1", "?nps=0&ces=1", "?csat=5&resolved=no"):
        assert getattr(Client(), method)(link + query).status_code == 200
    assert not Response.objects.exists()
    assert not EventRow.objects.filter(kind="survey_answered").exists()
    assert '<input type="radio" name="csat" value="1" checked>' in Client().get(f"{link}?csat=1").content.decode()
    assert "checked" not in Client().get(f"{link}?csat=17&nps=x").content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_no_other_method_does_anything(link: str, method: str) -> None:
    assert getattr(Client(), method)(link, {"csat": "1"}).status_code == 405
    assert not Response.objects.exists()


def test_nothing_is_mandatory_but_nothing_at_all_is_told_kindly(link: str) -> None:
    answer = Client().post(link, {"csat": "", "comment": "   "})
    assert answer.status_code == 400
    assert "Nothing was chosen yet" in answer.content.decode()
    assert not Response.objects.exists()
    assert Client().post(link, {"nps": "0"}).status_code == 302
    assert Response.objects.values_list("csat", "nps").get() == (None, 0)


@pytest.mark.parametrize(
    "given",
    [{"csat": "6"}, {"csat": "0"}, {"ces": "8"}, {"nps": "11"}, {"nps": "-1"}, {"resolved": "perhaps"}, {"csat": "4x"}],
    ids=str,
)
def test_what_is_on_no_scale_is_not_recorded(link: str, given: dict[str, str]) -> None:
    assert Client().post(link, given).status_code == 400
    assert not Response.objects.exists()


def test_words_are_kept_as_they_are_and_shown_as_words(link: str) -> None:
    browser = Client()
    browser.post(link, {"comment": "<script>alert(1)</script>\x00 'ok'"})
    assert Response.objects.get().comment == "<script>alert(1)</script> 'ok'"
    assert "<script>alert" not in browser.get(link).content.decode()
    assert browser.post(link, {"comment": "x" * 2001}).status_code == 400


def test_an_answer_can_be_changed_until_the_link_expires_and_the_earlier_scores_stay(link: str) -> None:
    browser = Client()
    browser.post(link, WHOLE)
    again = browser.get(link).content.decode()
    assert "Change my answer" in again
    assert '<input type="radio" name="nps" value="9" checked>' in again
    browser.post(link, WHOLE | {"csat": "2", "comment": "It broke again."})
    response = Response.objects.get()
    assert (response.csat, response.comment) == (2, "It broke again.")
    assert [(one["csat"], one["nps"], "comment" in one) for one in response.earlier] == [(4, 9, False)]


def test_the_same_answer_twice_is_one_answer(link: str) -> None:
    for _ in range(2):
        assert Client().post(link, WHOLE).status_code == 302
    assert Response.objects.get().earlier == []
    assert EventRow.objects.filter(kind="survey_answered").count() == 1


def test_an_expired_link_is_told_kindly_and_records_nothing(link: str) -> None:
    Client().post(link, {"csat": "3"})
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for answer in (Client().get(link), Client().post(link, {"csat": "1"})):
        assert answer.status_code == 410
        assert "The time for changing it is over" in answer.content.decode()
    assert Response.objects.get().csat == 3


def test_another_secret_is_no_page_whatever_it_looks_like(centre: CustomerCentre, link: str) -> None:
    invitation = Invitation.objects.get()
    guesses = [
        *(token_urlsafe(32) for _ in range(3)),
        str(invitation.public_id),
        str(invitation.pk),
        invitation.secret_hash,
        link.split("/")[2][:-1],
        link.split("/")[2].swapcase(),
        "",
        "%00",
        "é" * 40,
    ]
    for guess in guesses:
        for answer in (Client().get(f"/s/{guess}/"), Client().post(f"/s/{guess}/", {"csat": "1"})):
            assert answer.status_code == 404, guess
    assert not Response.objects.exists()


def test_one_customers_link_says_nothing_of_another_contact(centre: CustomerCentre) -> None:
    (_one, first), (_other, second) = a_link(centre), a_link(centre)
    Client().post(f"/s/{first}/", {"comment": "Mine alone"})
    assert "Mine alone" not in Client().get(f"/s/{second}/").content.decode()
    assert Response.objects.count() == 1


def test_the_page_names_the_contact_and_nothing_private(centre: CustomerCentre) -> None:
    contact = just_closed(centre, a_customer("Ann"), subject="My divorce", case=make_case(None, "Divorce"))
    _invitation, secret = a_link(centre, contact.customer, interaction=contact)
    text = Client().get(f"/s/{secret}/").content.decode()
    assert "your e-mail of" in text
    for private in ("divorce", "Divorce", "Ann", "Hello", "Bob", "Billing", "Wrong bill"):
        assert private not in text


def test_the_page_is_kept_by_nobody_and_tells_nobody(link: str) -> None:
    answer = Client().get(link)
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer.cookies == {}
    assert "<script" not in answer.content.decode().replace('<script src="/static/js/theme.js"></script>', "")


def test_a_customer_reads_their_own_language(centre: CustomerCentre) -> None:
    _invitation, secret = a_link(centre, a_customer("Uwe", language="de-CH"))
    browser = Client(headers={"accept-language": "en"})
    text = browser.get(f"/s/{secret}/").content.decode()
    assert '<html lang="de"' in text
    for words in ("Wie zufrieden sind Sie", "Ist Ihr Anliegen gelöst?", "Meine Antwort senden", "Sehr zufrieden"):
        assert words in text
    assert "Send my answer" not in text
    told = browser.post(f"/s/{secret}/", {}).content.decode()
    assert "Es wurde noch nichts gewählt" in told
    assert "Danke" in browser.post(f"/s/{secret}/", {"csat": "5"}, follow=True).content.decode()


def test_a_language_without_words_gets_the_centres(centre: CustomerCentre) -> None:
    _invitation, secret = a_link(centre, a_customer("Fay", language="fr"))
    assert "How satisfied are you" in Client().get(f"/s/{secret}/").content.decode()


def test_only_what_the_survey_asks_is_shown_and_read(centre: CustomerCentre) -> None:
    a_survey(centre, questions=[{"key": "nps", "text": {"en": "Recommend?"}}])
    _invitation, secret = a_link(centre)
    text = Client().get(f"/s/{secret}/").content.decode()
    assert "Recommend?" in text
    assert 'name="csat"' not in text
    Client().post(f"/s/{secret}/", {"nps": "10", "csat": "1", "comment": "not asked"})
    assert Response.objects.values_list("nps", "csat", "comment").get() == (10, None, "")


def test_too_many_from_one_place_are_asked_to_wait(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Client()
    answers = [browser.post(link, {"csat": str(1 + number % 5)}).status_code for number in range(20)]
    assert answers[:12] == [302] * 12
    assert answers[-1] == 429
    assert browser.get(link).status_code == 200
    monkeypatch.setattr(answering, "ADDRESS_RATE", answering.Rate(name="survey-test", per_minute=1, burst=2))
    statuses = [browser.get(f"/s/{token_urlsafe(32)}/").status_code for _ in range(4)]
    assert statuses == [404, 404, 429, 429]
    assert int(browser.get(link)["Retry-After"]) >= 1


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_the_same_moment_are_one_answer_with_an_earlier_one(centre: CustomerCentre) -> None:
    _invitation, secret = a_link(centre)
    barrier = Barrier(4)
    statuses = []

    def answer(number: int) -> None:
        barrier.wait()
        try:
            statuses.append(Client().post(f"/s/{secret}/", {"csat": str(number % 2 + 1)}).status_code)
        finally:
            connection.close()

    threads = [Thread(target=answer, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [302] * 4
    response = Response.objects.get()
    assert {response.csat, *(one["csat"] for one in response.earlier)} == {1, 2}
    assert FollowUp.objects.count() == 1


def test_asking_is_stopped_by_a_post_only_and_for_good(centre: CustomerCentre) -> None:
    a_survey(centre)
    ann = a_customer("Ann")
    invitation, secret = a_link(centre, ann, state=Invitation.State.SENT)
    stop = f"/s/{secret}/stop/"
    assert Client().get(stop).status_code == 200
    assert Client().head(stop).status_code == 200
    assert not Consent.objects.exists()

    # What a mail program's own button sends (RFC 8058); twice is once.
    for _ in range(2):
        assert Client().post(stop, {"List-Unsubscribe": "One-Click"}).status_code == 200
    consent = Consent.objects.get()
    assert (consent.customer, consent.purpose, consent.state) == (ann, "surveys", "withdrawn")
    Invitation.objects.filter(pk=invitation.pk).update(
        state=Invitation.State.QUEUED, sent_at=None, due_at=timezone.now()
    )
    send_due_invitations()
    assert mail.outbox == []
    assert Client().post(f"/s/{token_urlsafe(32)}/stop/").status_code == 404


def test_the_way_out_works_after_the_link_has_expired(centre: CustomerCentre) -> None:
    _invitation, secret = a_link(centre, expires_at=timezone.now() - timedelta(days=1))
    assert Client().post(f"/s/{secret}/stop/").status_code == 200
    assert Consent.objects.count() == 1


def test_an_erased_customers_words_and_links_are_gone_and_the_scores_stay(centre: CustomerCentre) -> None:
    ann = a_customer("Ann")
    _invitation, secret = a_link(centre, ann)
    Client().post(f"/s/{secret}/", {"csat": "1", "comment": "I am Ann Smith"})
    waiting, _other = a_link(centre, ann, state=Invitation.State.QUEUED, secret_hash=None, sent_at=None)
    FollowUp.objects.update(cause="Ann Smith was forgotten", closed_at=timezone.now())
    erase_customer(customer_id=ann.pk, by=centre.ada)
    for _ in range(2):
        forget_words(customer_ids=[ann.pk])
    response = Response.objects.get()
    assert (response.csat, response.comment) == (1, "")
    assert FollowUp.objects.get().cause == "—"
    assert not Invitation.objects.filter(pk=waiting.pk).exists()
    assert Client().get(f"/s/{secret}/").status_code == 404
    assert Client().post(f"/s/{secret}/stop/").status_code == 404


def test_a_survey_that_was_switched_off_still_takes_the_answers_it_asked_for(centre: CustomerCentre) -> None:
    invitation, secret = a_link(centre)
    save_survey(survey_id=invitation.survey_id, values={"is_active": False}, by=centre.ada)
    assert Client().post(f"/s/{secret}/", {"csat": "5"}).status_code == 302


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_without_redis_customers_can_answer(link: str) -> None:
    assert Client().post(link, {"csat": "5"}).status_code == 302
