"""A provider of mailboxes that asks people for consent and trades codes for tokens, on this machine."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.factories.webservers import Heard, Said, stand_in


@dataclass
class IdentityProvider:
    """It trades a code once, with the verifier whose challenge it was asked with, and judges what else a real one does.

    `instead` is what it answers to the next trade, `claims` what its ID token says otherwise.
    """

    secret: str = "s3cret"
    url: str = ""
    instead: Said | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    trades: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refreshing: set[str] = field(default_factory=set)
    given: int = 0

    def settings(self) -> dict[str, str]:
        """What a line has to be told of it."""
        return {
            "provider": "other",
            "client_id": "app",
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "scope": "mail openid email",
        }

    def consent(self, asked: Mapping[str, str], *, account: str = "help@ccx.test") -> str:
        """Somebody says yes; the address, without its host, to which they are sent back."""
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = {**asked, "account": account}
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?{urlencode({'code': code, 'state': asked['state'], 'session_state': 'x'})}"

    def takes_back(self) -> None:
        """No token that was given is taken any more."""
        self.refreshing.clear()

    def answer(self, heard: Heard) -> Said:
        if heard.path.startswith("/authorize"):
            asked = {name: values[0] for name, values in parse_qs(urlsplit(heard.path).query).items()}
            site = asked["redirect_uri"].partition("/settings/")[0]
            return Said(302, headers={"location": site + self.consent(asked)})
        told = dict(parse_qsl(heard.body.decode()))
        if told["grant_type"] == "refresh_token":
            return self._tokens({}) if told["refresh_token"] in self.refreshing else refusal("invalid_grant")
        self.trades.append(told)
        if self.instead is not None:
            return self.instead
        asked = self.codes.pop(told["code"], {})
        made = hashlib.sha256(told["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
        if (told["client_id"], told.get("client_secret")) != ("app", self.secret):
            return refusal("invalid_client", 401)
        if asked.get("code_challenge") != challenge or asked["redirect_uri"] != told["redirect_uri"]:
            return refusal("invalid_grant")
        return self._tokens(asked)

    def _tokens(self, asked: Mapping[str, str]) -> Said:
        self.given += 1
        refresh = f"refresh-{self.given}"
        self.refreshing.add(refresh)
        tokens = {"access_token": f"access-{self.given}", "refresh_token": refresh, "expires_in": 3600}
        if asked:
            claims = {"aud": "app", "nonce": asked["nonce"], "email": asked["account"], **self.claims}
            part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
            tokens["id_token"] = f"e30.{part}.c2ln"
        return Said(body=json.dumps(tokens).encode())


def refusal(code: str, status: int = 400) -> Said:
    return Said(status, json.dumps({"error": code, "error_description": "no"}).encode())


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """One that may be called, gone afterwards."""
    provider = IdentityProvider()
    with stand_in(provider.answer) as server:
        provider.url = server.url
        yield provider
