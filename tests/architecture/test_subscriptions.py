"""ccx/subscriptions.py is the whole truth about side effects."""

import inspect
from importlib import import_module
from pathlib import Path

from django.conf import settings

from ccx.kernel.events.log import Event
from ccx.subscriptions import READERS, SENDERS, SUBSCRIPTIONS

APPS = ("ccx/kernel", "interactions", "feedback", "journeys", "analytics")


def events_of_all_rooms() -> set[type[Event]]:
    """Every event class that some room's events.py, or events package, defines."""
    files = [path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("events.py")]
    modules = [import_module(".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)) for path in files]
    return {
        found
        for module in modules
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Event) and found is not Event
    }


def test_every_event_class_has_a_line() -> None:
    assert events_of_all_rooms() == set(SUBSCRIPTIONS)


def test_every_event_has_a_kind_of_its_own() -> None:
    kinds = [event.kind for event in SUBSCRIPTIONS]

    assert len(kinds) == len(set(kinds))


def test_events_are_defined_in_events_modules_only() -> None:
    ours = {event for event in every_subclass(Event) if not event.__module__.startswith("tests.")}

    assert ours == set(SUBSCRIPTIONS)


def test_the_lines_say_what_the_readers_follow() -> None:
    told = {
        reader.name: {event.kind for event, readers in SUBSCRIPTIONS.items() if reader in readers} for reader in READERS
    }

    assert told == {reader.name: set(reader.kinds) for reader in READERS}


def test_no_line_names_a_reader_that_does_not_run() -> None:
    assert {reader for readers in SUBSCRIPTIONS.values() for reader in readers} == set(READERS)


def test_readers_have_names_of_their_own_and_senders_belong_to_readers() -> None:
    names = [reader.name for reader in READERS]

    assert len(names) == len(set(names))
    assert set(SENDERS) <= set(names)


def every_subclass(root: type[Event]) -> set[type[Event]]:
    """All classes below this one."""
    return {found for child in root.__subclasses__() for found in {child, *every_subclass(child)}}
