import pytest
from django.test import Client

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
