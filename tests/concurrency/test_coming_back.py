"""Two coordinators pressing at once: each person is told once, on PostgreSQL (rules 22 and 52)."""

import uuid

import pytest

from classes import bulk, invitations
from classes.bulk import Draft
from classes.models import BulkMessage, CallTask, Notice
from sms.models import OutboundMessage
from tests import factories
from tests.classes.coming_back_people import NOW, attended, open_class, series, texts
from tests.concurrency.racing import MeetingPoint, race
from tests.factories import tokyo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def people():
    over = series(tokyo(2026, 10, 5, 10), capacity=30)
    return [texts(attended(over), "+819031174912").pk, *(attended(over).pk for _ in range(4))]


@pytest.mark.parametrize("is_open", [True, False])
def test_two_presses_that_both_looked_before_tell_everybody_once(people, monkeypatch, is_open):
    if is_open:
        open_class(capacity=30)
    meeting = MeetingPoint(invitations.prepare)
    monkeypatch.setattr(invitations, "prepare", meeting)
    answers = race(*[lambda: invitations.send(people, now=NOW)] * 2)
    assert meeting.met
    assert [answer.people for answer in answers] == [5, 5]
    told = Notice.objects.filter(purpose="next_class")
    assert sorted(told.values_list("learner", flat=True)) == sorted(people)
    calls = CallTask.objects.filter(notice__purpose="next_class")
    assert calls.count() == told.filter(channel="call").count() == (4 if is_open else 5)
    assert OutboundMessage.objects.filter(purpose="next_class").count() == int(is_open)


def test_one_confirmation_that_arrives_twice_at_once_sends_once(people):
    by = factories.staff_member(role="coordinator")
    intake = factories.intake()
    key = uuid.uuid4()

    def confirm() -> BulkMessage:
        return bulk.create(
            Draft("お知らせです。", "", None),
            people,
            intake=intake,
            client_uuid=key,
            by=by,
            now=NOW,
        )

    first, second = race(confirm, confirm)
    assert first == second
    assert Notice.objects.filter(purpose="bulk").count() == 5
    assert OutboundMessage.objects.filter(purpose="bulk").count() == 1
