"""One press proposes the next class, or asks how somebody is; nobody is told twice."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import invitations
from classes.models import CallTask, Notice
from sms.models import OutboundMessage
from tests import factories
from tests.classes.coming_back_people import (
    ABSENT,
    DAY,
    NOW,
    attended,
    marks,
    open_class,
    seat,
    series,
    texts,
)
from tests.factories import tokyo

pytestmark = pytest.mark.django_db


@pytest.fixture
def over():
    return series(tokyo(2026, 10, 5, 10), capacity=30)


def told():
    return {n.learner_id: n for n in Notice.objects.filter(purpose="next_class")}


def test_each_is_told_of_their_next_class_by_what_reaches_them(over):  # rules 20 and 60
    by_text = texts(attended(over), "+819031174912")
    by_call = attended(over)
    by_letter = attended(over, factories.learner(no_phone_calls=True))
    session = open_class()
    plan = invitations.prepare([by_text.pk, by_call.pk, by_letter.pk], now=NOW)
    assert (plan.by_text, plan.by_call, plan.by_letter, plan.messages) == (1, 1, 1, 1)
    assert not told()
    invitations.send([by_text.pk, by_call.pk, by_letter.pk], now=NOW)
    notices = told()
    assert {n.class_session for n in notices.values()} == {session}
    assert [notices[x.pk].channel for x in (by_text, by_call, by_letter)] == [
        "sms",
        "call",
        "post",
    ]
    message = OutboundMessage.objects.get()
    assert "次は「ニュース」はいかがですか" in message.body
    assert plan.cost == message.segments * 12
    assert CallTask.objects.open().get().notice == notices[by_call.pk]


def test_a_second_press_tells_nobody_again_and_says_why(over):  # rule 52
    person = attended(over)
    open_class()
    invitations.send([person.pk], now=NOW)
    again = invitations.send([person.pk], now=NOW + DAY)
    assert (again.people, len(again.skipped)) == (0, 1)
    assert Notice.objects.filter(purpose="next_class").count() == 1
    notice = told()[person.pk]
    notice.settled_at, notice.outcome = NOW, "told"
    notice.save()
    later = invitations.prepare([person.pk], now=NOW + 2 * DAY)
    assert "2026/11/20" in later.skipped[0].why


def test_where_no_class_is_open_a_call_asks_how_they_are(over):
    person = texts(attended(over), "+819031174912")
    by_letter = attended(over, factories.learner(no_phone_calls=True))
    plan = invitations.send([person.pk, by_letter.pk], now=NOW)
    assert [x.pk for x in plan.asked] == [person.pk, by_letter.pk]
    task = CallTask.objects.open().get(notice__purpose="next_class")
    assert "スマートフォンはいかがですか" in task.notice.sentence
    assert "電話" not in told()[by_letter.pk].sentence
    assert not OutboundMessage.objects.exists()
    assert invitations.send([person.pk], now=NOW + DAY).people == 0
    assert invitations.prepare([person.pk], now=NOW + 11 * DAY).skipped  # still to be called


def test_somebody_in_a_running_series_is_asked_and_offered_no_other_class(over):
    session = series(tokyo(2026, 11, 2, 10), tokyo(2026, 11, 9, 10), NOW + 3 * DAY)
    away = seat(session)
    marks(away, ABSENT, ABSENT)
    open_class()
    invitations.send([away.application.learner_id], now=NOW)
    notice = told()[away.application.learner_id]
    assert notice.class_session is None
    assert "次の教室でも、お待ちしております" in notice.sentence


def test_who_wants_no_reminders_and_the_dead_are_told_nothing(over):  # rule 42
    paused = attended(over, factories.learner(messages_paused_until=NOW.date() + DAY))
    dead = attended(over, factories.learner())
    dead.deceased_on = datetime.date(2026, 11, 1)
    dead.save()
    plan = invitations.send([paused.pk, dead.pk], now=NOW)
    assert [x.learner for x in plan.skipped] == [paused]
    assert not told()


def test_two_of_one_number_are_told_of_one_class_in_one_message(over):  # rule 59
    pair = [texts(attended(over), "+819031174912") for _ in range(2)]
    open_class()
    plan = invitations.send([x.pk for x in pair], now=NOW)
    assert (plan.by_text, plan.messages) == (2, 1)
    assert "2名様" in OutboundMessage.objects.get().body
    assert Notice.objects.filter(message__isnull=False).count() == 2


def test_the_queries_of_a_press_do_not_grow_with_the_people(over):
    open_class(capacity=30)
    people = [attended(over).pk for _ in range(12)]

    def count(pks):
        with CaptureQueriesContext(connection) as queries:
            invitations.send(pks, now=NOW)
        return len(queries)

    assert count(people[:2]) == count(people[2:])
