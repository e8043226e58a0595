"""The rules about people that say no."""

from ccx.kernel.errors import DomainError


class NotAllowedError(DomainError):
    """You may not change this."""

    code = "not_allowed"
    status = 403


class LastAdministratorError(DomainError):
    """The last administrator cannot be removed."""

    code = "last_administrator"


class EmailTakenError(DomainError):
    """Somebody has this e-mail address already."""

    code = "email_taken"


class TeamNameTakenError(DomainError):
    """A team has this name already."""

    code = "team_name_taken"


class TeamHasPeopleError(DomainError):
    """This team still has people."""

    code = "team_has_people"


class ServiceUserHasNoPasswordError(DomainError):
    """A service user acts through API keys and never signs in."""

    code = "service_user_has_no_password"


class AccountIsClosedError(DomainError):
    """This account is closed."""

    code = "account_is_closed"


class GrantTargetUnknownError(DomainError):
    """What the grant names does not exist."""

    code = "grant_target_unknown"


class GrantIsByRuleError(DomainError):
    """This was given by what the person owns. It ends when the ownership does."""

    code = "grant_is_by_rule"


class InviteIsNotValidError(DomainError):
    """This link does not work any more."""

    code = "invite_is_not_valid"
    status = 404
