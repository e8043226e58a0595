"""Forms of the map and of the cost rates."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from ccx.kernel.models import User
from interactions.channels.choices import Channel
from journeys.models import Department, JobToBeDone, Journey, Touchpoint
from journeys.ownership.selectors import (
    departments_to_choose,
    editable_touchpoints,
    jobs_to_choose,
    journeys_to_choose,
    possible_owners,
)


class PartForm(forms.Form):
    """A department, a journey or a job."""

    name = forms.CharField(label=_("Name"), max_length=120)
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("Nobody yet"),
        help_text=_("Sees the contacts of every reason that belongs to it. Experience owners and administrators."),
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_from(self, "owner", possible_owners(viewer))


class TouchpointForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), to_field_name="public_id"
    )
    journey = forms.ModelChoiceField(
        label=_("Journey"),
        queryset=Journey.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("None"),
    )

    def __init__(self, *args: Any, viewer: User, current: Touchpoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_from(self, "department", departments_to_choose(viewer))
        journeys = journeys_to_choose(viewer)
        if current is not None and current.journey_id:
            journeys = journeys | Journey.objects.filter(pk=current.journey_id).order_by("name")
        _choose_from(self, "journey", journeys)


class PlaceForm(forms.Form):
    """Where a reason belongs."""

    touchpoint = forms.ModelChoiceField(
        label=_("Touchpoint"),
        queryset=Touchpoint.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("Not on the map"),
    )
    job = forms.ModelChoiceField(
        label=_("Job to be done"),
        queryset=JobToBeDone.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=_("None"),
    )
    with_below = forms.BooleanField(label=_("Also the unmapped reasons below it"), required=False)

    def __init__(self, *args: Any, viewer: User, job: JobToBeDone | None = None, below: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = _choose_from(self, "touchpoint", editable_touchpoints(viewer))
        # Under their departments; the field itself would list them flat.
        groups: dict[str, list[tuple[str, str]]] = {}
        for touchpoint in editable_touchpoints(viewer):
            groups.setdefault(touchpoint.department.name, []).append((str(touchpoint.public_id), touchpoint.name))
        nowhere = _("Not on the map") if self.prefix else _("Choose a touchpoint")
        field.widget.choices = [("", nowhere), *groups.items()]
        jobs = jobs_to_choose(viewer)
        if job is not None:
            jobs = jobs | JobToBeDone.objects.filter(pk=job.pk).order_by("name")
        _choose_from(self, "job", jobs)
        if not below:
            del self.fields["with_below"]


class RateForm(forms.Form):
    """A cost rate from a day on. `is_past_meant` is asked for when the day lies in the past."""

    channel = forms.TypedChoiceField(label=_("Channel"), required=False, empty_value=None, coerce=Channel.from_slug)
    from_day = forms.DateField(label=_("From this day on"), widget=forms.DateInput(attrs={"type": "date"}))
    per_hour = forms.DecimalField(
        label=_("Per hour of handling"),
        max_digits=9,
        decimal_places=2,
        min_value=0,
        help_text=_("Pay, on-costs and seat of an hour, divided by the share of it that is productive."),
    )
    per_contact = forms.DecimalField(
        label=_("Per contact"),
        max_digits=9,
        decimal_places=2,
        min_value=0,
        initial=0,
        help_text=_("What a contact costs whoever handles it: line, message, licence."),
    )
    is_past_meant = forms.BooleanField(
        label=_("Count the contacts since then anew"),
        required=False,
        help_text=_("Needed for a day in the past: figures since then change, once they have been counted again."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["channel"])
        field.choices = [("", _("All channels")), *((channel.slug, channel.label) for channel in Channel)]


def _choose_from(form: forms.Form, name: str, rows: Any) -> "forms.ModelChoiceField[Any]":
    field = cast("forms.ModelChoiceField[Any]", form.fields[name])
    field.queryset = rows
    return field
