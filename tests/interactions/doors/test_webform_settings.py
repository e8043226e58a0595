"""Making forms in the browser: fields as data, added and ordered without anything being lost or kept too early."""

from typing import Any

import pytest
from django.test import Client

from ccx.kernel.people.choices import Role
from ccx.kernel.people.errors import NotAllowedError
from interactions.channels.choices import Channel
from interactions.doors.models import WebForm
from interactions.doors.webform.services import save_form
from interactions.models import Inbox
from tests.factories.people import make_user

ADD = "/settings/forms/add/"
SAID = {"title": "Write to us", "slug": "write", "name": "Form on the site", "takes_files": "on"}
ROWS: dict[str, Any] = {
    "row": ["name", "email", "new-1"],
    "label-name": "Your name",
    "kind-name": "name",
    "label-email": "E-mail",
    "kind-email": "email",
    "required-email": "on",
    "label-new-1": "What is it?",
    "kind-new-1": "select",
    "choices-new-1": "Bill\r\n\r\nOrder",
}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def test_a_form_is_made_with_its_line_and_the_public_can_fill_it_in(admin: Client) -> None:
    assert "There is no form yet." in admin.get("/settings/forms/").text
    saved = admin.post(ADD, SAID | ROWS)
    assert saved.status_code == 302
    made = WebForm.objects.select_related("inbox").get()
    assert (made.inbox.name, made.inbox.channel, made.takes_files) == ("Form on the site", Channel.WEB_FORM, True)
    assert made.fields == [
        {"name": "name", "label": "Your name", "required": False, "kind": "text"},
        {"name": "e_mail", "label": "E-mail", "required": True, "kind": "email"},
        {
            "name": "what_is_it",
            "label": "What is it?",
            "required": False,
            "kind": "select",
            "choices": ["Bill", "Order"],
        },
    ]
    assert "What is it?" in Client().get("/forms/write/").text
    assert "Write to us" in admin.get("/settings/forms/").text
    assert admin.get(f"/settings/inboxes/{made.inbox.public_id}/").url == f"/settings/forms/{made.public_id}/"  # type: ignore[attr-defined]


def test_fields_keep_their_names_and_what_the_page_does_not_show(admin: Client) -> None:
    inbox = Inbox.objects.create(name="Form", channel=Channel.WEB_FORM)
    fields = [{"name": "order", "label": "Order", "kind": "text", "max_length": 9}, {"name": "x", "kind": "checkbox"}]
    form = WebForm.objects.create(inbox=inbox, slug="a", title="A", fields=fields)
    rows = {"row": ["x", "order"], "label-x": "X", "kind-x": "checkbox", "label-order": "Number", "kind-order": "text"}
    assert admin.post(f"/settings/forms/{form.public_id}/", SAID | {"name": "Form", **rows}).status_code == 302
    form.refresh_from_db()
    assert form.fields == [
        {"name": "x", "kind": "checkbox", "label": "X", "required": False},
        {"name": "order", "label": "Number", "kind": "text", "max_length": 9, "required": False},
    ]


@pytest.mark.parametrize(
    ("press", "order"),
    [
        ("up:new-1", ["name", "new-1", "email"]),
        ("up:name", ["name", "email", "new-1"]),
        ("down:name", ["email", "name", "new-1"]),
        ("remove:email", ["name", "new-1"]),
        ("up:nobody", ["name", "email", "new-1"]),
    ],
)
def test_rows_move_without_being_kept_and_nothing_typed_is_lost(press: str, order: list[str], admin: Client) -> None:
    page = admin.post(ADD, SAID | ROWS | {"do": press, "title": ""})
    assert page.status_code == 200
    assert [row.key for row in page.context["rows"]] == order
    assert "Form on the site" in page.text
    assert 'role="alert"' not in page.text
    assert not WebForm.objects.exists()
    assert len(admin.post(ADD, SAID | ROWS | {"do": "add"}).context["rows"]) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label-email": " "}, "Say what is asked."),
        ({"choices-new-1": "Bill"}, "Give at least two choices"),
        ({"kind-email": "name"}, "This is asked once only."),
        ({"row": []}, "Ask for at least one thing."),
        ({"kind-email": "text", "confirms": "on"}, "Ask for an e-mail address too"),
        ({"slug": "not a slug"}, "id_slug_error"),
        ({"slug": "taken"}, "There is a form at that address already."),
        ({"name": "taken"}, "There is a line of that name already."),
    ],
)
def test_what_is_wrong_is_said_where_it_is_and_nothing_is_saved(
    change: dict[str, Any], words: str, admin: Client
) -> None:
    taken = Inbox.objects.create(name="Taken", channel=Channel.WEB_FORM)
    WebForm.objects.create(inbox=taken, slug="taken", title="Taken")
    page = admin.post(ADD, SAID | ROWS | change)
    assert page.status_code == 422
    assert words in page.text
    assert (WebForm.objects.count(), Inbox.objects.count()) == (1, 1)


def test_nobody_else_makes_forms(db: None) -> None:
    agent = make_user(Role.AGENT)
    client = Client()
    client.force_login(agent)
    assert client.get(ADD).status_code == 404
    assert client.post(ADD, SAID | ROWS).status_code == 404
    with pytest.raises(NotAllowedError):
        save_form(form_id=None, values={}, line={"name": "X"}, by=agent)
