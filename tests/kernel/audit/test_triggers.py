import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from ccx.kernel.audit.choices import OBJECT_KINDS, Door
from ccx.kernel.audit.context import acting, creating_in_bulk, tell_database
from ccx.kernel.audit.services import forget_contents
from ccx.kernel.models import AuditEntry, Team, User
from interactions.models import Customer, Identity
from tests.factories.people import make_key, make_service_user, make_team, make_user

# Every table that is audited, and the kind its entries carry. What is not here is told of by the event log,
# or is derived, or is the business of a library.
AUDITED = {
    "interactions_agentskill": "agent_skill",
    "interactions_businesshours": "business_hours",
    "interactions_businessinterval": "business_interval",
    "interactions_consent": "consent",
    "interactions_contactreason": "contact_reason",
    "interactions_customer": "customer",
    "interactions_customermerge": "customer_merge",
    "interactions_ivrflow": "ivr_flow",
    "interactions_disposition": "disposition",
    "interactions_historysource": "history_source",
    "interactions_holiday": "holiday",
    "interactions_identity": "identity",
    "interactions_inbox": "inbox",
    "interactions_preference": "preference",
    "interactions_queue": "queue",
    "interactions_queue_skills": "queue_skill",
    "interactions_servicetarget": "service_target",
    "interactions_skill": "skill",
    "interactions_webform": "web_form",
    "journeys_department": "department",
    "journeys_reasontouchpoint": "reason_touchpoint",
    "journeys_journey": "journey",
    "journeys_jobtobedone": "job_to_be_done",
    "journeys_costrate": "cost_rate",
    "feedback_survey": "survey",
    "feedback_followup": "follow_up",
    "interactions_promise": "promise",
    "interactions_agentdesk": "agent_desk",
    "journeys_touchpoint": "touchpoint",
    "kernel_apikey": "api_key",
    "kernel_grant": "grant",
    "kernel_invite": "invite",
    "kernel_team": "team",
    "kernel_user": "user",
}


def _of(kind: str, object_id: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(object_kind=kind, object_id=object_id).order_by("id"))


def test_the_list_of_audited_tables_is_what_the_database_does(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, split_part(encode(tgargs, 'escape'), '\\000', 1), count(*)"
            " FROM pg_trigger WHERE tgname IN ('audit_created', 'audit_changed') GROUP BY 1, 2"
        )
        attached = {table: (kind, number) for table, kind, number in cursor.fetchall()}
    assert attached == {table: (kind, 2) for table, kind in AUDITED.items()}
    assert set(AUDITED.values()) == set(OBJECT_KINDS)


def test_every_audited_table_has_a_number_to_name_its_rows_by() -> None:
    tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    assert {tables[table]._meta.pk.column for table in AUDITED} == {"id"}


def test_a_new_row_a_change_and_a_deletion_are_three_entries(db: None) -> None:
    team = make_team("Billing")
    team_id = team.pk
    team.name = "Invoices"
    team.save()
    team.delete()
    created, changed, deleted = _of("team", team_id)
    assert (created.action, created.before) == ("created", None)
    assert created.after
    assert created.after["name"] == "Billing"
    assert (changed.action, changed.before, changed.after) == (
        "changed",
        {"name": "Billing"},
        {"name": "Invoices"},
    )
    assert (deleted.action, deleted.after) == ("deleted", None)
    assert deleted.before
    assert deleted.before["name"] == "Invoices"


def test_saving_a_row_as_it_is_leaves_nothing(db: None) -> None:
    team = make_team()
    team.save()
    assert len(_of("team", team.pk)) == 1


def test_a_change_of_many_rows_at_once_is_one_entry_each(db: None) -> None:
    teams = [make_team(), make_team()]
    Team.objects.update(is_active=False)
    for team in teams:
        assert _of("team", team.pk)[-1].after == {"is_active": False}


def test_a_password_is_said_to_have_changed_and_never_what_it_was(bob: User) -> None:
    bob.set_password("something new and long")
    bob.save()
    entry = _of("user", bob.pk)[-1]
    assert (entry.before, entry.after) == ({"password": "(hidden)"}, {"password": "(hidden)"})
    assert "password" not in str(_of("user", bob.pk)[0].after).replace("'password': '(hidden)'", "")


def test_the_hash_of_a_key_is_hidden_and_its_use_is_no_change(db: None) -> None:
    key, _token = make_key(make_service_user())
    key.last_used_at = key.created_at
    key.save()
    [entry] = _of("api_key", key.pk)
    assert entry.after
    assert entry.after["secret_hash"] == "(hidden)"
    assert "last_used_at" not in entry.after


def test_signing_in_is_no_change_of_the_person(bob: User) -> None:
    bob.last_login = bob.created_at
    bob.save()
    assert [entry.action for entry in _of("user", bob.pk)] == ["created"]


def test_a_change_says_who_did_it_and_through_which_door(bob: User) -> None:
    with acting(door=Door.WORKER, by_id=bob.pk, request_id="r-1", address="2001:db8::1", api_key_id=7):
        team = make_team()
    [entry] = _of("team", team.pk)
    assert (entry.actor_id, entry.door, entry.request_id, entry.address, entry.api_key_id) == (
        bob.pk,
        "worker",
        "r-1",
        "2001:db8::1",
        7,
    )


def test_a_change_that_nobody_owned_up_to_came_from_the_database_itself(db: None) -> None:
    [entry] = _of("team", make_team().pk)
    assert (entry.actor_id, entry.door) == (None, "database")


def test_the_innermost_actor_counts(bob: User, alice: User) -> None:
    with acting(door=Door.PAGE, by_id=alice.pk):
        with acting(door=Door.WORKER, by_id=bob.pk):
            inner = make_team()
        outer = make_team()
    assert [_of("team", team.pk)[0].actor_id for team in (inner, outer)] == [bob.pk, alice.pk]


