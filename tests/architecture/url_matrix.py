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


def api(*, signed_in: int = 200, key: int = 403, of: str = "", method: str = "get", **by_role: int) -> Row:
    """An address of the API: strangers and closed accounts get 401, a key without the scope 403."""
    statuses = dict.fromkeys(ROLES, signed_in) | {"anonymous": 401, "disabled": 401, "key": key} | by_role
    return Row(statuses=statuses, method=method, of=of)


# A person's abilities are scopes: who sees no customers reads no contacts either.
SEES_NONE = {"experience_owner": 403}
# Let in, and told that a form is no way to say it: the bodies are the API's own tests.
WRITES = {"agent": 415, "supervisor": 415, "administrator": 415, "stranger": 415}
KEEPS = {"agent": 302, "supervisor": 302, "administrator": 302}
SEES_CUSTOMERS = {"agent": 200, "supervisor": 200, "quality_analyst": 200, "administrator": 200}
SEES_DASHBOARDS = {
    "supervisor": 200,
    "quality_analyst": 200,
    "experience_owner": 200,
    "administrator": 200,
    "stranger": 200,
}
A_DEPARTMENT = {"kind": "department"}
IS_ASKED = dict.fromkeys(("agent", "supervisor", "administrator"), 422)
NO_PROMISE = {"promise_id": "00000000-0000-7000-8000-000000000000"}
NO_MERGE = {"merge_id": "00000000-0000-7000-8000-000000000000"}
ACTS = {"agent": 302, "supervisor": 302, "administrator": 302}
WRITES_NOTHING = dict.fromkeys(ACTS, 409)
NO_LINE = {"inbox": "00000000-0000-7000-8000-000000000000"}
NO_FILE = {"file_id": "00000000-0000-0000-0000-000000000000"}
NO_MESSAGE = {"message_id": "00000000-0000-0000-0000-000000000000"}
NO_INBOX = {"public_id": "00000000-0000-0000-0000-000000000000"}
HANDLES = {"agent": 200, "supervisor": 200, "administrator": 200}
MERGES = {"supervisor": 200, "administrator": 200}
SIGNED_IN_GO_HOME = dict.fromkeys(
    ("agent", "supervisor", "quality_analyst", "experience_owner", "administrator", "stranger"), 302
)

