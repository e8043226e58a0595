"""A site of another origin that embeds the chat: another port, and the strictest policy that lets the widget in."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PAGE = """<!doctype html><html lang="en"><head><title>Lamps and tables</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{centre}/chat/widget.js" data-inbox="{inbox}" async></script></head>
<body><main><h1>Lamps and tables</h1><p><a href="/tables">Tables</a></p></main></body></html>"""


@contextmanager
def a_site(*, centre: str, sockets: str, inbox: str) -> Iterator[str]:
    """Its address; every path of it shows the same page."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(centre=centre, inbox=inbox).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            policy = f"default-src 'none'; script-src {centre}; connect-src {centre} {sockets}; img-src 'self'"
            self.send_header("Content-Security-Policy", f"{policy}; require-trusted-types-for 'script'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
