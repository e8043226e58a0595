"""The parts of the business that somebody can own, and the word under which ownership gives grants."""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# What `Grant.rule` says of a grant that the map gave.
RULE: Final = "ownership"


class PartKind(TextChoices):
    """By what the business is cut: who runs it, which way customers go, what they want to get done."""

    DEPARTMENT = "department", _("Department")
    JOURNEY = "journey", _("Journey")
    JOB = "job", _("Job to be done")
