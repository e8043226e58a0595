"""`python -m benchmarks.client URL TOKEN SECONDS BULK MARK`: one caller of the API; its last line is what it took."""

import itertools
import json
import random
import sys
import time

from benchmarks.wire import Wire, wait_for_start


def main() -> None:
    url, token, seconds, bulk, mark = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    wire = Wire(url)
    path = "/api/v1/contacts/bulk" if bulk else "/api/v1/contacts"
    numbers = itertools.count()
    took, refused = [], 0
    begun = wait_for_start()
    while time.perf_counter() < begun + seconds:
        contacts = [_contact(f"{mark}-{next(numbers)}") for _ in range(bulk or 1)]
        body = json.dumps({"contacts": contacts} if bulk else contacts[0]).encode()
        started = time.perf_counter()
        status, told = wire.post(path, f"Authorization: Bearer {token}\r\n", body)
        took.append(time.perf_counter() - started)
        if status not in (200, 201, 207) or (bulk and json.loads(told)["refused"]):
            refused += 1
    elapsed = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"took": took, "refused": refused, "elapsed": elapsed}) + "\n")


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
