"""Two workers that plan at once, on PostgreSQL: one notice, one message and one call each."""

from typing import Any

import pytest
from django.db.models.query import QuerySet

from classes import planned_notices, reminders
from classes.models import CallTask, Notice
from sms.models import OutboundMessage
from tests import factories
from tests.classes.planning_days import caller, seat, texter
from tests.concurrency.racing import MeetingPoint, race
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOW = tokyo(2026, 10, 6, 9)


def two_workers_plan(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Both have read what is not written yet before either writes."""
    session = factories.class_session(lessons=[tokyo(2026, 10, 13, 10)])
    seat(session, texter(number="+819012340000"))
    seat(session, texter(number="+819012340000"))
    seat(session, texter())
    seat(session, caller())
    monkeypatch.setattr(planned_notices, "_not_written", MeetingPoint(planned_notices._not_written))
    return race(lambda: reminders.plan(now=NOW), lambda: reminders.plan(now=NOW))


def made() -> tuple[int, int, int]:
    return (
        Notice.objects.filter(purpose="reminder").count(),
        OutboundMessage.objects.filter(purpose="reminder").count(),
        CallTask.objects.filter(notice__purpose="reminder").count(),
    )


def test_two_workers_make_one_notice_one_message_and_one_call_each(  # rules 52 and 59
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = two_workers_plan(monkeypatch)
    assert [type(answer).__name__ for answer in answers] == ["Planned", "Planned"]
    assert made() == (4, 2, 1)
    texts = Notice.objects.filter(purpose="reminder", channel="sms")
    assert texts.exclude(message=None).count() == 3


def test_control_without_the_keys_one_of_the_workers_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    original = QuerySet.bulk_create

    def strict(self: Any, rows: Any, **options: Any) -> Any:
        return original(self, rows, **{**options, "ignore_conflicts": False})

    monkeypatch.setattr(QuerySet, "bulk_create", strict)
    answers = two_workers_plan(monkeypatch)
    assert sorted(type(answer).__name__ for answer in answers) == ["IntegrityError", "Planned"]
