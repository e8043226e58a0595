"""What a merge of two customers would do, and by what rules; the merge itself takes its rules from here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ccx.kernel.models import User
from ccx.kernel.people.choices import UserKind
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer, Identity, ToldApart

# What belongs to a customer and goes along, by the name of the relation.
MOVING = ("identities", "interactions", "cases", "preferences", "consents", "purchases", "notes")
FIELDS = ("name", "company", "language", "time_zone")
EXAMPLES = 5


@dataclass(frozen=True)
class Move:
    """Rows of one kind that would go to the survivor."""

    relation: str
    label: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class FieldChoice:
    """One field of the profile: both values and the one that stays. The survivor's wins unless it is empty."""

    field: str
    label: str
    survivor_value: Any
    merged_value: Any
    result: Any
    is_conflict: bool

    @property
    def is_filled(self) -> bool:
        """Whether the merge changes the survivor here."""
        return bool(self.result != self.survivor_value)


@dataclass(frozen=True)
class PreferenceConflict:
    """Both prefer something on one topic: the survivor's stays in force, the other's rests with the merged one."""

    topic: str
    survivor_value: str
    merged_value: str


@dataclass(frozen=True)
class MergePreview:
    """All a person needs to see before two customers become one."""

    survivor: Customer
    merged: Customer
    moves: tuple[Move, ...]
    fields: tuple[FieldChoice, ...]
    preference_conflicts: tuple[PreferenceConflict, ...]
    warnings: tuple[str, ...]
    told_apart: ToldApart | None
    is_refused: bool


def merge_preview(survivor: Customer, merged: Customer, by: User) -> MergePreview:
    """What merging `merged` into `survivor` would move and decide, and what speaks against it."""
    refusals = _refusals(survivor, merged, by)
    return MergePreview(
        survivor=survivor,
        merged=merged,
        moves=tuple(_moves(survivor, merged)),
        fields=tuple(field_choices(survivor, merged)),
        preference_conflicts=tuple(preference_conflicts(survivor, merged)),
        warnings=(*refusals, *_warnings(survivor, merged)),
        told_apart=ToldApart.objects.between(survivor, merged).select_related("said_by").first(),
        is_refused=bool(refusals),
    )


def field_choices(survivor: Customer, merged: Customer) -> list[FieldChoice]:
    """Per field of the profile and per attribute: both values and the one that stays."""
    labels = {field: str(Customer._meta.get_field(field).verbose_name) for field in FIELDS}  # type: ignore[union-attr]
    choices = [_choice(field, labels[field], getattr(survivor, field), getattr(merged, field)) for field in FIELDS]
    keys = sorted({*survivor.attributes, *merged.attributes})
    choices += [
        _choice(f"attributes.{key}", key, survivor.attributes.get(key), merged.attributes.get(key)) for key in keys
    ]
    return choices


def preference_conflicts(survivor: Customer, merged: Customer) -> list[PreferenceConflict]:
    """The topics on which both have a preference, in order."""
    kept = dict(survivor.preferences.values_list("topic", "value"))
    return [
        PreferenceConflict(topic, kept[topic], value)
        for topic, value in merged.preferences.order_by("topic").values_list("topic", "value")
        if topic in kept
    ]


def machine_may_merge(survivor: Customer, merged: Customer) -> bool:
    """Only a proof of one and none of the other: two proven identities are two people until a person says not."""
    proven = _proven(survivor, merged)
    return len({identity.customer_id for identity in proven}) == 1


def _proven(*customers: Customer) -> list[Identity]:
    return list(Identity.objects.filter(customer__in=customers, assurance=Assurance.PROVEN).order_by("kind", "pk"))


def _choice(field: str, label: str, kept: Any, other: Any) -> FieldChoice:
    result = other if kept in ("", None) else kept
    is_conflict = kept not in ("", None) and other not in ("", None) and kept != other
    return FieldChoice(field, label, kept, other, result, is_conflict)


def _moves(survivor: Customer, merged: Customer) -> list[Move]:
    labels = {
        "identities": _("Identities"),
        "interactions": _("Contacts"),
        "cases": _("Cases"),
        "preferences": _("Preferences"),
        "consents": _("Consents"),
        "purchases": _("Purchases"),
        "notes": _("Notes"),
    }
    staying = [conflict.topic for conflict in preference_conflicts(survivor, merged)]
    moves = []
    for relation in MOVING:
        rows = getattr(merged, relation).order_by("-pk")
        if relation == "preferences":
            rows = rows.exclude(topic__in=staying)
        examples = tuple(EXAMPLE_OF[relation](row) for row in rows[:EXAMPLES])
        moves.append(Move(relation, labels[relation], rows.count(), examples))
    return moves


EXAMPLE_OF: dict[str, Callable[[Any], str]] = {
    "identities": lambda row: f"{row.get_kind_display()}: {row.value} ({row.get_assurance_display()})",
    "interactions": lambda row: f"{row.started_at:%Y-%m-%d} {row.get_channel_display()} {row.subject}".strip(),
    "cases": str,
    "preferences": lambda row: f"{row.topic}: {row.value}",
    "consents": lambda row: f"{row.purpose}: {row.get_state_display()}",
    "purchases": lambda row: f"{row.reference} {row.amount} {row.currency}",
    "notes": lambda row: str(row.body)[:80],
}


def _refusals(survivor: Customer, merged: Customer, by: User) -> list[str]:
    refusals = []
    if survivor.pk == merged.pk:
        refusals.append(_("These are one customer already."))
    if survivor.erased_at is not None or merged.erased_at is not None:
        refusals.append(_("One of the two was erased; an erased customer cannot be merged."))
    if by.kind == UserKind.SERVICE and not machine_may_merge(survivor, merged):
        refusals.append(_("A machine may not merge these two; a person may."))
    return refusals


def _warnings(survivor: Customer, merged: Customer) -> list[str]:
    proven = _proven(survivor, merged)
    of_survivor = [identity for identity in proven if identity.customer_id == survivor.pk]
    of_merged = [identity for identity in proven if identity.customer_id == merged.pk]
    warnings = []
    for kind in sorted({identity.kind for identity in of_survivor} & {identity.kind for identity in of_merged}):
        label = next(identity.get_kind_display() for identity in proven if identity.kind == kind)
        warnings.append(
            _("Both proved who they are by a different %(kind)s. They are probably two people.") % {"kind": label}
        )
    if of_survivor and of_merged and not warnings:
        warnings.append(_("Both proved who they are, each by another address. Make sure that they are one person."))
    if survivor.name and merged.name and survivor.name.casefold() != merged.name.casefold():
        warnings.append(_("Their names differ."))
    return warnings
