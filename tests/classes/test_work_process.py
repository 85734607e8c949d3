"""The worker as the process it is: it sends what is due, and ends when told to, recording all."""

import datetime
import os
import signal
import subprocess
import sys

import pytest
from django.utils import timezone

from classes.models import Notice, WorkerHeartbeat
from learners.models import PhoneNumber
from sms.models import OutboundMessage, SendingHours
from tests import factories
from tests.sms.standin import ACCOUNT, TOKEN, StandIn
from tests.sms.test_killed import ROOT, database_url, until

pytestmark = pytest.mark.django_db(transaction=True)
Status = OutboundMessage.Status


def people_to_tell(count: int) -> None:
    """Everybody has a seat in a class that begins in two weeks, and is to be told by SMS."""
    SendingHours.objects.create(pk=1, opens="00:00", closes="23:59:59.999999", opens_early="00:00")
    now = timezone.now()
    session = factories.class_session(
        capacity=count, lessons=[now + datetime.timedelta(days=14)], intake=open_intake(now)
    )
    for number in range(count):
        learner = factories.learner(phone=f"+8190311700{number:02d}")
        PhoneNumber.objects.filter(learner=learner).update(sms_consent="given")
        factories.registered(session, learner, at=now - datetime.timedelta(hours=1), spoken=False)
    OutboundMessage.objects.update(send_after=now)


def open_intake(now: datetime.datetime):
    day = datetime.timedelta(days=1)
    return factories.intake(opens_at=now - day, closes_at=now + 10 * day)


def worker(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "work", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url(), **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def statuses() -> list[str]:
    return sorted(OutboundMessage.objects.values_list("status", flat=True))


def test_a_worker_tells_people_leaves_signs_of_life_and_ends_when_told():
    people_to_tell(2)
    process = worker("--interval", "0.2")
    until(
        lambda: not Notice.objects.to_text().exists() and Notice.objects.exists(),
        "the notices were not settled",
    )
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "work ends" in log
    assert "failed" not in log
    assert statuses() == [Status.DELIVERED, Status.DELIVERED]
    assert {notice.outcome for notice in Notice.objects.all()} == {Notice.Outcome.DELIVERED}
    assert WorkerHeartbeat.objects.get().stopped_at


def test_told_to_end_while_it_sends_it_records_what_is_in_hand_and_leaves_the_rest():
    people_to_tell(12)
    with StandIn(delay=0.3) as standin:
        process = worker(
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN,
            TWILIO_SENDER="CITY",
            TWILIO_BASE_URL=standin.url,
            PUBLIC_URL="",
            SMS_PER_SECOND="2",
            SMS_CONCURRENCY="2",
        )
        until(lambda: sum(standin.creates.values()) >= 2, "nothing was sent")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    asked = sum(standin.creates.values())
    found = statuses()
    assert asked < 12
    assert found.count(Status.SENT) == asked
    assert found.count(Status.QUEUED) == 12 - asked
