"""`python -m benchmarks.client URL TOKEN SECONDS BULK MARK`: one caller of the API; its last line is what it took."""

import http.client
import itertools
import json
import random
import sys
import time
from urllib.parse import urlsplit


def main() -> None:
    url, token, seconds, bulk, mark = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    numbers = itertools.count()
    took, refused = [], 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        contacts = [_contact(f"{mark}-{next(numbers)}") for _ in range(bulk or 1)]
        body = json.dumps({"contacts": contacts} if bulk else contacts[0])
        started = time.perf_counter()
        connection.request("POST", "/api/v1/contacts/bulk" if bulk else "/api/v1/contacts", body, headers)
        answer = connection.getresponse()
        told = answer.read()
        took.append(time.perf_counter() - started)
        if answer.status not in (200, 201, 207) or (bulk and json.loads(told)["refused"]):
            refused += 1
    sys.stdout.write(json.dumps({"took": took, "refused": refused}) + "\n")


def _contact(number: str) -> dict[str, object]:
    chance = random.randrange(1_500_000)
    return {
        "inbox": f"Inbox {3 + chance % 4}",
        "external_id": number,
        "identity": {"kind": "email", "value": f"c{chance}@bench.invalid", "assurance": "attested"},
        "customer_name": f"Customer {chance}",
        "subject": "The invoice of last month",
        "body": "Dear all, the amount on it is not the one of my contract. Please have a look. " * 3,
        "reason": f"r{1 + chance % 60}",
    }


if __name__ == "__main__":
    main()
