"""Customers and all we know of them: identities, preferences, consent, purchases, notes, merges."""

from typing import Self

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability, GrantScope
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, ConsentState, IdentityKind, shown_identity, source_words


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: User) -> Self:
        """Customers with at least one contact the user may see; all for those who see everything."""
        if not user.can(Ability.SEE_CUSTOMERS):
            return self.none()
        if user.sees_everything:
            return self
        seen = Q(interactions__team_id__in=user.granted(GrantScope.TEAM))
        seen |= Q(interactions__queue_id__in=user.granted(GrantScope.QUEUE))
        seen |= Q(interactions__reason_id__in=user.granted(GrantScope.REASON))
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))

    def current(self) -> Self:
        """Customers that have not been merged into another."""
        return self.filter(merged_into__isnull=True)


class Customer(PublicModel):
    """A person. A customer merged into another stays as a signpost; an erased one stays as a number."""

    name = models.CharField(_("name"), max_length=200, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged_from")
    erased_at = models.DateTimeField(null=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_is_not_merged_into_itself", condition=~Q(merged_into=models.F("id"))),
        ]
        indexes = [
            # Finding a person by the start of the name.
            models.Index(OpClass(Lower("name"), name="text_pattern_ops"), name="customer_by_name"),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return str(_("Erased customer"))
        return self.name or str(_("Unnamed customer"))


class Identity(models.Model):
    """One address of a customer on one kind of channel, and how sure we are of it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=12, choices=IdentityKind.choices)
    value = models.CharField(max_length=254, help_text="Normalised: lower-case mail, E.164 phone.")
    assurance = models.PositiveSmallIntegerField(choices=Assurance.choices, default=Assurance.CLAIMED)
    source = models.CharField(max_length=60, blank=True, help_text="What attested or proved it.")
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identity_belongs_to_one_customer")]
        indexes = [
            # Finding a person by an address of any kind, or by the last digits of a phone number.
            models.Index(OpClass("value", name="text_pattern_ops"), name="identity_by_value"),
            models.Index(
                OpClass(Reverse("value"), name="text_pattern_ops"),
                name="identity_phone_by_ending",
                condition=Q(kind="phone"),
            ),
        ]
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return self.value

    @property
    def shown(self) -> str:
        """For people: the address, or whose it is."""
        return shown_identity(self.kind, self.value, name=lambda: self.customer.name)

    @property
    def source_words(self) -> str:
        return source_words(self.source)


class Preference(models.Model):
    """What a customer prefers on one topic (channel, language, time of day), and how we know."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="preferences")
    topic = models.CharField(max_length=40)
    value = models.CharField(max_length=120)
    source = models.CharField(max_length=60)
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "topic"], name="preference_once_per_topic")]

    @property
    def source_words(self) -> str:
        return source_words(self.source)


class Consent(models.Model):
    """What a customer allowed or took back; the newest row of a purpose and channel holds."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=40)
    channel = models.PositiveSmallIntegerField(choices=Channel.choices, null=True)
    state = models.CharField(max_length=9, choices=ConsentState.choices)
    source = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)

    @property
    def source_words(self) -> str:
        return source_words(self.source)


class ToldApartQuerySet(models.QuerySet["ToldApart"]):
    def visible_to(self, user: User) -> Self:
        """Pairs of which the user may see both."""
        seen = Customer.objects.visible_to(user).values("pk")
        return self.filter(one__in=seen, other__in=seen)

    def of(self, customer: Customer) -> Self:
        """The pairs that this customer is one of."""
        return self.filter(Q(one=customer) | Q(other=customer))

    def between(self, first: Customer, second: Customer) -> Self:
        """The pair of these two, in whatever order; one row or none."""
        one, other = sorted((first.pk, second.pk))
        return self.filter(one=one, other=other)


class ToldApart(models.Model):
    """Two customers who look alike, and of whom a person said that they are not the same; the older row comes first."""

    one = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    objects = ToldApartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="told_apart_once"),
            models.CheckConstraint(condition=Q(one__lt=models.F("other")), name="told_apart_in_order"),
        ]
        verbose_name_plural = "told apart"


class Purchase(models.Model):
    """Something a customer bought, told by the shop."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="purchases")
    reference = models.CharField(max_length=80)
    description = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    purchased_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reference"], name="purchase_reference_once")]
        indexes = [models.Index(fields=["customer", "-purchased_at"], name="purchases_of_customer")]


class CustomerNote(models.Model):
    """What we want to remember about a customer; only we see it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)


class CustomerMergeQuerySet(models.QuerySet["CustomerMerge"]):
    def visible_to(self, user: User) -> Self:
        """Merges into customers the user may see, for those who may merge."""
        if not user.can(Ability.MERGE_CUSTOMERS):
            return self.none()
        return self.filter(survivor__in=Customer.objects.visible_to(user))

    def standing(self) -> Self:
        """Merges that have not been undone."""
        return self.filter(undone_at__isnull=True)


class CustomerMerge(PublicModel):
    """Two customers found to be one, and the journal that lets it be undone exactly."""

    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    merged = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    journal = models.JSONField(
        default=dict, help_text="Per table the ids that moved; per field of the survivor what stood there before."
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = CustomerMergeQuerySet.as_manager()

    class Meta:
        constraints = [
            # A customer is merged away once at a time; undoing frees it.
            models.UniqueConstraint(
                fields=["merged"], name="customer_has_one_standing_merge", condition=Q(undone_at__isnull=True)
            ),
            models.CheckConstraint(
                name="merge_undone_at_iff_undone_by",
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
            ),
        ]
