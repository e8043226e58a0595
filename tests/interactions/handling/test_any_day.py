"""Whatever a day on the floor brings, in whatever order: what must always hold, holds."""

from contextlib import suppress
from datetime import timedelta
from random import Random

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ccx.kernel.errors import DomainError
from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import Channel
from interactions.handling import services as handling
from interactions.handling.models import PresenceState, Sending
from interactions.models import AgentDesk, Interaction, Offer, Queue, Segment
from interactions.routing.models import OfferEnd
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import arrive
from tests.factories.floor import Floor
from tests.factories.sandboxes import sandbox

GAPS = (0, 1, 5, 20, 31, 61, 121, 400, 1000, 4000)
BOUNDS = (59, 11, 11, len(GAPS) - 1)


class Day(Floor):
    """A centre of two agents and its clock."""

    def __init__(self, centre: Centre) -> None:
        self.now = timezone.now() - timedelta(days=3)
        self.centre = centre
        self.number = 0
        self.queues = [centre.queue, Queue.objects.create(name="Second", team=centre.team, offer_seconds=10)]
        self.agents = [centre.alice, centre.bob]
        self.boss = centre.alice
        self.reasons = [centre.reason, None]
        self.deeds = (
            self.write, self.write, self.write, self.write, self.call, self.answer, self.answer, self.sit, self.sit,
            self.offers, self.offers, self.decline, self.decline, self.reply, self.reply, self.put_off, self.hold,
            self.transfer, self.wrap_up, self.close, self.close, self.abandon, self.presence, self.take_back,
            self.let_time_pass, self.let_time_pass, self.hear_customers, self.fail_to_send, self.leave, self.silence,
        )  # fmt: skip

    def tell(self, steps: list[tuple[int, ...]]) -> None:
        for deed, about, how, gap in steps:
            self.now += timedelta(seconds=GAPS[gap])
            with suppress(DomainError, ObjectDoesNotExist):
                self.deeds[deed % len(self.deeds)](about, how)
            self.check()

    def write(self, about: int, how: int) -> None:
        self.number += 1
        line = self.centre.chat if how % 4 == 0 else self.centre.email
        arrive(line, f"w{self.number}", thread_token=f"t{about % 5}", occurred_at=self.now)

    def call(self, about: int, how: int) -> None:
        self.number += 1
        arrive(self.centre.voice, f"v{self.number}", body="", occurred_at=self.now, priority=how % 3)

    def sit(self, about: int, how: int) -> None:
        handling.set_presence(agent=self.agent(about), state=PresenceState.AVAILABLE, at=self.now, by=None)
        handling.hear_agent(agent=self.agent(about), now=self.now)

    def offers(self, about: int, how: int) -> None:
        """A pass never gives anybody more than fits."""
        before = self.loads()
        handling.offer_waiting_work(now=self.now)
        for agent_id, load in self.loads().items():
            capacity = AgentDesk.objects.get(agent_id=agent_id).capacity
            assert load <= max(capacity, before.get(agent_id, 0))

    def leave(self, about: int, how: int) -> None:
        handling.agent_gone(agent=self.agent(about), now=self.now)

    def silence(self, about: int, how: int) -> None:
        handling.end_silence(self.now)

    def loads(self) -> dict[int, int]:
        """What is on each desk; a call fills it."""
        found: dict[int, int] = {}
        for desk in AgentDesk.objects.all():
            in_hand = Q(agent_id=desk.agent_id, status__in=["active", "wrap_up"])
            rings = Q(pk__in=Offer.objects.ringing().filter(agent_id=desk.agent_id).values("interaction_id"))
            channels = list(Interaction.objects.filter(in_hand | rings).values_list("channel", flat=True))
            calls = channels.count(Channel.VOICE)
            found[desk.agent_id] = len(channels) - calls + calls * desk.capacity
        return found

    def check(self) -> None:
        """What must hold after every deed."""
        running = Segment.objects.filter(ended_at__isnull=True)
        many = running.values("interaction").annotate(n=Count("pk")).filter(n__gt=1)
        assert not many.exists()
        closed = Q(interaction__status=InteractionStatus.CLOSED) | Q(interaction__status=InteractionStatus.PENDING)
        assert not running.filter(closed).exists()
        ringing = Offer.objects.ringing()
        assert not ringing.values("interaction").annotate(n=Count("pk")).filter(n__gt=1).exists()
        assert not ringing.exclude(interaction__status=InteractionStatus.WAITING).exists()
        open_ones = Interaction.objects.exclude(status=InteractionStatus.CLOSED)
        assert not open_ones.filter(agent=None, queue=None).exists()
        owned = [InteractionStatus.ACTIVE, InteractionStatus.PENDING, InteractionStatus.WRAP_UP]
        assert not Interaction.objects.filter(status__in=owned, agent=None).exists()
        ticking = open_ones.exclude(status=InteractionStatus.PENDING).exclude(pk__in=running.values("interaction"))
        assert not ticking.exists()
        assert not Sending.objects.filter(state="sent", sent_at=None).exists()


FEW = settings(
    max_examples=12,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_after_any_deeds_of_a_day_what_must_hold_holds(db: None) -> None:
    reached: set[str] = set()

    @FEW
    @given(seed=st.integers(0, 10**6))
    def any_day(seed: int) -> None:
        chance = Random(seed)
        with sandbox():
            Day(make_centre()).tell([tuple(chance.randint(0, bound) for bound in BOUNDS) for _ in range(70)])
            reached.update(Offer.objects.values_list("end", flat=True))
            reached.update(Interaction.objects.values_list("status", flat=True))

    any_day()

    assert {*OfferEnd.values, *InteractionStatus.values} <= reached
