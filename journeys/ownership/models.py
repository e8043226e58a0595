"""Where contacts come from, and who can do something about it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.models import User
from interactions.models import ContactReason


class Department(PublicModel):
    """A part of the business that causes contacts and can stop causing them."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.name


class Touchpoint(PublicModel):
    """A place where customers meet the business: an invoice, a delivery, a sign-up page."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="touchpoints")

    def __str__(self) -> str:
        return self.name


class ReasonTouchpoint(models.Model):
    """The touchpoint that makes customers contact us for a reason."""

    reason = models.OneToOneField(ContactReason, on_delete=models.CASCADE, related_name="+")
    touchpoint = models.ForeignKey(Touchpoint, on_delete=models.PROTECT, related_name="reasons")
