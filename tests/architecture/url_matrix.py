"""Who gets what at every address. An address without a row fails the build; a row is one line.

`row(...)` names the status for strangers (`anonymous`) and what everybody signed in gets unless named. `of` is the
object (by its name in `Cast.objects`) whose public id stands in the address; `ids` gives other parts of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = (
    "anonymous",
    "agent",
    "supervisor",
    "quality_analyst",
    "experience_owner",
    "administrator",
    "key",  # an integration's key without a scope
    "stranger",  # a supervisor of another team
    "disabled",  # somebody whose account was closed while signed in
)
TO_SIGN_IN = 302
NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True)
class Row:
    """What each role gets, by method and address."""

    statuses: Mapping[str, int]
    method: str = "get"
    of: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    # A page for strangers by design: nothing of it depends on who asks.
    is_public: bool = False


def row(
    *,
    anonymous: int = TO_SIGN_IN,
    signed_in: int = NOT_FOUND,
    method: str = "get",
    of: str = "",
    ids: Mapping[str, str] | None = None,
    **by_role: int,
) -> Row:
    """A page behind the sign-in. Keys and closed accounts are strangers to it unless named."""
    statuses = dict.fromkeys(ROLES, signed_in)
    statuses |= {"anonymous": anonymous, "key": anonymous, "disabled": anonymous} | by_role
    return Row(statuses=statuses, method=method, of=of, ids=ids or {})


def public(status: int = 200, *, method: str = "get", ids: Mapping[str, str] | None = None, **by_role: int) -> Row:
    """The same for everybody, but for the roles named."""
    statuses = dict.fromkeys(ROLES, status) | by_role
    return Row(statuses=statuses, method=method, ids=ids or {}, is_public=True)


SIGNED_IN_GO_HOME = dict.fromkeys(
    ("agent", "supervisor", "quality_analyst", "experience_owner", "administrator", "stranger"), 302
)

SEE_FIGURES = dict.fromkeys(("supervisor", "quality_analyst", "experience_owner", "administrator", "stranger"), 200)

MATRIX: dict[str, list[Row]] = {
    # For machines that watch.
    "livez": [public()],
    "readyz": [public()],
    "healthz": [public(404)],
    # Signing in and out.
    "": [row(signed_in=302)],
    "accounts/login/": [public(200, **SIGNED_IN_GO_HOME)],
    "accounts/logout/": [row(signed_in=200), row(signed_in=302, method="post")],
    "accounts/reauthenticate/": [row(signed_in=200)],
    "accounts/password/change/": [row(signed_in=200)],
    "accounts/password/reset/": [public()],
    "accounts/password/reset/done/": [public()],
    "accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": [public(ids={"uidb36": "1", "key": "x-y"})],
    "accounts/password/reset/key/done/": [public()],
    "accounts/first-password/<path:secret>/": [public(404, ids={"secret": "guessed"})],
    "accounts/inactive/": [public(404)],
    "accounts/signup/": [public(404)],
    "accounts/email/": [public(404)],
    "accounts/confirm-email/": [public(404)],
    "accounts/password/set/": [public(404)],
    # People and teams.
    "settings/me/": [row(signed_in=200)],
    "settings/people/": [row(administrator=200)],
    "settings/people/add/": [row(administrator=200)],
    "settings/people/<uuid:public_id>/": [row(administrator=200, of="bob"), row(of="service", administrator=404)],
    "settings/people/<uuid:public_id>/invite/": [row(administrator=200, of="bob", method="post")],
    "settings/people/<uuid:public_id>/close/": [row(administrator=302, of="bob", method="post")],
    "settings/people/<uuid:public_id>/open/": [row(administrator=302, of="bob", method="post")],
    "settings/people/<uuid:public_id>/grants/": [row(administrator=302, of="bob", method="post")],
    "settings/people/<uuid:public_id>/grants/<int:grant_id>/remove/": [
        row(administrator=302, of="bob", ids={"grant_id": "1"}, method="post")
    ],
    "settings/teams/": [row(administrator=200)],
    "settings/teams/add/": [row(administrator=200)],
    "settings/teams/<uuid:public_id>/": [row(administrator=200, of="team")],
    # Figures.
    "dashboards/": [row(**SEE_FIGURES)],
    "dashboards/operations/": [row(**SEE_FIGURES)],
    "dashboards/resolution/": [row(**SEE_FIGURES)],
    "dashboards/definitions/": [row(**SEE_FIGURES)],
    "dashboards/rows/": [row(**SEE_FIGURES)],
    "dashboards/export/<slug:page>/<slug:panel>.csv": [
        row(ids={"page": "overview", "panel": "contacts"}, **SEE_FIGURES),
        row(ids={"page": "overview", "panel": "nothing"}),
    ],
    "api/v1/figures": [row(anonymous=401, signed_in=400, agent=403, key=403)],
    "api/v1/definitions": [row(anonymous=401, signed_in=200, agent=403, key=403)],
    # The audit log.
    "audit/": [row(administrator=200)],
    "audit/export/": [row(administrator=200)],
}

# Addresses that a library makes: every one below the prefix behaves like this. Those that need an object are
# asked for with one that is not there, so a 404 stands for "let in" beside what is named here.
PREFIXES: dict[str, Row] = {
    "admin/": row(administrator=200),
    # The schema describes the API to whoever wants to build on it, and holds nothing of anybody.
    "api/v1/schema": public(),
    "api/v1/docs": public(),
}
