"""Menus as those who configure the centre keep them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from interactions.calls.flows import check_flow
from interactions.calls.models import IvrFlow
from interactions.routing.models import Queue


@transaction.atomic
def keep_flow(
    *, name: str, definition: Mapping[str, Any], language: str = "en", flow_id: int | None = None, by: User | None
) -> IvrFlow:
    """Make a flow, or change one. Raises FlowIsWrongError with everything that is wrong with it."""
    require_configure(by)
    queues = {one for names in Queue.objects.values_list("public_id", "name") for one in map(str, names)}
    check_flow(definition, queues=frozenset(queues))
    flow = IvrFlow.objects.select_for_update().get(pk=flow_id) if flow_id is not None else IvrFlow()
    flow.name, flow.definition, flow.language = name, dict(definition), language
    flow.changed_at = timezone.now()
    flow.save()
    return flow
