"""Two workers and one answer, on PostgreSQL: it is taken up once."""

import pytest

from classes import replies, told_lately
from classes.models import Attendance, CallTask, Reply
from sms.models import NumberSuppression, OutboundMessage
from tests import factories
from tests.classes.answering import HOUR, NOW, message, reachable, told, wrote
from tests.concurrency.racing import MeetingPoint, race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def two_workers(monkeypatch: pytest.MonkeyPatch, body: str) -> list[object]:
    session = factories.class_session()
    person = reachable()
    factories.registered(session, person)
    told(person, session)
    told(person, session, sent=message(status=OutboundMessage.Status.QUEUED), number=2)
    wrote(body)
    # Both would look up whose number it is, had not one of them taken the message up.
    met = MeetingPoint(told_lately.people_of)
    monkeypatch.setattr(told_lately, "people_of", met)
    return race(
        lambda: replies.understand(now=NOW + HOUR), lambda: replies.understand(now=NOW + HOUR)
    )


def test_two_workers_announce_one_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(two_workers(monkeypatch, "2")) == [0, 1]  # type: ignore[type-var]
    assert Reply.objects.count() == Attendance.objects.count() == 1


def test_two_workers_stop_a_number_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(two_workers(monkeypatch, "停止")) == [0, 1]  # type: ignore[type-var]
    assert NumberSuppression.objects.count() == CallTask.objects.count() == 1


def test_control_without_the_claim_both_take_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "_claim", lambda inbound_pk, *, now: True)
    answers = two_workers(monkeypatch, "2")
    # Only the constraint behind it stops the second.
    assert sorted(type(answer).__name__ for answer in answers) == ["IntegrityError", "int"]
