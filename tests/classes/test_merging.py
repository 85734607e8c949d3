"""A merge under its locks: what it tells in the 経過, and what no longer asks for anything."""

import datetime

import pytest

from classes import merging, staff_tasks
from classes.models import PlaceEvent, StaffTask
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
LATER = tokyo(2026, 9, 2, 10)


def test_the_lock_of_every_intake_concerned_is_taken_once(monkeypatch):
    survivor, absorbed = factories.learner(), factories.learner()
    sessions = [factories.class_session(), factories.class_session()]
    for session, learner in zip(sessions, (survivor, absorbed), strict=True):
        factories.registered(session, learner, at=NOW)
    locked: list[set[int]] = []
    lock = merging.lock_intakes
    monkeypatch.setattr(
        merging, "lock_intakes", lambda pks: locked.append(set(pks)) or lock(locked[-1])
    )
    done = merging.merge(survivor.pk, absorbed.pk, reason="同じ方", by=None, now=NOW)
    merging.undo(done.pk, by=None, now=LATER)
    assert len(locked) == 2
    assert all({session.intake_id for session in sessions} <= pks for pks in locked)


def test_merging_and_undoing_are_told_for_each_application_that_changed_hands():
    survivor, absorbed = factories.learner(), factories.learner()
    by = factories.staff_member()
    (application,) = factories.registered(factories.class_session(), absorbed, at=NOW)
    done = merging.merge(survivor.pk, absorbed.pk, reason="同じ方", by=by, now=NOW)
    merging.undo(done.pk, by=by, now=LATER)
    events = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.MERGED).order_by("pk")
    told = [(event.application, event.at, event.by, event.reason) for event in events]
    assert told == [(application, NOW, by, "同じ方"), (application, LATER, by, "")]
    assert [event.details["undone"] for event in events] == [False, True]


def test_a_task_that_stays_with_the_absorbed_record_is_asked_of_nobody_until_it_is_back():
    survivor, absorbed = factories.learner(), factories.learner()
    intake = factories.intake()
    mine, theirs = [
        StaffTask.objects.create(
            learner=learner,
            intake=intake,
            kind=StaffTask.Kind.SIGN_LANGUAGE,
            due_on=datetime.date(2026, 10, 1),
            created_at=NOW,
        )
        for learner in (survivor, absorbed)
    ]
    done = merging.merge(survivor.pk, absorbed.pk, reason="同じ方", by=None, now=NOW)
    assert list(staff_tasks.open_tasks()) == [mine]
    merging.undo(done.pk, by=None, now=LATER)
    assert list(staff_tasks.open_tasks()) == [mine, theirs]
