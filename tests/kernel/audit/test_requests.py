import importlib

import pytest
from celery import shared_task
from django.core.cache import cache
from django.core.management import call_command, get_commands
from django.test import Client, RequestFactory

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.audit.services import record_look
from ccx.kernel.models import AuditEntry, Team, User


def test_a_change_on_a_page_carries_the_person_the_door_and_the_request(client: Client, admin: User) -> None:
    client.force_login(admin)
    answer = client.post("/settings/teams/add/", {"name": "New"}, REMOTE_ADDR="203.0.113.9")
    entry = AuditEntry.objects.get(object_kind="team", object_id=Team.objects.get().pk)
    assert (entry.actor_id, entry.door, entry.address) == (admin.pk, "page", "203.0.113.9")
    assert entry.request_id == answer["X-Request-ID"]


def test_a_change_in_the_configuration_carries_its_own_door(client: Client, admin: User) -> None:
    client.force_login(admin)
    client.post("/admin/interactions/disposition/add/", {"code": "sold", "name": "Sold", "is_active": "on"})
    entry = AuditEntry.objects.get(object_kind="disposition")
    assert (entry.actor_id, entry.door) == (admin.pk, "admin")


def test_behind_a_proxy_only_what_the_proxy_wrote_counts(settings: object, client: Client, admin: User) -> None:
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]
    client.force_login(admin)
    client.post(
        "/settings/teams/add/",
        {"name": "New"},
        REMOTE_ADDR="10.0.0.9",
        HTTP_X_FORWARDED_FOR="1.2.3.4, 198.51.100.5",
    )
    assert AuditEntry.objects.get(object_kind="team").address == "198.51.100.5"


def test_without_a_proxy_a_forwarded_address_is_worth_nothing(client: Client, admin: User) -> None:
    client.force_login(admin)
    client.post("/settings/teams/add/", {"name": "N"}, REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="1.2.3.4")
    assert AuditEntry.objects.get(object_kind="team").address == "10.0.0.9"


@pytest.mark.parametrize("address", ["", "unix:", "fe80::1%eth0'; DROP TABLE kernel_team; --"])
def test_a_strange_address_breaks_nothing(client: Client, admin: User, address: str) -> None:
    client.force_login(admin)
    assert client.post("/settings/teams/add/", {"name": "New"}, REMOTE_ADDR=address).status_code == 302
    assert AuditEntry.objects.get(object_kind="team").address in {None, "fe80::1"}


@pytest.mark.django_db(transaction=True)
def test_the_next_request_on_the_same_connection_is_nobody_elses(client: Client) -> None:
    from tests.factories.people import make_user

    ada, eve = make_user("administrator"), make_user("administrator")  # type: ignore[arg-type]
    for user, name in ((ada, "By Ada"), (eve, "By Eve")):
        client.force_login(user)
        client.post("/settings/teams/add/", {"name": name})
    Team.objects.create(name="By nobody")
    entries = AuditEntry.objects.filter(object_kind="team").order_by("id")
    assert [(entry.actor_id, entry.door) for entry in entries] == [
        (ada.pk, "page"),
        (eve.pk, "page"),
        (None, "database"),
    ]


def test_what_a_worker_changes_is_the_workers_and_names_the_task(db: None) -> None:
    @shared_task(name="tests.name_a_team")
    def name_a_team() -> None:
        Team.objects.create(name="By a worker")

    done = name_a_team.apply()
    entry = AuditEntry.objects.get(object_kind="team")
    assert (entry.door, entry.actor_id, entry.request_id) == ("worker", None, done.id)
    Team.objects.create(name="By nobody")
    assert AuditEntry.objects.filter(object_kind="team").latest("pk").door == "database"


def test_what_a_command_changes_came_through_the_command_line(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("issue_api_key", "Shop", "--new", "--scopes", "contacts:write")
    assert set(AuditEntry.objects.values_list("object_kind", "door")) == {("user", "command"), ("api_key", "command")}


def test_every_command_of_ours_says_through_which_door_it_goes() -> None:
    ours = {"ccx", "ccx.kernel", "interactions", "feedback", "journeys", "analytics"}
    commands = [(name, app) for name, app in get_commands().items() if app in ours]
    assert len(commands) > 10
    for name, app in commands:
        command = importlib.import_module(f"{app}.management.commands.{name}").Command
        assert issubclass(command, AuditedCommand), name


def test_what_a_page_reads_again_by_itself_is_one_look(client: Client, admin: User, bob: User) -> None:
    def look(user: User, pk: int) -> None:
        request = RequestFactory().get("/")
        request.user = user
        record_look(request=request, object_kind="customer", object_id=pk)

    for user, pk in ((admin, 1), (admin, 1), (admin, 2), (bob, 1)):
        look(user, pk)
    looks = AuditEntry.objects.filter(action="read").values_list("actor_id", "object_id")
    assert sorted(looks) == sorted([(admin.pk, 1), (admin.pk, 2), (bob.pk, 1)])
    cache.clear()
    look(admin, 1)
    assert looks.all().count() == 4
