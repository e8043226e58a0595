"""`python -m benchmarks.webhook_client URL SECRET SECONDS TIMES MARK`: a provider; its last line is what it took.

It brings WhatsApp messages, each signed and of a customer of its own, and each as often as TIMES says.
"""

import hashlib
import hmac
import itertools
import json
import random
import sys
import time
from urllib.parse import urlsplit

from benchmarks.wire import Wire, wait_for_start


def main() -> None:
    url, secret, seconds, times, mark = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    wire, path = Wire(url), urlsplit(url).path
    took, refused, brought = [], 0, 0
    begun = wait_for_start()
    for number in itertools.count():
        if time.perf_counter() >= begun + seconds:
            break
        body = json.dumps(_message(f"{mark}-{number}")).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        for _ in range(times):
            started = time.perf_counter()
            status, _told = wire.post(path, f"X-Hub-Signature-256: sha256={signature}\r\n", body)
            took.append(time.perf_counter() - started)
            refused += status != 200
        brought += 1
    told = {"took": took, "refused": refused, "brought": brought, "elapsed": time.perf_counter() - begun}
    sys.stdout.write(json.dumps(told) + "\n")


def _message(number: str) -> dict[str, object]:
    sender = str(4915100000000 + random.randrange(1_500_000))
    said = {
        "from": sender,
        "id": f"wamid.{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": "Dear all, the amount on it is not the one of my contract. Please have a look. " * 3},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "1"},
        "contacts": [{"wa_id": sender, "profile": {"name": f"Customer {sender}"}}],
        "messages": [said],
    }
    change = {"field": "messages", "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}


if __name__ == "__main__":
    main()
