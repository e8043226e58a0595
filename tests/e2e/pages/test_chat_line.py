"""When a server falls, its visitors come back, and not all at once."""

from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e

VISITORS: Final = 2_000
# The widget's own module, in a page whose sockets and clock are the test's.
STAGE: Final = """
(visitors) => {
  const sockets = [], pauses = [];
  class Socket {
    static OPEN = 1;
    readyState = 1;
    constructor() { sockets.push(this); }
    send() {}
    close() {}
  }
  Object.assign(window, { WebSocket: Socket, setInterval: () => 0 });
  window.setTimeout = (act, after) => { pauses.push({ act, after }); return pauses.length; };
  const keep = { hold: (name, { won }) => { won(); return () => {}; } };
  const ends = { news() {}, typing() {}, dead() {}, isWatching: () => false };
  const told = { socket: "wss://centre.test", poll_seconds: 60 };
  for (let n = 0; n < visitors; n++) new Line(keep, ends).use("token", told);
  const polls = (pause) => pause.after >= 240_000;
  const round = () => {
    for (const socket of sockets.splice(0)) {
      socket.onopen();
      if (!socket.wasReady) socket.onmessage({ data: '{"type": "ready"}' });
      socket.onclose({ code: 1006 });
    }
    const found = pauses.splice(0).filter((pause) => !polls(pause));
    for (const { act } of found) act();
    return found.map(({ after }) => after);
  };
  const first = round();
  // From here on nobody is there: no socket is ready any more.
  Socket.prototype.wasReady = true;
  return [first, ...Array.from({ length: 7 }, round)];
}
"""


def test_two_thousand_widgets_come_back_spread_and_wait_longer_each_time(browser: Browser) -> None:
    source = (Path(settings.BASE_DIR) / "static" / "chat" / "line.js").read_text(encoding="utf-8")
    page = browser.new_page()
    try:
        page.evaluate(f"() => {{ {source.replace('export class Line', 'window.Line = class Line')} }}")
        rounds: list[Any] = page.evaluate(STAGE, VISITORS)
    finally:
        page.close()
    assert [len(one) for one in rounds] == [VISITORS] * 8
    first = sorted(rounds[0])
    assert first[0] >= 400
    assert first[-1] <= 4_000
    # Never more in a tenth of a second than a server takes in one.
    assert max(sum(start <= pause < start + 100 for pause in first) for start in range(400, 4_000, 100)) < VISITORS / 15
    longest = [max(one) for one in rounds]
    assert longest[1:5] == sorted(longest[1:5])
    assert 50_000 < max(longest) <= 60_000
