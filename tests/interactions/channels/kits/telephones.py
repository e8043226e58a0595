"""Telephones bring no messages and send none: they tell of calls, and calls have tests of their own."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from interactions.channels.choices import Channel
from interactions.channels.contract import Line
from tests.interactions.channels.kit import Kit, Wire

FORM = "application/x-www-form-urlencoded"


class TwilioVoiceKit(Kit):
    channel = Channel.VOICE
    address = "+441134960100"
    settings: Mapping[str, object] = {"account_sid": "AC1", "api_key_sid": "SK1"}
    secrets = {"auth_token": "a token of nobody", "api_key_secret": "another secret"}
    sends = False

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        pairs = dict(pair.split("=") for pair in wire.body.decode().split("&") if "=" in pair)
        told = RequestValidator(line.secrets["auth_token"]).compute_signature(url, pairs)
        return wire.signed(x_twilio_signature=told)

    def unknown(self) -> Wire:
        body = urlencode({"CallSid": "CA1", "CallStatus": "teleported"}).encode()
        return Wire(body=body, content_type=FORM, path="voice/status/")

    def malformed(self) -> Wire:
        return Wire(body=b"Nothing=1", content_type=FORM, path="voice/status/")


class CtiKit(Kit):
    channel = Channel.VOICE
    provider = "cti"
    secrets = {"secret": "of the telephone system"}
    sends = False

    def _sign(self, wire: Wire, line: Line, stamp: int) -> Wire:
        signed = f"{stamp}.".encode() + wire.body
        told = hmac.new(line.secrets["secret"].encode(), signed, hashlib.sha256).hexdigest()
        return wire.signed(x_ccx_signature=told, x_ccx_timestamp=str(stamp))

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        return self._sign(wire, line, int(time.time()))

    def stale(self, wire: Wire, line: Line, url: str) -> Wire:
        return self._sign(wire, line, int(time.time()) - 600)

    def unknown(self) -> Wire:
        return Wire(body=b'{"event": "parked", "call_id": "c1"}')


KITS = (TwilioVoiceKit(), CtiKit())
