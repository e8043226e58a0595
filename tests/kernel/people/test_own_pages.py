"""Hours in one's own zone, and what a lost session does to a page that is open."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.middleware import TimeZoneMiddleware

pytestmark = pytest.mark.django_db
PAGE = "http://testserver/me/?tab=own"


def _zone_for(user: User) -> str:
    request = RequestFactory().get("/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "any"
    request.user = user

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.get_current_timezone_name())

    return TimeZoneMiddleware(page)(request).content.decode()


@pytest.mark.parametrize(
    ("own", "shown"), [("Asia/Tokyo", "Asia/Tokyo"), ("", "Europe/Berlin"), ("Mars/Olympus", "Europe/Berlin")]
)
@override_settings(TIME_ZONE="Europe/Berlin")
def test_hours_stand_in_ones_own_zone_and_else_in_the_centres(bob: User, own: str, shown: str) -> None:
    before = timezone.get_current_timezone_name()
    bob.time_zone = own
    assert _zone_for(bob) == shown
    assert timezone.get_current_timezone_name() == before, "a zone ends with its request"


def test_a_part_of_a_page_whose_session_was_lost_asks_for_the_whole_sign_in_page(client: Client) -> None:
    answer = client.get("/settings/people/", headers={"HX-Request": "true", "HX-Current-URL": PAGE})
    assert (answer.status_code, answer.content) == (401, b"")
    there = urlsplit(answer["HX-Redirect"])
    assert (there.path, parse_qs(there.query)["next"]) == ("/accounts/login/", ["/me/?tab=own"])


def test_signing_in_never_leads_back_to_another_site(client: Client) -> None:
    answer = client.get("/settings/people/", headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example/x"})
    assert "evil" not in answer["HX-Redirect"]


def test_a_form_sent_after_the_session_was_lost_comes_back_to_its_page(client: Client) -> None:
    answer = client.post("/settings/people/add/", {"name": "Ann"}, headers={"Referer": PAGE})
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == ["/me/?tab=own"]
