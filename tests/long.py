"""What takes seconds rather than moments: `make fast` leaves it out, and the longest of it runs first."""

from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
# Browsers, and whole centres with a month of a real bank.
LONGEST: Final = ("e2e", "stories")
# Besides: real processes, whole histories that are made up, every address asked by everybody.
LONG: Final = (
    *LONGEST,
    "analytics/dashboards/test_pages.py",
    "analytics/kpis/test_service_level.py",
    "analytics/kpis/test_visibility.py",
    "analytics/rollups/test_any_history.py",
    "analytics/rollups/test_drill_down.py",
    "architecture/test_matrix.py",
    "ccx/test_checks.py",
    "ccx/test_demo.py",
    "ccx/test_embedded.py",
    "ccx/test_supervisor.py",
    "feedback/test_inviting.py",
    "feedback/test_sending.py",
    "feedback/test_survey_page.py",
    "interactions/calls/test_a_whole_call.py",
    "interactions/calls/test_agents_on_the_phone.py",
    "interactions/calls/test_ends_of_calls.py",
    "interactions/channels/test_promises.py",
    "interactions/customers/test_merging_any_order.py",
    "interactions/customers/test_pages.py",
    "interactions/customers/test_search.py",
    "interactions/desk/test_acting.py",
    "interactions/desk/test_calling.py",
    "interactions/desk/test_context.py",
    "interactions/desk/test_wrapping.py",
    "interactions/doors/chat/test_carrying_on.py",
    "interactions/doors/chat/test_offering.py",
    "interactions/doors/chat/test_socket.py",
    "interactions/doors/chat/test_who_may.py",
    "interactions/doors/test_line_consent.py",
    "interactions/doors/test_lines.py",
    "interactions/doors/test_mail_servers.py",
    "interactions/doors/test_openapi.py",
    "interactions/doors/test_rest_reading.py",
    "interactions/doors/test_webhook_faults.py",
    "interactions/handling/test_any_day.py",
    "interactions/handling/test_killed_worker.py",
    "interactions/intake/test_one_by_one_and_many.py",
    "journeys/ownership/test_grants.py",
    "kernel/events/test_effects.py",
    "kernel/events/test_interleavings.py",
    "kernel/events/test_killed.py",
    "kernel/events/test_running.py",
    "kernel/live/test_attacks.py",
    "kernel/live/test_nudges.py",
    "kernel/people/test_signing_in.py",
)


def is_long(path: Path, names: tuple[str, ...] = LONG) -> bool:
    """Whether a test file is one of these, or lies in a folder of these."""
    told = path.relative_to(TESTS).as_posix()
    return any(told == name or told.startswith(f"{name}/") for name in names)