def test_a_transaction_that_goes_on_without_the_actor_forgets_them(bob: User) -> None:
    with acting(door=Door.PAGE, by_id=bob.pk):
        make_team()
    assert _of("team", make_team().pk)[0].actor_id is None


@pytest.mark.django_db(transaction=True)
def test_an_actor_never_stays_on_a_persistent_connection() -> None:
    with acting(door=Door.PAGE, by_id=1):
        make_team("in autocommit")
        with transaction.atomic():
            make_team("in a transaction")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('ccx.acting', true)")
            assert not cursor.fetchone()[0]
    after = make_team("after")
    assert [entry.actor_id for entry in AuditEntry.objects.order_by("id")] == [1, 1, None]
    assert _of("team", after.pk)[0].door == "database"


@pytest.mark.django_db(transaction=True)
def test_an_actor_survives_a_savepoint_that_was_rolled_back() -> None:
    with acting(door=Door.PAGE, by_id=1), transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            Team.objects.bulk_create([Team(name="same"), Team(name="same")])
        team = make_team("kept")
    assert [entry.actor_id for entry in AuditEntry.objects.all()] == [1]
    assert _of("team", team.pk)


def test_reading_asks_nothing_more_and_writing_needs_no_round_trip_more(
    bob: User, django_assert_num_queries: object
) -> None:
    with acting(door=Door.PAGE, by_id=bob.pk):
        with django_assert_num_queries(1) as read:  # type: ignore[operator]
            list(Team.objects.all())
        with django_assert_num_queries(1):  # type: ignore[operator]
            Team.objects.create(name="One statement")
    assert "ccx.acting" not in read.captured_queries[0]["sql"]


def test_what_a_caller_writes_into_a_request_id_stays_text(bob: User) -> None:
    with acting(door=Door.PAGE, by_id=bob.pk, request_id="'; DROP TABLE kernel_team; --%s\\"):
        team = make_team()
    assert _of("team", team.pk)[0].request_id == "DROPTABLEkernel_team--s"


def test_statements_with_percent_signs_and_many_rows_keep_their_parameters(bob: User) -> None:
    with acting(door=Door.PAGE, by_id=bob.pk):
        Team.objects.bulk_create([Team(name="100 %"), Team(name="'quoted'")])
        Team.objects.filter(name__endswith="%").update(name="50 %s")
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE kernel_team SET name = %s WHERE name = %s", [["a", "50 %s"], ["b", "'quoted'"]])
            cursor.execute("UPDATE kernel_team SET name = name || '%' WHERE name = 'a'")
            assert cursor.rowcount == 1
    assert sorted(Team.objects.values_list("name", flat=True)) == ["Billing", "a%", "b"]
    assert set(AuditEntry.objects.filter(action="changed").values_list("actor_id", flat=True)) == {bob.pk}


def test_an_import_creates_customers_without_an_entry_each_but_changes_are_told(admin: User) -> None:
    with acting(door=Door.IMPORT, by_id=admin.pk):
        with creating_in_bulk():
            tell_database()
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO interactions_customer (public_id, name, company, language, time_zone, attributes,"
                    " created_at) VALUES (gen_random_uuid(), 'Imported', '', '', '', '{}', now()) RETURNING id"
                )
                [imported_id] = cursor.fetchone()
            Customer.objects.filter(pk=imported_id).update(company="Acme")
        by_hand = Customer.objects.create(name="By hand")
    assert [entry.action for entry in _of("customer", imported_id)] == ["changed"]
    assert [(entry.action, entry.actor_id) for entry in _of("customer", by_hand.pk)] == [("created", admin.pk)]


def test_seeing_an_identity_again_is_no_change(db: None) -> None:
    identity = Identity.objects.create(customer=Customer.objects.create(), kind="email", value="a@example.org")
    identity.last_seen_at = identity.first_seen_at.replace(year=2030)
    identity.save()
    assert len(_of("identity", identity.pk)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kernel_auditentry SET actor_id = 1",
        "UPDATE kernel_auditentry SET before = NULL, after = NULL",
        "DELETE FROM kernel_auditentry",
        "SET LOCAL ccx.audit_may_be_emptied = 'off'; TRUNCATE kernel_auditentry",
        "SET LOCAL ccx.forgetting = 'on'; UPDATE kernel_auditentry SET after = '{}'",
        "SET LOCAL ccx.forgetting = 'on'; UPDATE kernel_auditentry SET before = NULL, after = NULL, actor_id = 1",
        "SET LOCAL ccx.forgetting = 'on'; DELETE FROM kernel_auditentry",
    ],
)
def test_the_log_can_only_grow(db: None, statement: str) -> None:
    make_team()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().after


def test_erasing_a_person_blanks_what_was_said_of_them_and_keeps_that_it_was(admin: User) -> None:
    kept = Customer.objects.create(name="Kept")
    gone = Customer.objects.create(name="Gone Person")
    Customer.objects.filter(pk=gone.pk).update(name="")
    assert forget_contents(rows={"customer": [gone.pk], "identity": []}, by=admin) == 2
    assert [(entry.action, entry.before, entry.after) for entry in _of("customer", gone.pk)] == [
        ("created", None, None),
        ("changed", None, None),
    ]
    assert _of("customer", kept.pk)[0].after
    last = AuditEntry.objects.latest("id")
    assert (last.actor_id, last.object_kind, last.action) == (admin.pk, "audit_contents", "deleted")
    assert not AuditEntry.objects.filter(after__icontains="Gone Person").exists()


def test_people_made_by_hand_are_audited_too(db: None) -> None:
    assert _of("user", make_user().pk)[0].action == "created"
