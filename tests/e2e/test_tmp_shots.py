import os
from datetime import timedelta
import pytest
from django.utils import timezone
from interactions.channels.choices import Channel
from tests.e2e.driving import signed_in, window, violations
from tests.factories.desk import *
from tests.factories.showcase import LONG

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
WORDS = "My bill says 84 euros; the plan costs 39. What are the other 45 for?"


def lively(desk):
    bob = desk.bob
    now = timezone.now()
    for n, (name, ch, mins) in enumerate(
        [
            ("Ann Lee", Channel.EMAIL, 12),
            (LONG, Channel.EMAIL, 55),
            ("Boris Kowalski", Channel.CHAT, 2),
            ("نور الهدى بنت عبد الرحمن", Channel.EMAIL, 75),
            ("Zoë 🐝 Brontë", Channel.VOICE, 1),
        ]
        + [(f"Customer {n}", Channel.EMAIL, n * 3) for n in range(60)]
    ):
        make_waiting(desk, name, WORDS, channel=ch, minutes=mins, queue="Billing" if n % 2 else "Service line")
    ringing = make_waiting(
        desk, "Fatou Diop", "Hello, is anybody there? My order FW-52110 never came.", channel=Channel.CHAT, minutes=1
    )
    ring(ringing, bob, 24)
    a = make_mine(
        desk,
        bob,
        "Gita Rao",
        "Good morning, my bill says 84 euros; the plan costs 39.\n\nWhat are the other 45 for?\n\nGita Rao\nOn Mon, 2 Mar 2026 at 10:11, Shop wrote:\n> your bill\n> is here",
        subject="A bill that is twice what the plan costs",
        minutes=2900,
    )
    say(a, "I am the assistant of the shop. I fetch somebody for you.", kind="bot", at=now - timedelta(minutes=2899))
    say(a, "Hello Gita, I am looking at it right now. One moment please.", by=bob, at=now - timedelta(minutes=40))
    say(
        a,
        "The 45 is a setup fee charged twice. Refund agreed with the billing desk.",
        by=desk.dina,
        is_note=True,
        at=now - timedelta(minutes=38),
    )
    say(
        a,
        "Thank you for telling us, Gita. The 45 euros are a setup fee that was charged although your plan is free of it. I have put it right and you will see it on your account by tomorrow.",
        by=bob,
        at=now - timedelta(minutes=30),
    )
    say(a, "You will get a corrected bill by e-mail.", by=bob, at=now - timedelta(minutes=29))
    say(
        a,
        "Thanks! Can you also check https://shop.example/bills?id=1 — the January bill looks the same to me. "
        + "It was a longer story: " * 90,
        at=now - timedelta(minutes=6),
    )
    make_mine(desk, bob, LONG, "words " * 80, subject=LONG, minutes=90)
    c = make_mine(desk, bob, "Eero Saarinen", WORDS, minutes=200)
    say(c, "I have asked the depot.", by=bob)
    d = make_mine(desk, bob, "Hugo Martín", WORDS, minutes=400)
    d.status = "pending"
    d.snoozed_until = now + timedelta(hours=15)
    d.save()
    say(d, "I write again tomorrow.", by=bob)
    e = make_mine(desk, bob, "Ines Álvarez", WORDS, minutes=400)
    e.status = "pending"
    e.save()
    return a


@pytest.mark.parametrize(
    "width,theme",
    [(360, "light"), (360, "dark"), (1000, "light"), (1280, "light"), (1280, "dark"), (1920, "light"), (1920, "dark")],
)
def test_shots_of_the_desk(live_server, browser, transactional_db, width, theme):
    desk = make_desk()
    a = lively(desk)
    page = window(browser, live_server.url, session=signed_in(desk.bob), width=width, theme=theme)
    out = "/tmp/deskshots"
    page.goto("/desk/")
    page.wait_for_timeout(300)
    page.screenshot(path=f"{out}/list-{width}-{theme}.png")
    page.goto(f"/desk/{a.public_id}/?queue={desk.queues['Billing'].public_id}")
    page.wait_for_timeout(500)
    page.screenshot(path=f"{out}/open-{width}-{theme}.png")
    print(width, theme, page.complaints, violations(page))
