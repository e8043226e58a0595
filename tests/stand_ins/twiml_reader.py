"""Reads TwiML as a telephone company does: well-formed, known verbs in known places, or nothing at all."""

from dataclasses import dataclass, field
from xml.etree import ElementTree

SPOKEN = {"Say", "Play", "Pause"}
# Every verb a response may hold, and the nouns in it (None: words).
VOICE: dict[str, set[str]] = {
    "Say": {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"},
    "Play": set(),
    "Pause": set(),
    "Gather": SPOKEN,
    "Dial": {"Number", "Client", "Conference", "Queue", "Sim", "Sip", "Application", "WhatsApp"},
    "Enqueue": {"Task"},
    "Leave": set(),
    "Record": set(),
    "Redirect": set(),
    "Hangup": {"Parameter"},
    "Reject": {"Parameter"},
    "Connect": {"Stream", "Room", "Autopilot", "Conversation", "VirtualAgent", "ConversationRelay"},
    "Start": {"Stream", "Siprec", "Recording", "Transcription"},
    "Stop": {"Stream", "Siprec", "Recording", "Transcription"},
    "Pay": {"Prompt", "Parameter"},
    "Refer": {"Sip", "ReferSip"},
    "Sms": set(),
    "Message": {"Body", "Media"},
}
ATTRIBUTES: dict[str, set[str]] = {
    "Enqueue": {"action", "method", "waitUrl", "waitUrlMethod", "workflowSid", "maxQueueSize"},
    "Pause": {"length"},
    "Play": {"loop", "digits"},
    "Hangup": set(),
    "Leave": set(),
}


class NotTwimlError(Exception):
    """Twilio would hang up with error 12100 or 12200."""


@dataclass
class Verb:
    """One verb or noun."""

    name: str
    text: str
    attributes: dict[str, str]
    inner: list["Verb"] = field(default_factory=list)


def read_twiml(text: str | bytes) -> list[Verb]:
    """The verbs of a response. Raises NotTwimlError."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise NotTwimlError(str(error)) from error
    if root.tag != "Response":
        raise NotTwimlError(f"the root is {root.tag}")
    verbs = [_verb(element) for element in root]
    for verb in verbs:
        if verb.name not in VOICE:
            raise NotTwimlError(f"there is no verb {verb.name}")
        for noun in verb.inner:
            if noun.name not in VOICE[verb.name]:
                raise NotTwimlError(f"{verb.name} holds no {noun.name}")
        strange = set(verb.attributes) - ATTRIBUTES.get(verb.name, set(verb.attributes))
        if strange:
            raise NotTwimlError(f"{verb.name} knows no {strange}")
    return verbs


def _verb(element: ElementTree.Element) -> Verb:
    return Verb(
        name=element.tag,
        text=(element.text or "").strip(),
        attributes=dict(element.attrib),
        inner=[_verb(child) for child in element],
    )
