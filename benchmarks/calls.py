"""How long somebody on the line waits for what they hear next."""

import json
import subprocess
import sys
from typing import Final

from benchmarks.doors import SECRET, program, wait_for
from benchmarks.figures import Figure, percentile, tell
from ccx.embedded.ports import a_free_port
from ccx.kernel.events.months import ensure_partitions
from interactions.calls.services import keep_flow
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.registry import webhook_url
from interactions.channels.services import keep_credentials
from interactions.models import Interaction, IvrFlow, Queue

SECONDS: Final = 20
STARTS: Final = 10
FLOW: Final = {
    "start": "menu",
    "steps": {
        "menu": {"kind": "menu", "text": "For service press 1.", "choices": {"1": "service"}, "otherwise": "service"},
        "service": {"kind": "queue"},
    },
}


def answers(size: int) -> None:
    """Ten calls begin a second, and fifty run: what they hear next, from the request to the end of the answer."""
    ensure_partitions()
    known = IvrFlow.objects.filter(name="Benchmarks").first()
    flow = keep_flow(name="Benchmarks", definition=FLOW, flow_id=known.pk if known else None, by=None)
    inbox, _ = Inbox.objects.update_or_create(
        name="Telephone of benchmarks",
        defaults={"channel": Channel.VOICE, "flow": flow, "default_queue": Queue.objects.order_by("pk").first()},
    )
    keep_credentials(inbox_id=inbox.pk, credentials={"auth_token": SECRET}, by=None)
    base = f"http://127.0.0.1:{a_free_port()}"
    port = base.rpartition(":")[2]
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", port]
    web += ["--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "error", "ccx.wsgi:application"]
    with program(*web):
        wait_for(f"{base}/in/{inbox.public_id}/")
        url = f"{webhook_url(inbox)}voice/"
        asked = [sys.executable, "-m", "benchmarks.call_client", url, base, SECRET, str(SECONDS), str(STARTS)]
        done = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=SECONDS + 120)
    told = json.loads(done.stdout.splitlines()[-1])
    if told["refused"]:
        raise RuntimeError(f"{told['refused']} requests were refused")
    ended = Interaction.objects.filter(inbox=inbox, closed_at__isnull=False).count()
    note = f"{told['most']} calls at once, {len(told['took'])} answers, {ended} of {told['calls']} calls ended"
    slowest = percentile(told["took"], 0.99) * 1000
    tell(Figure(name="call_answers_p99", size=size, value=slowest, unit="ms", bar=300, note=note))
