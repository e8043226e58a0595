"""The rules about cases and reasons that say no."""

from ccx.kernel.errors import DomainError


class ReasonTreeHasCycleError(DomainError):
    """A reason cannot stand below itself."""

    code = "reason_tree_has_cycle"
