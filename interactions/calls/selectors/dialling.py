"""From which line we call, and where: countries and budgets of a line. Toll fraud is what they keep out."""

from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from interactions.calls.errors import NoVoiceLineError, NumberIsNotAllowedError
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of
from interactions.channels.voice.control import ControlledVoiceAdapter
from interactions.customers.choices import IdentityKind, normalise_identity

USUAL_BUDGET: Final = 10
# Numbers that bill whoever calls them.
DEAR: Final = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER})


def line_to_call_from(own_id: int, *, wanted_id: int | None = None) -> Inbox:
    """The contact's own line if it can call, else any that can; the wanted one or none. Raises NoVoiceLineError."""
    active = Inbox.objects.filter(channel=Channel.VOICE, is_active=True).order_by("pk")
    lines = [inbox for inbox in active if isinstance(adapter_of(inbox), ControlledVoiceAdapter)]
    wanted = own_id if wanted_id is None else wanted_id
    found = [inbox for inbox in lines if inbox.pk == wanted] or ([] if wanted_id is not None else lines)
    if not found:
        raise NoVoiceLineError
    return found[0]


def allowed_number(inbox: Inbox, number: str) -> str:
    """The number as it is dialled. Raises NumberIsNotAllowedError for another country, or one that costs extra."""
    try:
        value = normalise_identity(IdentityKind.PHONE, number)
    except ValueError as error:
        raise NumberIsNotAllowedError(number=number) from error
    parsed = phonenumbers.parse(value)
    country = _country(parsed)
    if country not in countries(inbox) or phonenumbers.number_type(parsed) in DEAR:
        raise NumberIsNotAllowedError(country=country)
    return value


def pairs_of(told: object) -> dict[str, str]:
    """Lines of "name = value", as the line's form keeps them; a table as it is."""
    if isinstance(told, dict):
        return {str(name): str(value) for name, value in told.items()}
    lines = told.splitlines() if isinstance(told, str) else [str(one) for one in told] if isinstance(told, list) else []
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip() for name, _is, value in pairs}


def countries(inbox: Inbox) -> frozenset[str]:
    """Two letters each: those that the line lists, else the country of its own number."""
    told = inbox.settings.get("countries") or []
    listed = told.replace(",", " ").split() if isinstance(told, str) else [str(one) for one in told]
    if listed:
        return frozenset(one.strip().upper() for one in listed)
    try:
        own = _country(phonenumbers.parse(inbox.address))
    except phonenumbers.NumberParseException:
        return frozenset()
    return frozenset({own} if own else set())


def _country(number: phonenumbers.PhoneNumber) -> str:
    """Whose number it is. One that no plan knows is its calling code's, but for +1, which many countries share."""
    known = phonenumbers.region_code_for_number(number)
    if known:
        return str(known)
    is_whole = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return (
        ""
        if number.country_code == 1 or not is_whole
        else str(phonenumbers.region_code_for_country_code(number.country_code or 0))
    )


def budget(inbox: Inbox) -> int:
    """How many calls a line may begin in a minute."""
    told = inbox.settings.get("calls_per_minute", USUAL_BUDGET)
    try:
        return max(0, int(told))
    except (TypeError, ValueError):
        return USUAL_BUDGET
