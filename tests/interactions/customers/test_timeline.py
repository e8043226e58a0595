"""One timeline over all channels, and what of it another team may read."""

from datetime import timedelta
from typing import Any

from django.test import Client

from interactions.channels.choices import Channel
from interactions.customers.selectors import customer_profile, timeline
from interactions.models import Inbox
from tests.factories.customers import START, CustomerCentre, give_everything, make_case, make_contact, make_customer


def test_the_newest_contact_comes_first_with_what_it_was_about(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    make_contact(centre, ann, "my bill is wrong", "hello?", case=make_case(ann, "Bill of May"), started_at=START)
    voice = Inbox.objects.create(name="line", channel=Channel.VOICE)
    make_contact(centre, ann, inbox=voice, channel=Channel.VOICE, reason=None, started_at=START + timedelta(days=1))

    newest, oldest = timeline(ann, centre.bob).entries

    assert (newest.channel, newest.reason, newest.words, newest.state) == ("Voice", "", "", "Handled by an agent")
    assert (oldest.channel, oldest.reason, oldest.words, oldest.case_title) == (
        "E-mail",
        "Wrong bill",
        "my bill is wrong",
        "Bill of May",
    )


def test_pages_of_the_timeline_tell_every_contact_once_though_many_begin_at_once(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    contacts = [make_contact(centre, ann, started_at=START) for _ in range(11)]

    seen, before = [], None
    for _ in range(3):
        page = timeline(ann, centre.bob, before=before, limit=4)
        seen.append([entry.public_id for entry in page.entries])
        before = page.older

    assert [len(part) for part in seen] == [4, 4, 3]
    assert [public_id for part in seen for public_id in part] == [row.public_id for row in reversed(contacts)]
    assert before is None


def test_a_mark_that_is_no_contact_of_this_customer_tells_nothing(centre: CustomerCentre) -> None:
    ann, otto = make_customer("Ann"), make_customer("Otto")
    make_contact(centre, ann)
    ottos = make_contact(centre, otto)

    assert timeline(ann, centre.bob, before=ottos.public_id).entries == ()


def test_another_teams_contact_is_read_under_the_policy(centre: CustomerCentre, settings: Any, client: Client) -> None:
    ann = make_customer("Ann")
    make_contact(centre, ann, "ours")
    theirs = make_contact(centre, ann, "theirs", subject="secret", team=centre.other_team, queue=None)
    settings.CCX_WHOLE_CUSTOMER = True
    client.force_login(centre.bob)

    assert [entry.words for entry in timeline(ann, centre.bob).entries] == ["theirs", "ours"]
    assert client.get(f"/interactions/{theirs.public_id}/").status_code == 200


def test_without_the_policy_only_date_channel_and_reason_are_told(
    centre: CustomerCentre, settings: Any, client: Client
) -> None:
    ann = make_customer("Ann")
    ours = make_contact(centre, ann, "ours", reason=None, case=make_case(ann, "Our case"))
    theirs = make_contact(
        centre, ann, "theirs", subject="secret", case=make_case(ann, "Their case"), team=centre.other_team, queue=None
    )
    settings.CCX_WHOLE_CUSTOMER = False
    client.force_login(centre.bob)

    hidden, shown = timeline(ann, centre.bob).entries
    page = client.get(f"/customers/{ann.public_id}/").content.decode()

    assert (hidden.is_readable, hidden.reason, hidden.channel) == (False, "Wrong bill", "E-mail")
    assert (hidden.words, hidden.subject, hidden.case_title, hidden.state, hidden.queue) == ("", "", "", "", "")
    assert (shown.is_readable, shown.words, shown.case_title) == (True, "ours", "Our case")
    assert [
        secret for secret in ("theirs", "secret", "Their case", str(theirs.public_id) + "/") if secret in page
    ] == []
    assert [case.title for case in customer_profile(ann, centre.bob).open_cases] == ["", "Our case"]
    assert client.get(f"/interactions/{theirs.public_id}/").status_code == 404
    assert client.get(f"/interactions/{ours.public_id}/").status_code == 200


def test_a_reason_grant_shows_its_contacts_and_no_more_without_the_policy(
    centre: CustomerCentre, settings: Any
) -> None:
    ann = make_customer("Ann")
    make_contact(centre, ann, "about the bill", team=centre.other_team, queue=None)
    make_contact(centre, ann, "about something else", team=centre.other_team, queue=None, reason=None)
    settings.CCX_WHOLE_CUSTOMER = False
    centre.bob.grants.update(scope="reason", target_id=centre.reason.pk)

    assert [entry.words for entry in timeline(ann, centre.bob).entries] == ["", "about the bill"]


def test_the_profile_adds_up_what_we_had_to_do_with_a_customer(centre: CustomerCentre) -> None:
    ann = make_customer("Ann")
    give_everything(ann, centre.bob)
    make_contact(centre, ann, started_at=START, case=make_case(ann, "Bill"))
    make_contact(centre, ann, started_at=START + timedelta(days=2))

    profile = customer_profile(ann, centre.bob)

    totals = profile.totals
    assert (totals.contacts, totals.cases, totals.open_cases, totals.purchases) == (2, 1, 1, 1)
    assert (totals.first_contact_at, totals.last_contact_at) == (START, START + timedelta(days=2))
    assert totals.by_channel == (("E-mail", 2),)
    assert [(currency, str(amount)) for currency, amount in totals.spent] == [("EUR", "99.90")]
    assert [case.title for case in profile.open_cases] == ["Bill"]
