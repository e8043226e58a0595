"""Every page, on a phone by night and on a desk by day: accessible, quiet, within its width."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from feedback.models import FollowUp
from feedback.surveys.services import make_standard_survey, record_response
from interactions.cases.choices import Outcome
from interactions.channels.choices import Channel
from interactions.models import Interaction
from tests.e2e.driving import is_too_wide, settle, signed_in, violations, window
from tests.factories.people import make_key, make_service_user
from tests.factories.showcase import LONG, Showcase

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
Addresses = Callable[[Showcase], list[str]]


def public(_centre: Showcase) -> list[str]:
    return ["/accounts/login/", "/accounts/password/reset/", "/forms/contact/"]


def dashboards(_centre: Showcase) -> list[str]:
    pages = [reverse(f"analytics:{name}") for name in ("dashboards", "operations", "resolution", "definitions")]
    return [*pages, f"{reverse('analytics:dashboards')}?period=today", f"{reverse('analytics:rows')}?kpi=contacts"]


def customers(centre: Showcase) -> list[str]:
    ann, other, long = centre.customer("Ann Lee"), centre.customer("Ann M. Lee"), centre.customer(LONG)
    merge = reverse("interactions:customer-merge", args=[ann.public_id])
    call = Interaction.objects.filter(channel=Channel.VOICE, outcome=Outcome.ABANDONED).order_by("pk")[0]
    return [
        *["/customers/", "/customers/?q=ann", "/customers/?q=nobody-of-that-name", "/customers/?before=nonsense"],
        *[reverse("interactions:customer", args=[row.public_id]) for row in (long, centre.customer("Zoë 🐝 Brontë"))],
        *[merge, f"{merge}?q=ann", f"{merge}?other={other.public_id}"],
        reverse("interactions:customer-erase", args=[ann.public_id]),
        *[reverse("interactions:interaction", args=[row.public_id]) for row in (call, centre.longest_conversation())],
    ]


def feedback(centre: Showcase) -> list[str]:
    survey = make_standard_survey(by=None)
    contact = centre.longest_conversation()
    words = f"{LONG} https://shop.example/a/very/long/address/that/does/not/break/anywhere/at/all"
    for moment, answers in enumerate(
        ({"csat": 4, "nps": 9}, {"csat": 1, "ces": 2, "is_resolved": False, "comment": words})
    ):
        record_response(interaction=contact, answers=answers, by=None, at=timezone.now() - timedelta(days=3 - moment))
    follow_up = FollowUp.objects.get()
    edit = f"/settings/surveys/{survey.public_id}/"
    return [
        *[f"/follow-ups/?which={which}" for which in ("mine", "unassigned", "overdue", "open", "closed")],
        *[f"/follow-ups/{follow_up.public_id}/", f"/customers/{contact.customer.public_id}/feedback/"],
        *["/settings/surveys/", "/settings/surveys/add/", edit, f"{edit}preview/?language=de"],
        *["/dashboards/customers-say/", "/dashboards/customers-say/?by=reason&asked=nps&period=quarter"],
    ]


def settings_pages(centre: Showcase) -> list[str]:
    make_key(make_service_user(name=LONG), "contacts:write")
    person, team = centre.people["Alice"].public_id, centre.teams["Billing"].public_id
    return [
        *["/settings/me/", "/settings/people/", "/settings/people/add/", "/settings/teams/", "/settings/teams/add/"],
        *[f"/settings/people/{person}/", f"/settings/teams/{team}/", "/settings/api-keys/"],
        *["/accounts/password/change/", "/accounts/logout/"],
    ]


def operations(_centre: Showcase) -> list[str]:
    return ["/audit/", "/audit/?actor=nobody", "/operations/readers/", "/admin/", "/admin/interactions/queue/"]


WIDTHS: Final = (1280, 360)
AREAS: Final[dict[str, Addresses]] = {
    function.__name__: function for function in (public, dashboards, customers, feedback, settings_pages, operations)
}


@pytest.mark.parametrize("area", AREAS)
def test_pages_are_accessible_quiet_and_fit(live_server, browser, showcase, area):
    session = "" if area == "public" else signed_in(showcase.people["Ada"])
    page = window(browser, live_server.url, session=session)
    wrong = {address: found for address in AREAS[area](showcase) if (found := _complaints(page, address))}
    assert wrong == {}


def _complaints(page: Page, address: str) -> list[str]:
    """What is wrong with a page, on a desk and in a hand, light and dark."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.complaints.clear()  # type: ignore[attr-defined]
    answer = page.goto(address)
    settle(page)
    found = [] if answer and answer.ok else [f"answered {answer and answer.status}"]
    found += page.complaints  # type: ignore[attr-defined]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"scrolls sideways at {width}"] if is_too_wide(page) else []
        found += [f"at {width}, {told}" for told in violations(page)]
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_that_does_not_exist_looks_like_ours_and_names_a_reference(live_server, browser, showcase, theme):
    page = window(browser, live_server.url, session=signed_in(showcase.people["Bob"]), width=360, theme=theme)
    for address in ("/nothing/here/", "/dashboards/", "/settings/people/"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404
        assert page.get_by_role("heading", level=1).inner_text() == "There is nothing here"
        assert page.locator(".reference code").inner_text()
        assert violations(page) == []
        assert not is_too_wide(page)


def test_an_agents_rail_holds_only_what_opens_for_them(live_server, browser, showcase):
    page = window(browser, live_server.url, session=signed_in(showcase.people["Bob"]))
    page.goto("/")
    assert page.locator(".rail-nav .rail-link").all_inner_texts() == ["Work", "Customers"]
    page = window(browser, live_server.url, session=signed_in(showcase.people["Ada"]))
    page.goto("/")
    links = page.locator(".rail-nav a.rail-link")
    page.click(".rail-settings > summary")
    settings = page.locator(".rail-settings .menu-item:visible")
    assert settings.all_inner_texts()[:3] == ["Imports", "Lines", "People"]
    assert links.count() >= 6
    for address in [link.get_attribute("href") for link in [*links.all(), *settings.all()]]:
        answer = page.goto(address or "")
        assert answer is not None
        assert answer.ok, address
