"""What a question for figures may be refused for."""

from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError


class UnknownKpiError(DomainError):
    """No figure has this name."""

    code = "unknown_kpi"
    status = 400

    def __init__(self, key: str) -> None:
        super().__init__(_("No figure is called “%(key)s”.") % {"key": key}, key=key)


class InvalidPeriodError(DomainError):
    """The period ends before it starts, or is no period."""

    code = "invalid_period"
    status = 400


class UnknownFilterError(DomainError):
    """A filter names something that does not exist."""

    code = "unknown_filter"
    status = 400


class FiguresAreHiddenError(DomainError):
    """This person may not see figures."""

    code = "not_found"
    status = 404
