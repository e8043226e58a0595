"""`python -m benchmarks.call_client URL BASE SECRET SECONDS RATE`: a telephone company with RATE new calls a second.

Each caller hears the menu, chooses after two seconds, hears their place in the queue, and hangs up after three more.
The last line is how long answers took that somebody on the line waited for, and how many calls ran at once.
"""

import http.client
import json
import re
import sys
import threading
import time
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from twilio.request_validator import RequestValidator

WARM_SECONDS = 3.0


class Company:
    """Counts what its callers wait for."""

    def __init__(self, url: str, base: str, secret: str) -> None:
        self.url, self.base, self.validator = url, base, RequestValidator(secret)
        self.took: list[float] = []
        self.refused = self.running = self.most = 0
        self.lock = threading.Lock()
        # A server that was just started opens connections and reads its code: nobody calls it in that second.
        self.counts_from = time.monotonic() + WARM_SECONDS

    def caller(self, number: int) -> None:
        """One call from beginning to end."""
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        parts = urlsplit(self.base)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        form = {"CallSid": f"CA{uuid4().hex}", "From": f"+44770090{number % 10_000:04d}", "Direction": "inbound"}
        try:
            heard = self.ask(connection, self.url, {**form, "CallStatus": "ringing"})
            time.sleep(2)
            heard = self.ask(connection, self.next(heard, "action"), {**form, "Digits": "1"})
            self.ask(connection, self.next(heard, "waitUrl"), {**form, "QueueTime": "0"})
            time.sleep(3)
            at = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
            gone = {**form, "CallStatus": "completed", "Timestamp": at}
            self.ask(connection, f"{self.url}status/", gone, counts=False)
        finally:
            connection.close()
            with self.lock:
                self.running -= 1

    def ask(
        self, connection: http.client.HTTPConnection, url: str, form: dict[str, str], *, counts: bool = True
    ) -> str:
        """A signed request, and what is to be heard."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": self.validator.compute_signature(url, form),
        }
        local = f"{self.base}/{url.split('/', 3)[3]}"
        started = time.perf_counter()
        connection.request("POST", local.removeprefix(self.base), urlencode(form), headers)
        answer = connection.getresponse()
        heard = answer.read().decode()
        with self.lock:
            if counts and time.monotonic() >= self.counts_from:
                self.took.append(time.perf_counter() - started)
            self.refused += answer.status != 200
        return heard

    def next(self, heard: str, where: str) -> str:
        """The address that an answer names."""
        found = re.search(rf'(?:{where})="([^"]+)', heard)
        if found is None:
            raise RuntimeError(heard)
        return found[1].replace("&amp;", "&")


def main() -> None:
    url, base, secret, seconds, rate = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5])
    company = Company(url, base, secret)
    callers = []
    begun = time.monotonic()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        callers.append(threading.Thread(target=company.caller, args=(number,)))
        callers[-1].start()
    for caller in callers:
        caller.join()
    told = {"took": company.took, "refused": company.refused, "most": company.most, "calls": len(callers)}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
