"""Two workers, one of them killed with SIGKILL again and again: each phone got it exactly once.

`make chaos` kills a hundred times, the everyday run five.
"""

import collections
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from sms.models import OutboundMessage, SendingHours
from tests.sms.outbox import message
from tests.sms.standin import ACCOUNT, TOKEN, StandIn

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = 5
RUNS = 20 if os.environ.get("CHAOS_EXAMPLES") else 1
PATIENCE = 180
FAULTS = (
    "429",
    "500",
    "503",
    "hang",
    "drop",
    "created 500",
    "created hang",
    "created drop",
    "created torn",
)
Status = OutboundMessage.Status


class Workers:
    """Processes that send; one more always stands ready to take a dead one's place."""

    def __init__(self, standin: StandIn) -> None:
        self.environment = os.environ | {
            "DATABASE_URL": database_url(),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_SENDER": "CITY",
            "TWILIO_BASE_URL": standin.url,
            "TWILIO_TIMEOUT": "0.5",
            "PUBLIC_URL": "",
            "SMS_PER_SECOND": "200",
            "SMS_CONCURRENCY": "4",
            "SMS_CLAIM_SECONDS": "6",
            "SMS_UNKNOWN_GRACE_SECONDS": "2",
            "LOG_LEVEL": "CRITICAL",
        }
        self.all: list[subprocess.Popen[str]] = []
        self.at_work: list[subprocess.Popen[str]] = []
        self.ready = self.make()

    def make(self) -> subprocess.Popen[str]:
        made = subprocess.Popen(
            [sys.executable, "-m", "tests.sms.worker"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            text=True,
        )
        self.all.append(made)
        return made

    def begin(self) -> None:
        assert self.ready.stdin is not None
        self.ready.stdin.write("begin\n")
        self.ready.stdin.flush()
        self.at_work.append(self.ready)
        self.ready = self.make()

    def kill(self, which: int) -> None:
        dead = self.at_work.pop(which)
        assert dead.poll() is None, "a worker ended by itself"
        dead.kill()
        dead.wait()

    def end(self) -> None:
        for worker in self.all:
            with contextlib.suppress(BrokenPipeError):
                worker.stdin.close()  # type: ignore[union-attr]
        for worker in self.all:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(10)
            worker.kill()
            worker.wait()


def database_url() -> str:
    """The address of the database of this test."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"


def until(holds: object, what: str) -> None:
    """Look again and again; it comes true or the test fails."""
    ends = time.monotonic() + PATIENCE
    look = threading.Event()
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends, what
        look.wait(0.02)


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(RUNS))
def test_each_phone_gets_each_message_once_whenever_a_worker_is_killed(seed: int) -> None:
    # rules 52 and 57
    chance = random.Random(seed)
    SendingHours.objects.create(pk=1, opens="00:00", closes="23:59:59.999999", opens_early="00:00")
    count = 40 * KILLS
    numbers = [f"+8190{number:08d}" for number in range(count)]
    for number in numbers:
        message(number, f"{number}様の教室", now=timezone.now())
    with StandIn(delay=0.03) as standin:
        for number in chance.sample(numbers, count // 8):
            standin.faults[number].append(chance.choice(FAULTS))
        workers = Workers(standin)
        try:
            workers.begin()
            workers.begin()
            for kill in range(KILLS):
                asked = (kill + 1) * count // (KILLS + 1) - chance.randrange(10)
                until(lambda asked=asked: len(standin.times) >= asked, "nothing goes out")
                threading.Event().wait(chance.random() * 0.15)
                workers.kill(chance.randrange(2))
                workers.begin()
            waiting = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)
            still = OutboundMessage.objects.filter(status__in=waiting)
            until(lambda: not still.exists(), "some were never settled")
        finally:
            workers.end()
        got = collections.Counter((each["to"], each["body"]) for each in standin.messages)
        rows = OutboundMessage.objects.all()
        assert got == {(row.to, row.body): 1 for row in rows}
        assert {row.sid for row in rows} == {each["sid"] for each in standin.messages}
        assert {row.status for row in rows} == {Status.SENT}
