"""Who is slipping, who came back, and the return rate; a city's cancellation counts for nothing."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import coming_back, coming_back_people, return_rate
from classes.coming_back import Filters, Reason
from classes.models import CallLog, Notice, WalkIn
from skill_levels.models import Competency
from tests import factories
from tests.classes.coming_back_people import (
    ABSENT,
    DAY,
    NOW,
    PRESENT,
    TOLD,
    applies,
    attended,
    marks,
    open_class,
    seat,
    seen,
    series,
)
from tests.factories import tokyo

pytestmark = pytest.mark.django_db


def reasons(now=NOW):
    return {each.learner_pk: set(each.reasons) for each in coming_back.slipping(now=now)}


def test_somebody_whose_series_ended_with_nothing_booked_is_slipping():
    learner = attended(series(tokyo(2026, 10, 5, 10), tokyo(2026, 10, 12, 10)))
    assert reasons() == {learner.pk: {Reason.ENDED}}


def test_nobody_slips_while_a_lesson_of_theirs_lies_ahead():
    attended(series(tokyo(2026, 11, 16, 10), tokyo(2026, 11, 23, 10)))
    assert reasons() == {}


def test_nobody_slips_before_the_date_of_a_lesson_that_the_city_cancelled():  # rule 63
    session = series(NOW - 8 * DAY, NOW + 6 * DAY)
    learner = attended(session)
    session.lessons.filter(number=2).update(cancelled_at=NOW - DAY)
    assert reasons() == {}
    assert learner.pk in reasons(NOW + 7 * DAY)


@pytest.mark.parametrize("capacity", [5, 0])
def test_nobody_slips_who_has_a_seat_or_waits_for_one(capacity):
    learner = attended(series(tokyo(2026, 10, 5, 10)))
    applies(open_class(capacity=capacity), learner, NOW - DAY)
    assert reasons() == {}


def test_an_application_before_its_draw_is_something_booked():
    learner = attended(series(tokyo(2026, 10, 5, 10)))
    intake = factories.intake(opens_at=NOW - 5 * DAY, closes_at=NOW + 20 * DAY, method="lottery")
    applies(open_class(intake=intake), learner, NOW - DAY)
    assert reasons() == {}


def test_whoever_has_been_away_for_more_than_a_year_is_gone():
    attended(series(tokyo(2025, 10, 6, 10)))
    assert reasons() == {}


def test_two_misses_in_a_row_without_a_word_are_a_reason_also_in_the_middle_of_a_series():
    session = series(
        tokyo(2026, 11, 2, 10), tokyo(2026, 11, 9, 10), tokyo(2026, 11, 16, 10), NOW + 3 * DAY
    )
    away, back, told, once = (seat(session) for _ in range(4))
    marks(away, PRESENT, ABSENT, ABSENT)
    marks(back, ABSENT, ABSENT, PRESENT)
    marks(told, ABSENT, ABSENT, TOLD)
    marks(once, PRESENT, PRESENT, ABSENT)
    assert reasons() == {away.application.learner_id: {Reason.ABSENT}}


def test_coming_without_a_seat_ends_the_row_of_misses():
    session = series(tokyo(2026, 11, 2, 10), tokyo(2026, 11, 9, 10), NOW + 3 * DAY)
    away = seat(session)
    marks(away, ABSENT, ABSENT)
    other = series(tokyo(2026, 11, 11, 10))
    WalkIn.objects.create(lesson=other.lessons.get(), learner=away.application.learner, came_at=NOW)
    assert reasons() == {}


def test_a_lesson_the_city_cancelled_makes_no_row_of_misses():  # rule 63
    session = series(tokyo(2026, 11, 2, 10), tokyo(2026, 11, 9, 10), NOW + 3 * DAY)
    away = seat(session)
    marks(away, ABSENT, ABSENT)
    session.lessons.filter(number=2).update(cancelled_at=tokyo(2026, 11, 9, 8))
    assert reasons() == {}


def test_an_overdue_recheck_is_a_reason_while_nothing_is_booked():
    due, booked = factories.learner(), factories.learner()
    competency = Competency.objects.current().first()
    for learner in (due, booked):
        seen(learner, competency, 3, NOW - 90 * DAY)
    applies(open_class(), booked, NOW - DAY)
    assert reasons() == {due.pk: {Reason.RECHECK}}


def test_the_dead_and_the_merged_are_on_no_list():  # rule 42
    session = series(tokyo(2026, 10, 5, 10))
    dead, merged, alive = attended(session), attended(session), attended(session)
    dead.deceased_on = datetime.date(2026, 11, 1)
    dead.save()
    merged.merged_into = alive
    merged.save()
    assert set(reasons()) == {alive.pk}


def test_level_and_reason_filter_the_list():
    news = attended(series(tokyo(2026, 10, 5, 10)))
    level = factories.level("accounts")
    accounts = attended(series(tokyo(2026, 10, 6, 10), course=factories.course(level=level)))
    found = coming_back.slipping(now=NOW)
    only = [x.learner_pk for x in found if Filters(level_pk=level.pk).wants(x)]
    assert only == [accounts.pk]
    assert [x.learner_pk for x in found] == [news.pk, accounts.pk]
    assert not [x for x in found if Filters(reason=Reason.ABSENT).wants(x)]


def test_each_line_has_the_class_that_comes_next_and_the_last_contact():
    learner = attended(series(tokyo(2026, 10, 5, 10), course=factories.course()))
    session = open_class()
    CallLog.objects.create(
        intake=session.intake,
        called_at=NOW - 3 * DAY,
        outcome=CallLog.Outcome.INQUIRY,
        learner=learner,
    )
    (line,) = coming_back_people.people(coming_back.slipping(now=NOW), now=NOW)
    assert line.next_lesson.class_session == session
    assert line.last_seen == datetime.date(2026, 10, 5)
    assert (line.contact.at, line.waiting) == (NOW - 3 * DAY, None)


def test_a_larger_list_asks_no_more_of_the_database():
    session, other = series(tokyo(2026, 10, 5, 10), capacity=40), open_class()
    assert other.pk

    def count():
        with CaptureQueriesContext(connection) as queries:
            coming_back_people.people(coming_back.slipping(now=NOW), now=NOW)
            return_rate.by_level(now=NOW)
            coming_back_people.back(return_rate.returned(now=NOW))
            coming_back.told(now=NOW)
        return len(queries)

    attended(session)
    few = count()
    for _ in range(15):
        attended(session)
    assert count() == few


def test_told_counts_each_notice_once_by_how_it_was_told():
    session = open_class()
    for outcome, channel in (
        ("delivered", "sms"),
        ("sent", "sms"),
        ("", "sms"),
        ("told", "call"),
        ("", "call"),
        ("posted", "post"),
        ("missed", "call"),
        ("dropped", "sms"),
    ):
        Notice.objects.create(
            intake=session.intake,
            learner=factories.learner(),
            purpose=Notice.Purpose.REMINDER,
            occasion="lesson:1:1:7",
            channel=channel,
            created_at=NOW - DAY,
            due_at=NOW - DAY,
            settled_at=NOW if outcome else None,
            outcome=outcome,
        )
    told = coming_back.told(now=NOW)[0]
    assert (told.by_text, told.sent, told.waiting) == (1, 1, 1)
    assert (told.by_phone, told.to_call, told.by_letter, told.missed) == (1, 1, 1, 1)
    assert told.total == 7


def ended(now=NOW):
    since = now - 365 * DAY
    return {x.learner_pk: x.came_back_at for x in return_rate.series(now=now, since=since)}


def test_whoever_applies_again_within_sixty_days_came_back():
    session = series(tokyo(2026, 8, 3, 10), tokyo(2026, 8, 10, 10))
    end = tokyo(2026, 8, 10, 12)
    in_time, late, withdrawn, before = (attended(session) for _ in range(4))
    fresh = factories.class_session(
        intake=factories.intake(opens_at=end - 5 * DAY, closes_at=NOW),
        lessons=[NOW + 30 * DAY],
        capacity=20,
    )
    applies(fresh, in_time, end + 59 * DAY)
    applies(fresh, late, end + 61 * DAY)
    applies(fresh, before, end - 3 * DAY)
    taken_back = applies(fresh, withdrawn, end + 5 * DAY)
    taken_back.status = "cancelled"
    taken_back.save()
    assert ended() == {
        in_time.pk: end + 59 * DAY,
        late.pk: None,
        withdrawn.pk: None,
        before.pk: end - 3 * DAY,
    }


def test_whoever_comes_to_another_class_came_back_also_without_a_seat():
    session = series(tokyo(2026, 8, 3, 10))
    with_seat, without, own_class = (attended(session) for _ in range(3))
    assert own_class.pk
    other = series(tokyo(2026, 9, 7, 10))
    marks(seat(other, with_seat), PRESENT)
    WalkIn.objects.create(
        lesson=other.lessons.get(), learner=without, came_at=tokyo(2026, 9, 7, 10)
    )
    found = {x.learner_pk: x for x in return_rate.series(now=NOW, since=tokyo(2026, 8, 1))}
    assert found[without.pk].came_back_at == tokyo(2026, 9, 7, 10)
    assert found[own_class.pk].came_back_at is None


def test_whoever_never_came_is_not_counted_as_one_who_could_come_back():  # rule 34
    session = series(tokyo(2026, 8, 3, 10))
    marks(seat(session), ABSENT)
    assert ended() == {}


def test_the_rate_is_of_those_whose_sixty_days_are_over():
    early = series(tokyo(2026, 8, 3, 10), capacity=20)
    people = [attended(early) for _ in range(5)]
    fresh = factories.class_session(
        intake=factories.intake(opens_at=tokyo(2026, 8, 1), closes_at=NOW),
        lessons=[NOW + 30 * DAY],
        capacity=20,
    )
    for learner in people[:2]:
        applies(fresh, learner, tokyo(2026, 9, 1, 10))
    late = series(tokyo(2026, 10, 26, 10), capacity=20)
    attended(late)
    (news,) = return_rate.by_level(now=NOW)
    lines = {line.label: line for line in news.quarters if line.people}
    assert set(lines) == {"2026/7-9", "2026/10-12"}
    assert (lines["2026/7-9"].parts, lines["2026/7-9"].share) == ((2, 0, 3), 40)
    assert (lines["2026/10-12"].parts, lines["2026/10-12"].share) == ((0, 1, 0), None)
    assert (news.total.people, news.total.share) == (6, 40)
