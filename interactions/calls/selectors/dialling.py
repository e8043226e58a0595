"""Where calls may go: countries and budgets of a line. Toll fraud is what they keep out."""

from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from interactions.calls.errors import NumberIsNotAllowedError
from interactions.channels.models import Inbox
from interactions.customers.choices import IdentityKind, normalise_identity

USUAL_BUDGET: Final = 10
# Numbers that bill whoever calls them.
DEAR: Final = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER})


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
