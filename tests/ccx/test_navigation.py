"""The places of the rail: each has a way of its own by keyboard, and a page marks the place it belongs to."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from ccx.kernel.people.choices import Role
from ccx.kernel.people.context import navigation
from ccx.navigation import ITEMS
from tests.factories.people import make_user


def test_no_two_places_have_the_same_keys_and_none_hides_another() -> None:
    keys = [place["key"] for place in ITEMS]
    assert sorted(keys) == sorted(set(keys))
    assert all(key.startswith("g ") and len(key) == 3 for key in keys)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/settings/forms/", "Lines"),
        ("/settings/forms/add/", "Lines"),
        ("/settings/inboxes/", "Lines"),
        ("/operations/deliveries/", "Deliveries"),
        ("/formsgarden/", None),
        ("/settings/", None),
    ],
)
def test_a_page_marks_the_place_it_belongs_to_and_only_that(path: str, label: str | None) -> None:
    request = RequestFactory().get(path)
    request.user = make_user(Role.ADMINISTRATOR)
    marked = [str(place["label"]) for place in navigation(request)["nav_items"] if place["is_active"]]
    assert marked == ([label] if label else [])


@pytest.mark.django_db
def test_every_place_is_there() -> None:
    assert all(reverse(url) for place in ITEMS for url in (place["url"], *place.get("also", ())))