FOLLOWS_UP = {"supervisor": 200, "experience_owner": 200, "administrator": 200}
TAKES = dict.fromkeys(FOLLOWS_UP, 302)
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
    # Nobody's number: of somebody who is there, the library writes the address down.
    "accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": [public(ids={"uidb36": "0", "key": "x-y"})],
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
    "dashboards/customers-say/": [row(**SEE_FIGURES)],
    "dashboards/definitions/": [row(**SEE_FIGURES)],
    "dashboards/rows/": [row(**SEE_FIGURES)],
    "dashboards/_live/": [row(**SEE_FIGURES)],
    "dashboards/export/<slug:page>/<slug:panel>.csv": [
        row(ids={"page": "overview", "panel": "contacts"}, **SEE_FIGURES),
        row(ids={"page": "overview", "panel": "nothing"}),
    ],
    "dashboards/reason-counts/": [row(experience_owner=302, administrator=302)],
    # The owner's workspace, and the map it stands on.
    "owners/": [row(experience_owner=200, administrator=200)],
    "owners/unmapped/<slug:kind>/": [
        row(administrator=200, ids={"kind": "department"}),
        row(administrator=404, ids={"kind": "nothing"}),
    ],
    "owners/<uuid:public_id>/": [
        row(experience_owner=200, administrator=200, of="department"),
        row(administrator=200, of="others_department"),
    ],
    "map/": [row(experience_owner=200, administrator=200)],
    "map/reasons/place/": [row(experience_owner=302, administrator=302, method="post")],
    "map/reasons/<uuid:public_id>/": [
        row(experience_owner=200, administrator=200, of="reason"),
        row(administrator=200, of="unmapped_reason"),
    ],
    "map/touchpoints/": [row(experience_owner=200, administrator=200)],
    "map/touchpoints/add/": [row(experience_owner=200, administrator=200)],
    "map/touchpoints/<uuid:public_id>/": [
        row(experience_owner=200, administrator=200, of="touchpoint"),
        row(administrator=200, of="others_touchpoint"),
    ],
    "map/touchpoints/<uuid:public_id>/remove/": [
        row(experience_owner=302, administrator=302, of="touchpoint", method="post"),
        row(administrator=302, of="others_touchpoint", method="post"),
    ],
    "map/customers/<uuid:public_id>/": [row(**SEES_CUSTOMERS, of="customer")],
    "map/costs/": [row(administrator=200), row(administrator=200, method="post")],
    "map/costs/<int:rate_id>/remove/": [row(administrator=302, ids={"rate_id": "1"}, method="post")],
    "map/parts/<slug:kind>/": [row(administrator=200, ids=A_DEPARTMENT), row(administrator=404, ids={"kind": "x"})],
    "map/parts/<slug:kind>/add/": [row(administrator=200, ids=A_DEPARTMENT)],
    "map/parts/<slug:kind>/<uuid:public_id>/": [row(administrator=200, of="department", ids=A_DEPARTMENT)],
    "map/parts/<slug:kind>/<uuid:public_id>/remove/": [
        row(administrator=302, of="department", ids=A_DEPARTMENT, method="post")
    ],
    "api/v1/figures": [row(anonymous=401, signed_in=400, agent=403, key=403)],
    "api/v1/definitions": [row(anonymous=401, signed_in=200, agent=403, key=403)],
    # The audit log.
    "audit/": [row(administrator=200)],
    "audit/export/": [row(administrator=200)],
    # Keys of machines, and the readers of the event log.
    "settings/api-keys/": [row(administrator=200)],
    "settings/api-keys/<uuid:public_id>/revoke/": [row(administrator=302, of="api_key", method="post")],
    "operations/readers/": [row(administrator=200)],
    "operations/readers/<str:reader>/quarantined/<int:event_id>/run-again/": [
        row(administrator=302, ids={"reader": "facts", "event_id": "1"}, method="post")
    ],
    "operations/effects/<int:effect_id>/send-again/": [row(administrator=302, ids={"effect_id": "1"}, method="post")],
    "styleguide/": [public(404, administrator=200)],
    # Customers and their contacts.
    "customers/": [row(**SEES_CUSTOMERS, stranger=200)],
    "customers/<uuid:public_id>/": [row(**SEES_CUSTOMERS, of="customer")],
    "customers/<uuid:public_id>/note/": [row(**KEEPS, of="customer", method="post")],
    "customers/<uuid:public_id>/preference/": [row(**KEEPS, of="customer", method="post")],
    "customers/<uuid:public_id>/profile/": [row(**KEEPS, of="customer", method="post")],
    "customers/<uuid:public_id>/apart/": [row(of="customer", method="post")],
    "customers/<uuid:public_id>/merge/": [row(**MERGES, of="customer")],
    "customers/<uuid:public_id>/merges/<uuid:merge_id>/undo/": [row(of="customer", ids=NO_MERGE, method="post")],
    "customers/<uuid:public_id>/erase/": [row(administrator=200, of="customer")],
    "interactions/<uuid:public_id>/": [row(**SEES_CUSTOMERS, of="interaction")],
    # What customers answered, and who looks after the unhappy ones.
    "customers/<uuid:public_id>/feedback/": [row(**SEES_CUSTOMERS, of="customer")],
    "follow-ups/": [row(**FOLLOWS_UP, stranger=200)],
    "follow-ups/<uuid:public_id>/": [row(**FOLLOWS_UP, of="follow_up")],
    "follow-ups/<uuid:public_id>/take/": [row(**TAKES, of="follow_up", method="post")],
    "follow-ups/<uuid:public_id>/hand-over/": [row(**TAKES, of="follow_up", method="post")],
    "follow-ups/<uuid:public_id>/close/": [row(**dict.fromkeys(FOLLOWS_UP, 422), of="follow_up", method="post")],
    "follow-ups/<uuid:public_id>/contact/": [row(**TAKES, of="follow_up", method="post")],
    "settings/inboxes/": [row(administrator=200)],
    "settings/inboxes/add/": [row(administrator=200)],
    "settings/inboxes/add/<slug:kind>/": [
        row(administrator=200, ids={"kind": "email"}),
        row(administrator=422, ids={"kind": "voice-cti"}, method="post"),
        row(administrator=404, ids={"kind": "pigeon"}),
    ],
    "settings/inboxes/<uuid:public_id>/": [row(administrator=200, of="inbox")],
    "settings/inboxes/connected/": [row(administrator=302)],
    "settings/inboxes/<uuid:public_id>/connect/": [row(administrator=302, of="inbox", method="post")],
    "settings/inboxes/<uuid:public_id>/disconnect/": [row(administrator=302, of="inbox", method="post")],
    "settings/inboxes/<uuid:public_id>/try/": [row(administrator=200, of="inbox", method="post")],
    "settings/inboxes/<uuid:public_id>/templates/": [row(administrator=404, of="inbox", method="post")],
    "settings/inboxes/<uuid:public_id>/switch/": [row(administrator=302, of="inbox", method="post")],
    "settings/inboxes/<uuid:public_id>/resume/": [row(administrator=302, of="inbox", method="post")],
    "settings/inboxes/<uuid:public_id>/remove/": [row(administrator=302, of="inbox", method="post")],
    "settings/forms/": [row(administrator=200)],
    "settings/forms/add/": [row(administrator=200), row(administrator=422, method="post")],
    "settings/forms/<uuid:public_id>/": [row(administrator=200, of="form")],
    "settings/surveys/": [row(administrator=200)],
    "settings/surveys/standard/": [row(administrator=302, method="post")],
    "settings/surveys/add/": [row(administrator=200), row(administrator=422, method="post")],
    "settings/surveys/<uuid:public_id>/": [row(administrator=200, of="survey")],
    "settings/surveys/<uuid:public_id>/preview/": [row(administrator=200, of="survey")],
    "settings/surveys/<uuid:public_id>/test/": [row(administrator=302, of="survey", method="post")],
    "s/<str:secret>/": [
        public(404, ids={"secret": "guessed"}),
        public(200, ids={"secret": "known"}),
        public(400, ids={"secret": "known"}, method="post"),
    ],
    "s/<str:secret>/stop/": [public(404, ids={"secret": "guessed"}), public(200, ids={"secret": "known"})],
    # The desk.
    "desk/": [row(**HANDLES, stranger=200)],
    "desk/floor/": [row(supervisor=200, administrator=200, stranger=200)],
    "desk/floor/_floor/": [row(supervisor=200, administrator=200, stranger=200)],
    "desk/_list/": [row(**HANDLES, stranger=200)],
    "desk/<uuid:public_id>/": [row(**HANDLES, of="interaction")],
    "desk/<uuid:public_id>/_header/": [row(**HANDLES, of="interaction")],
    "desk/<uuid:public_id>/_thread/": [row(**HANDLES, of="interaction")],
    "desk/_presence/": [row(**HANDLES, stranger=200)],
    "desk/<uuid:public_id>/accept/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/decline/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/hold/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/resume/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/wait/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/wrap-up/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/take-over/": [row(supervisor=302, administrator=302, of="interaction", method="post")],
    "desk/<uuid:public_id>/title/": [row(**ACTS, of="interaction", method="post")],
    # Nothing was written: the words stay in the composer, and it says so.
    "desk/<uuid:public_id>/reply/": [row(**WRITES_NOTHING, of="interaction", method="post")],
    "desk/<uuid:public_id>/note/": [row(**WRITES_NOTHING, of="interaction", method="post")],
    "desk/<uuid:public_id>/draft/": [row(**dict.fromkeys(ACTS, 400), of="interaction", method="post")],
    "desk/<uuid:public_id>/messages/<uuid:message_id>/take-back/": [
        row(of="interaction", ids=NO_MESSAGE, method="post")
    ],
    "desk/<uuid:public_id>/messages/<uuid:message_id>/retry/": [row(of="interaction", ids=NO_MESSAGE, method="post")],
    "desk/<uuid:public_id>/messages/<uuid:message_id>/arrived/": [row(of="interaction", ids=NO_MESSAGE, method="post")],
    "desk/<uuid:public_id>/messages/<uuid:message_id>/leave/": [row(of="interaction", ids=NO_MESSAGE, method="post")],
    "desk/messages/<uuid:public_id>/layout/": [row(**SEES_CUSTOMERS, of="laid_out")],
    # By a signature that ends; nobody can make one up.
    "desk/pictures/<str:token>/": [public(404, ids={"token": "x"})],
    "desk/<uuid:public_id>/way/": [row(of="interaction", method="post")],
    "desk/<uuid:public_id>/files/": [row(**IS_ASKED, of="interaction", method="post")],
    "desk/<uuid:public_id>/files/<uuid:file_id>/remove/": [row(**ACTS, of="interaction", ids=NO_FILE, method="post")],
    # The telephone (tests/interactions/desk/test_calling.py); the objects' contacts have no call.
    "desk/calls/": [row(**HANDLES, stranger=200)],
    "desk/calls/_calls/": [row(**HANDLES, stranger=200)],
    "desk/calls/<uuid:public_id>/<slug:what>/": [row(ids=NO_INBOX | {"what": "now"}, method="post")],
    "desk/phone/token/": [row(method="post")],
    "desk/<uuid:public_id>/dial/": [row(**ACTS, of="interaction", method="post")],
    "desk/<uuid:public_id>/call/<slug:what>/": [
        row(**ACTS, of="interaction", ids={"what": "hang-up"}, method="post"),
        row(of="interaction", ids={"what": "nonsense"}, method="post"),
    ],
    "desk/<uuid:public_id>/_consult/": [row(of="interaction")],
    "desk/<uuid:public_id>/_ways/": [row(**HANDLES, of="interaction")],
    "desk/<uuid:public_id>/_templates/": [row(**HANDLES, of="interaction")],
    # Beside a conversation and at its end.
    "desk/_reasons/": [row(**HANDLES, stranger=200)],
    "desk/<uuid:public_id>/_context/": [row(**HANDLES, of="interaction")],
    "desk/<uuid:public_id>/_timeline/": [row(**HANDLES, of="interaction")],
    "desk/<uuid:public_id>/_who/": [row(**HANDLES, of="interaction"), row(of="interaction", method="post")],
    "desk/<uuid:public_id>/_apart/": [row(of="interaction", method="post")],
    # Nothing is filled in: whoever may is told what is missing.
    "desk/<uuid:public_id>/_promise/": [row(**IS_ASKED, of="interaction", method="post")],
    "desk/<uuid:public_id>/_promise/<uuid:promise_id>/kept/": [row(of="interaction", ids=NO_PROMISE, method="post")],
    "desk/<uuid:public_id>/_case/": [row(of="interaction", method="post")],
    "desk/<uuid:public_id>/_customer_note/": [row(**IS_ASKED, of="interaction", method="post")],
    # It waits and is nobody's: for those who look after the floor.
    "desk/<uuid:public_id>/_wrap_up/": [
        row(**HANDLES, of="interaction"),
        row(supervisor=422, administrator=422, of="interaction", method="post"),
    ],
    "desk/<uuid:public_id>/_transfer/": [row(**MERGES, of="interaction")],
    "desk/<uuid:public_id>/_snooze/": [row(**MERGES, of="interaction")],
    # The second finds it closed.
    "desk/<uuid:public_id>/_not_a_contact/": [row(supervisor=302, administrator=422, of="interaction", method="post")],
    "attachments/<uuid:public_id>/": [row(**SEES_CUSTOMERS, of="attachment")],
    # The lines' mailboxes, and what could not be read.
    "operations/deliveries/": [row(administrator=200)],
    "operations/deliveries/<uuid:public_id>/original/": [row(administrator=200, of="aside")],
    "operations/deliveries/<uuid:public_id>/read-again/": [row(administrator=302, of="aside", method="post")],
    "operations/deliveries/<uuid:public_id>/put-away/": [row(administrator=302, of="aside", method="post")],
    # None of the objects is an automatic mail (tests/interactions/doors/test_mail_automatic.py).
    "operations/deliveries/<uuid:public_id>/contact/": [row(of="interaction", method="post")],
    # Imports of history.
    "imports/": [row(administrator=200)],
    "imports/new/": [row(administrator=200), row(administrator=400, method="post")],
    "imports/<uuid:public_id>/": [row(administrator=200, of="import")],
    "imports/<uuid:public_id>/mapping/": [row(administrator=400, of="import", method="post")],
    "imports/<uuid:public_id>/start/": [row(administrator=302, of="import", method="post")],
    "imports/<uuid:public_id>/pause/": [row(administrator=302, of="import", method="post")],
    "imports/<uuid:public_id>/issues.csv": [row(administrator=200, of="import")],
    # Only in a demonstration (tests/ccx/test_caught_mail.py, tests/ccx/test_demo_shop.py).
    "demo/mail/": [public(404)],
    "demo/mail/<slug:name>/": [public(404, ids={"name": "x"})],
    "demo/shop/": [public(404)],
    "demo/shop/sign-in/": [public(404, method="post")],
    "demo/shop/<slug:slug>/": [public(404, ids={"slug": "alder-lamp"})],
    # Providers: nobody is known here by a session (tests/interactions/doors/test_webhooks.py).
    # Recordings: who may see the contact may listen (tests/interactions/doors/test_voice_recordings.py).
    "voice/recordings/<uuid:public_id>/": [row(**SEES_CUSTOMERS, of="recording")],
    "in/<uuid:public_id>/": [public(403, ids=NO_INBOX), public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/<path:rest>": [public(403, ids=NO_INBOX | {"rest": "status"}, method="post")],
    # A file on its way out: its signed address is its key (tests/interactions/doors/test_sent_files.py).
    "files/<str:token>/": [public(404, ids={"token": "none"})],
    "in/<uuid:public_id>/voice/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/menu/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/wait/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/callback/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/left-queue/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/voicemail/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/elsewhere/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/queue/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/to-room/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/customer/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/agent/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/hold/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/status/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/room/": [public(403, ids=NO_INBOX, method="post")],
    "in/<uuid:public_id>/voice/recording/": [public(403, ids=NO_INBOX, method="post")],
    # The public.
    "chat/widget.js": [public()],
    # Nobody's line; what a line's visitors get is in tests/interactions/doors/chat/.
    "chat/<uuid:inbox>/": [public(404, ids=NO_LINE)],
    "chat/<uuid:inbox>/config": [public(404, ids=NO_LINE)],
    "chat/<uuid:inbox>/state": [public(404, ids=NO_LINE)],
    "chat/<uuid:inbox>/files/<uuid:public_id>": [public(404, ids=NO_LINE | {"public_id": NO_LINE["inbox"]})],
    **{
        f"chat/<uuid:inbox>/{what}": [public(404, ids=NO_LINE, method="post")]
        for what in ("sessions", "link", "messages", "files", "typing", "shown", "email", "page", "end", "offline")
    },
    "forms/<slug:slug>/": [public(ids={"slug": "contact"}), public(404, ids={"slug": "none"})],
    # REST.
    "api/schema/": [public()],
    "api/docs/": [public()],
    "api/redoc/": [public()],
    "api/v1/me": [api(key=200)],
    "api/v1/teams": [api()],
    "api/v1/queues": [api()],
    "api/v1/inboxes": [api()],
    "api/v1/reasons": [api()],
    "api/v1/cases": [api(**SEES_NONE)],
    "api/v1/cases/<uuid:public_id>": [api(of="case", stranger=404, **SEES_NONE)],
    "api/v1/contacts": [api(method="post", signed_in=403, **WRITES)],
    "api/v1/contacts/bulk": [api(method="post", signed_in=403, **WRITES)],
    # Asks whom to look for.
    "api/v1/customers": [api(signed_in=400, **SEES_NONE)],
    "api/v1/customers/<uuid:public_id>": [api(of="customer", stranger=404, **SEES_NONE)],
    "api/v1/interactions": [api(**SEES_NONE)],
    "api/v1/interactions/<uuid:public_id>": [api(of="interaction", stranger=404, **SEES_NONE)],
    "api/v1/interactions/<uuid:public_id>/messages": [api(of="interaction", stranger=404, **SEES_NONE)],
    # API lines: what became of our messages, and the files of theirs.
    "api/v1/messages/<uuid:public_id>/report": [api(method="post", signed_in=403, of="interaction", **WRITES)],
    "api/v1/messages/<uuid:public_id>/files": [api(method="post", signed_in=403, of="interaction", **WRITES)],
    "api/v1/interactions/changes": [api(**SEES_NONE)],
}

# Addresses that a library makes: every one below the prefix behaves like this. Those that need an object are
# asked for with one that is not there, so a 404 stands for "let in" beside what is named here.
PREFIXES: dict[str, Row] = {
    "admin/": row(administrator=200),
}
