"""The worker: what time alone sets going, and that it goes on after a bad moment."""

import datetime
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError

from classes import cancelling, offers, stalled, work
from classes.management.commands.work import Command
from classes.models import Offer, StaffTask
from tests import factories
from tests.factories import tokyo

START = tokyo(2026, 9, 1, 9, 30)
MINUTE = datetime.timedelta(minutes=1)
ROOT = Path(__file__).resolve().parent.parent.parent


def freed_seat():
    """A full class with one in line whose seat holder has just cancelled."""
    session = factories.class_session(capacity=1)
    (held,) = factories.registered(session, at=START)
    factories.registered(session, at=START)
    cancelling.cancel(session.intake_id, held.pk, reason="", by=None, now=START)
    return session


@pytest.mark.django_db
def test_a_round_announces_what_is_due_and_ends_what_is_over():  # rules 29 and 30
    freed_seat()
    assert work.do_round(now=START + 9 * MINUTE).count("announced") == 0
    assert work.do_round(now=START + 10 * MINUTE).count("announced") == 1
    offer = Offer.objects.get()
    offers.tell(offer.pk, told_by=Offer.ToldBy.PHONE, by=None, now=START + 11 * MINUTE)
    assert work.do_round(now=START + 11 * MINUTE).count("expired") == 0
    done = work.do_round(now=START + datetime.timedelta(hours=49))
    assert (done.count("expired"), done.did_something) == (1, True)
    assert not work.do_round(now=START + datetime.timedelta(hours=49)).did_something


@pytest.mark.django_db
def test_a_seat_left_lying_is_offered():  # rule 29
    session = freed_seat()
    Offer.objects.update(status="withdrawn", closed_at=START)
    later = START + 20 * MINUTE
    assert stalled.standing_still(now=later) == [session]
    assert work.do_round(now=later).standing_still == ()
    assert Offer.objects.open().count() == 1


@pytest.mark.django_db
def test_a_line_that_only_a_press_moves_is_named_by_its_code_alone(caplog):  # rules 29 and 37
    session = factories.class_session(
        capacity=1, intake=factories.intake(last_joining_lesson=2), lessons=2
    )
    (held,) = factories.registered(session, at=START)
    factories.registered(session, at=START)
    begun = tokyo(2026, 10, 6, 9)
    cancelling.cancel(session.intake_id, held.pk, reason="", by=None, now=begun)
    with time_machine.travel(begun, tick=False), caplog.at_level(logging.INFO, logger="work"):
        command = Command()
        command.still_red = ()
        command.do_round()
        command.do_round()
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warned == [f"standing still: {session.intake.code}/{session.code}"]
    assert not Offer.objects.exists()


@pytest.mark.django_db
def test_a_line_waits_for_its_draw_until_the_cut_off_and_stands_still_after_it():
    cutoff = tokyo(2026, 9, 10)
    intake = factories.intake(line_order="drawn", line_cutoff_at=cutoff)
    session = factories.class_session(capacity=1, intake=intake)
    (held,) = factories.registered(session, at=START)
    factories.registered(session, at=START)
    cancelling.cancel(intake.pk, held.pk, reason="", by=None, now=START)
    assert stalled.standing_still(now=START + 20 * MINUTE) == []
    assert stalled.standing_still(now=cutoff) == [session]


@pytest.mark.django_db
def test_looking_for_lines_takes_as_many_queries_for_many_classes(django_assert_num_queries):
    intake = factories.intake(last_joining_lesson=3)
    begun = tokyo(2026, 10, 6, 9)
    for _ in range(4):
        session = factories.class_session(capacity=1, intake=intake)
        (held,) = factories.registered(session, at=START)
        factories.registered(session, at=START)
        cancelling.cancel(intake.pk, held.pk, reason="", by=None, now=begun)
    with django_assert_num_queries(5):
        assert len(stalled.standing_still(now=begun)) == 4


@pytest.mark.django_db
def test_a_task_ends_by_itself_when_its_answer_is_on_the_record():  # rule 1
    learner = factories.learner(birth_date=None)
    factories.registered(factories.class_session(), learner)
    assert StaffTask.objects.filter(done_at=None).count() == 1
    learner.birth_date = datetime.date(1941, 3, 2)
    learner.save()
    assert work.do_round(now=START).count("finished") == 1
    assert not StaffTask.objects.filter(done_at=None).exists()


@pytest.mark.django_db
def test_once_does_one_round():
    freed_seat()
    with time_machine.travel(START + 10 * MINUTE, tick=False):
        call_command("work", "--once")
    assert Offer.objects.get().announced_at


def test_a_database_error_is_survived_with_a_longer_pause(monkeypatch, caplog):
    rounds = []

    def fails_twice(*, now):
        rounds.append(now)
        if len(rounds) < 3:
            raise OperationalError("server closed the connection; row (山田)")
        os.kill(os.getpid(), signal.SIGTERM)
        return work.Round(0, 0, 0, 0, ())

    monkeypatch.setattr(work, "do_round", fails_twice)
    monkeypatch.setattr("classes.management.commands.work.connections.close_all", lambda: None)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        call_command("work", "--interval", "0.001")
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)
    assert len(rounds) == 3
    assert [Command.pause(10, failures) for failures in (0, 1, 2, 9)] == [10, 20, 40, 60]
    assert "OperationalError" in caplog.text
    assert "山田" not in caplog.text


def test_a_signal_ends_the_real_process_cleanly(tmp_path):
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}
    # Without tables every round fails: it must still end when told to.
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work", "--interval", "0.05"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert any("failed: OperationalError" in line for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "work ends" in rest
