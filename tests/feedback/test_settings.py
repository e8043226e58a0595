"""Setting surveys up."""

import pytest
from django.core import mail
from django.test import Client

from ccx.kernel.audit.models import AuditEntry
from feedback.models import Invitation, Response, Survey
from feedback.surveys.forms import SurveyForm, initial_of
from feedback.surveys.services import make_standard_survey
from feedback.surveys.wording import STANDARD_QUESTIONS
from tests.factories.customers import CustomerCentre

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(centre: CustomerCentre) -> Client:
    client = Client()
    client.force_login(centre.ada)
    return client


def filled(survey: Survey, **changes: object) -> dict[str, object]:
    """What the form of a survey would post."""
    initial = {name: "on" if value is True else value for name, value in initial_of(survey).items()}
    return {name: value for name, value in (initial | changes).items() if value not in (False, None)}


def test_an_installation_begins_with_no_survey_and_one_press_makes_the_standard_one(ada: Client) -> None:
    assert not Survey.objects.exists()
    assert "Create the standard survey" in ada.get("/settings/surveys/").content.decode()
    for _ in range(2):
        ada.post("/settings/surveys/standard/")
    survey = Survey.objects.get()
    assert [question["key"] for question in survey.questions] == ["csat", "ces", "nps", "resolved", "comment"]
    assert all({"en", "de"} <= set(question["text"]) for question in survey.questions)
    assert survey.name in ada.get("/settings/surveys/").content.decode()
    assert AuditEntry.objects.filter(object_kind="survey", object_id=survey.pk).exists()


def test_saving_what_is_shown_changes_nothing(ada: Client) -> None:
    survey = make_standard_survey(by=None)
    survey.questions[0]["text"]["fr"] = "Êtes-vous satisfait ?"
    assert "fr" not in STANDARD_QUESTIONS[0]["text"]
    survey.save()
    before = Survey.objects.values().get()
    assert ada.post(f"/settings/surveys/{survey.public_id}/", filled(survey)).status_code == 302
    assert Survey.objects.values().get() == before


def test_questions_words_and_timing_can_be_changed(ada: Client) -> None:
    survey = make_standard_survey(by=None)
    changes = {
        "nps_on": False,
        "csat_en": "Happy?",
        "channels": ["voice", "email"],
        "share_percent": 40,
        "cooldown_days": 30,
        "subject_en": "Well?",
        "text_en": "Tell us.",
        "subject_de": "",
        "text_de": "",
    }
    assert ada.post(f"/settings/surveys/{survey.public_id}/", filled(survey, **changes)).status_code == 302
    survey.refresh_from_db()
    assert [question["key"] for question in survey.questions] == ["csat", "ces", "resolved", "comment"]
    assert survey.questions[0]["text"]["en"] == "Happy?"
    assert (survey.channels, survey.share_percent, survey.cooldown_days) == (["voice", "email"], 40, 30)
    assert survey.greeting == {"en": {"subject": "Well?", "text": "Tell us."}}


@pytest.mark.parametrize(
    "changes",
    [
        {"share_percent": 101},
        {"valid_days": 0},
        {"csat_en": ""},
        {"csat_on": False, "ces_on": False, "nps_on": False, "resolved_on": False, "comment_on": False},
        {"channels": ["pigeon"]},
        {"name": ""},
    ],
    ids=str,
)
def test_a_survey_that_is_not_right_is_not_saved(ada: Client, changes: dict[str, object]) -> None:
    survey = make_standard_survey(by=None)
    before = Survey.objects.values().get()
    answer = ada.post(f"/settings/surveys/{survey.public_id}/", filled(survey, **changes))
    assert answer.status_code == 422
    assert "Nothing was saved yet" in answer.content.decode()
    assert Survey.objects.values().get() == before


def test_two_surveys_do_not_share_a_name(ada: Client) -> None:
    survey = make_standard_survey(by=None)
    answer = ada.post("/settings/surveys/add/", filled(survey))
    assert answer.status_code == 422
    assert ada.post("/settings/surveys/add/", filled(survey, name="Another")).status_code == 302
    assert Survey.objects.count() == 2


def test_the_preview_is_what_a_customer_sees_and_sends_nothing(ada: Client) -> None:
    survey = make_standard_survey(by=None)
    page = ada.get(f"/settings/surveys/{survey.public_id}/preview/?language=de").content.decode()
    assert "Wie zufrieden sind Sie" in page
    assert 'method="post"' not in page
    assert ada.get(f"/settings/surveys/{survey.public_id}/preview/?language=../x").status_code == 200
    assert not Response.objects.exists()


def test_a_test_goes_to_oneself_with_a_link_that_records_nothing(centre: CustomerCentre, ada: Client) -> None:
    survey = make_standard_survey(by=None)
    ada.post(f"/settings/surveys/{survey.public_id}/test/", {"language": "de"})
    (sent,) = mail.outbox
    assert sent.to == [centre.ada.email]
    assert sent.subject == "Wie haben wir Ihnen geholfen?"
    assert f"/settings/surveys/{survey.public_id}/preview/?language=de" in sent.body
    assert "List-Unsubscribe" not in sent.extra_headers
    assert not Invitation.objects.exists()


def test_every_question_and_language_has_fields(db: None) -> None:
    names = set(SurveyForm().fields)
    assert {"csat_on", "csat_en", "csat_de", "comment_de", "subject_en", "text_de"} <= names
