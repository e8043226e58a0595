"""Conversations: what customer and agent say to each other about a reason, in the customer's language."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ccx.demo.people import Person
from ccx.demo.words import Words, reasons, words
from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind
from interactions.channels.choices import Channel
from interactions.channels.contact import PastMessage

Turn = tuple[AuthorKind, str]
AGAIN = {
    "en": ["I wrote to you about this on {before} already. ", "Second attempt: ", "Me again. ",
           "As I told your colleague on {before}: "],
    "de": ["Ich habe mich deswegen schon am {before} gemeldet. ", "Zweiter Versuch: "],
    "fr": ["Je vous ai déjà écrit le {before}. ", "Je reviens vers vous : "],
    "es": ["Ya les escribí el {before}. ", "Lo intento otra vez: "],
}  # fmt: skip
GREETINGS = ("Hello {first}, {agent} from Fernwood here.", "Hi {first}, my name is {agent}. Thanks for waiting.")
CLOSINGS = ("Is there anything else I can do for you?", "I have noted everything, so nobody has to ask you again.")
BOT = "Hello! I am the Fernwood assistant. I am fetching somebody for you; you can already write what it is about."
FAREWELLS = ("No, that was all. Bye!", "That is all, thank you very much.", "No thanks, have a nice day 🙂")


@dataclass
class Issue:
    """What one customer wants: it may take several contacts."""

    person: Person | None
    reason: str
    details: dict[str, str]
    attempts: int = 0
    calls_lost: int = 0
    last_at: datetime | None = None
    last_channel: Channel | None = None
    thread: str = ""

    @property
    def leaf(self) -> Words:
        return reasons()[self.reason]


@dataclass
class Scene:
    """Who speaks when: the moments a conversation has to fit into."""

    channel: Channel
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    agents: list[User] = field(default_factory=list)
    is_long: bool = False


class Talk:
    """Writes conversations."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def issue(self, person: Person | None, reason: str, at: datetime) -> Issue:
        """A new issue with its details: what was bought, for how much, when it is due."""
        rng = self.rng
        item, price = rng.choice(words("people")["items"])
        amount = price * rng.choice([1, 1, 2])
        money = person.money if person else lambda value: f"£{value:.2f}"
        details = {
            "order": f"FW-{rng.randint(51000, 98999)}",
            "item": item,
            "thing": item.split()[-1],
            "amount": money(amount),
            "fee": money(rng.choice([4.9, 7.5, 12.0])),
            "carrier": rng.choice(words("people")["carriers"]),
            "city": person.city if person else "Leeds",
            "street": person.street if person else "4 Mill Lane",
            "company": (person.company if person else "") or rng.choice(words("people")["companies"]),
            "name": person.name if person else "a caller",
            "first": person.given if person else "there",
            "date": f"{at - timedelta(days=rng.randint(3, 12)):%d.%m.}",
            "later": f"{at + timedelta(days=rng.randint(2, 6)):%d.%m.}",
            "number": str(rng.randint(110, 980)),
            "voucher": f"a voucher over {money(10)}",
            "before": "",
            "agent": "",
        }
        return Issue(person, reason, details)

    def subject(self, issue: Issue) -> str:
        """A line that says what it is about."""
        return self._fill(self._script(issue)["subjects"], issue)

    def opening(self, issue: Issue) -> str:
        """The first thing the customer says."""
        text = self._fill(self._script(issue)["openings"], issue)
        if not issue.attempts or issue.last_at is None:
            return text
        issue.details["before"] = f"{issue.last_at:%d.%m.}"
        again = AGAIN.get(self._language(issue))
        return self._fill(again, issue) + text if again else text

    def messages(self, issue: Issue, scene: Scene) -> tuple[PastMessage, ...]:
        """The whole conversation of one contact that an agent answered, and the note left behind."""
        agent = scene.agents[0]
        issue.details["agent"] = agent.name.split()[0]
        is_spoken = scene.channel == Channel.VOICE
        told: list[PastMessage] = []
        if not is_spoken or self.rng.random() < 0.3:
            turns = self._turns(issue, scene)
            told += self._timed(turns, scene)
        if is_spoken or self.rng.random() < 0.3:
            told.append(self._note(issue, scene, scene.agents[-1]))
        return tuple(told)

    def lost(self, issue: Issue, scene: Scene) -> tuple[PastMessage, ...]:
        """What is left of a contact that nobody answered."""
        if scene.channel == Channel.VOICE:
            return ()
        bot = PastMessage(author_kind=AuthorKind.BOT, body=BOT, sent_at=scene.started_at)
        return (
            bot,
            PastMessage(author_kind=AuthorKind.CUSTOMER, body=self.opening(issue), sent_at=scene.started_at),
        )

    def _language(self, issue: Issue) -> str:
        language = issue.person.language if issue.person else "en"
        return language if language in words("languages") else "en"

    def _script(self, issue: Issue) -> dict[str, Any]:
        language = self._language(issue)
        if language == "en":
            return dict(issue.leaf)
        scripts = words("languages")[language]
        found = scripts.get(issue.leaf["group"], scripts["any"])
        return dict(found)

    def _fill(self, lines: list[str] | tuple[str, ...], issue: Issue) -> str:
        text = self.rng.choice(lines).format_map(issue.details)
        return text[:1].upper() + text[1:]

    def _turns(self, issue: Issue, scene: Scene) -> list[Turn]:
        script, rng = self._script(issue), self.rng
        agent, customer = AuthorKind.AGENT, AuthorKind.CUSTOMER
        is_live = scene.channel in {Channel.CHAT, Channel.VOICE}
        is_english = self._language(issue) == "en"
        turns: list[Turn] = [(customer, self.opening(issue))]
        if is_live and is_english:
            turns.append((agent, self._fill(GREETINGS, issue)))
        if scene.is_long and is_english:
            scenes = words("people")["small_talk"]
            for place in sorted(rng.sample(range(len(scenes)), k=rng.randint(3, len(scenes)))):
                turns += [(customer if number % 2 else agent, line) for number, line in enumerate(scenes[place])]
        turns.append((agent, self._fill(script["answers"], issue)))
        if is_live or scene.is_long or rng.random() < 0.45:
            followup = rng.randrange(len(script["followups"]))
            turns.append((customer, self._fill(script["followups"][followup : followup + 1], issue)))
            reply = min(followup, len(script["replies"]) - 1)
            turns.append((agent, self._fill(script["replies"][reply : reply + 1], issue)))
        if is_live and is_english and rng.random() < 0.6:
            turns += [(agent, self._fill(CLOSINGS, issue)), (customer, rng.choice(FAREWELLS))]
        return turns

    def _timed(self, turns: list[Turn], scene: Scene) -> list[PastMessage]:
        """The opening when it came, the rest spread between answer and end."""
        answered = scene.answered_at or scene.ended_at
        step = (scene.ended_at - answered) / max(len(turns) - 1, 1)
        told = []
        if scene.channel == Channel.CHAT:
            told.append(PastMessage(author_kind=AuthorKind.BOT, body=BOT, sent_at=scene.started_at))
        for place, (kind, body) in enumerate(turns):
            at = scene.started_at if place == 0 else answered + step * (place - 1)
            if place == 0 and scene.channel == Channel.CHAT:
                at += timedelta(seconds=9)
            is_late = place > len(turns) // 2
            author = scene.agents[-1 if is_late else 0]
            told.append(
                PastMessage(
                    author_kind=kind,
                    body=body,
                    sent_at=min(at, scene.ended_at).replace(microsecond=0),
                    author_id=author.pk if kind == AuthorKind.AGENT else None,
                )
            )
        return told

    def _note(self, issue: Issue, scene: Scene, author: User) -> PastMessage:
        text = self._fill(issue.leaf["notes"], issue)
        if scene.channel == Channel.VOICE:
            text = f"{issue.details['name']}, {issue.details['order']}: {issue.leaf['name'].lower()}. {text}"
        return PastMessage(
            author_kind=AuthorKind.AGENT, body=text, sent_at=scene.ended_at, author_id=author.pk, is_note=True
        )
