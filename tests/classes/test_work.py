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
from django.core.management import call_command, load_command_class
from django.db import OperationalError, transaction

from classes import cancelling, heartbeats, offers, rounds, stalled, work
from classes.management.commands import _step as step_command
from classes.management.commands import work as work_command
from classes.management.commands.work import Worker, pause
from classes.management.stopping import Stopping
from classes.models import Offer, StaffTask, WorkerHeartbeat
from sms import outbox
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
        worker = Worker(Stopping())
        worker.do_round()
        worker.do_round()
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


def step(name, do):
    return rounds.Step(name, do)


def fails(_turn):
    raise OperationalError("server closed the connection; row (山田)")


@pytest.mark.django_db
def test_a_step_that_fails_keeps_no_other_from_its_turn_and_its_words_stay_unsaid(caplog):
    done = rounds.run(
        [
            step("first", fails),
            step("second", lambda turn: rounds.Did({"done": 1})),
        ],
        clock=lambda: START,
    )
    assert done.count("done") == 1
    assert done.failed["first"].startswith("OperationalError at test_work.py:")
    assert "first failed: OperationalError" in caplog.text
    assert "山田" not in caplog.text


def test_who_is_told_to_stop_begins_no_other_step():
    told = []
    done = rounds.run(
        [
            step("first", lambda turn: told.append(1) or rounds.Did({"done": 1})),
            step("second", lambda turn: rounds.Did({"done": 1})),
        ],
        clock=lambda: START,
        stop=lambda: bool(told),
    )
    assert list(done.did) == ["first"]


def test_a_step_may_take_on_more_for_some_seconds_only():
    given = []
    rounds.run_step(
        step("long", lambda turn: given.append(turn) or rounds.Did()), clock=lambda: START
    )
    assert given[0].until == START + datetime.timedelta(seconds=10)


def test_the_pause_grows_with_every_failure_up_to_a_minute():
    assert [pause(10, failures) for failures in (0, 1, 2, 9)] == [10, 20, 40, 60]


class Paused:
    """Stands for `Stopping`: ends the worker after some pauses and keeps their lengths."""

    def __init__(self, *, rounds: int) -> None:
        self.rounds = rounds
        self.lengths: list[float] = []

    @property
    def told(self) -> bool:
        return len(self.lengths) >= self.rounds

    def pause(self, seconds: float) -> None:
        self.lengths.append(seconds)


@pytest.mark.django_db
def test_there_is_no_pause_while_more_is_due(monkeypatch):
    due = iter([True, True, False])
    deliver = step("deliver", lambda turn: rounds.Did({"sent": 1}, more_is_due=next(due)))
    monkeypatch.setattr(work_command, "STEPS", (deliver,))
    paused = Paused(rounds=3)
    Worker(paused).work(interval=10, once=False)
    assert paused.lengths == [0.05, 0.05, 10]


@pytest.mark.django_db
def test_a_failing_round_is_survived_with_a_longer_pause_and_seen_from_outside(monkeypatch):
    more = step("more", lambda turn: rounds.Did({"sent": 1}, more_is_due=True))
    monkeypatch.setattr(work_command, "STEPS", (step("broken", fails), more))
    paused = Paused(rounds=3)
    worker = Worker(paused)
    seen = []
    monkeypatch.setattr(
        paused,
        "pause",
        lambda s: (seen.append(WorkerHeartbeat.objects.get().failures), Paused.pause(paused, s)),
    )
    worker.work(interval=10, once=False)
    assert paused.lengths == [20, 40, 60]
    assert seen == [1, 2, 3]
    assert WorkerHeartbeat.objects.get().stopped_at


@pytest.mark.django_db
def test_a_long_step_leaves_signs_of_life_between_two_pieces_of_work(monkeypatch):
    with time_machine.travel(START, tick=False) as traveller:
        seen = []

        def long(turn):
            for _ in range(4):
                traveller.shift(4)
                turn.stop()
                seen.append(WorkerHeartbeat.objects.get().seen_at - START)
            return rounds.Did()

        monkeypatch.setattr(work_command, "STEPS", (step("long", long),))
        Worker(Paused(rounds=1)).work(interval=10, once=True)
    assert [each.total_seconds() for each in seen] == [0, 8, 8, 16]


@pytest.mark.django_db
def test_workers_of_other_days_are_forgotten_and_a_silent_one_is_told_from_one_that_ended():
    day = datetime.timedelta(days=1)
    heartbeats.begin("long gone", now=START - 2 * day)
    heartbeats.begin("ended", now=START - MINUTE)
    heartbeats.end("ended", now=START - MINUTE)
    heartbeats.begin("dead", now=START - 5 * MINUTE)
    heartbeats.begin("alive", now=START)
    found = {
        each.row.name: (each.is_at_work, each.is_silent) for each in heartbeats.workers(now=START)
    }
    assert found == {"alive": (True, False), "ended": (False, False), "dead": (False, True)}
    assert not WorkerHeartbeat.objects.filter(name="long gone").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command",
    [
        "announce_offers",
        "expire_offers",
        "plan_notices",
        "deliver_messages",
        "poll_messages",
        "sweep_messages",
        "understand_replies",
    ],
)
def test_each_step_is_a_command_of_its_own(command, monkeypatch, capsys):
    asked = []
    name = load_command_class("classes", command).step
    kept = {
        **work.BY_NAME,
        name: step(name, lambda turn: asked.append(name) or rounds.Did({"x": 2})),
    }
    monkeypatch.setattr(step_command, "BY_NAME", kept)
    call_command(command)
    assert asked == [name]
    assert capsys.readouterr().out == f"{name}: x 2\n"
    assert name in [each.name for each in work.STEPS]


@pytest.mark.django_db
def test_nothing_of_a_demo_is_sent_to_real_phones(settings):
    message = queued("+819000000000")
    factories.intake(is_demo=True)
    settings.TWILIO_ACCOUNT_SID = "AC0"
    did = work.deliver(rounds.Turn(clock=lambda: START, until=START + MINUTE))
    assert "no message is sent" in did.warning
    message.refresh_from_db()
    assert message.status == "queued"
    assert message.attempts == 0


def queued(to: str, **more):
    with transaction.atomic():
        return outbox.enqueue(
            to,
            "八王子市スマホ教室",
            dedupe_key=f"test:{to}",
            purpose="reminder",
            now=START,
            expires_at=START + datetime.timedelta(days=1),
            **more,
        )


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
