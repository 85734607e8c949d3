"""The next class is proposed to whoever has no place ahead, once, and to nobody else."""

import datetime

import pytest

from classes import reminders
from classes.models import Course, Notice
from learners.models import Learner
from skill_levels.models import Assessment, Competency, SkillLevel
from tests import factories
from tests.classes.planning_days import DAY, caller, planned, seat, texter
from tests.factories import tokyo

pytestmark = pytest.mark.django_db

NEXT = Notice.Purpose.NEXT_CLASS
# The autumn's series ends on 19 October; the winter's intake is open in October and November.
ENDED = tokyo(2026, 10, 20, 9)
LAST_LESSON = tokyo(2026, 10, 19, 11)


@pytest.fixture
def autumn():
    return factories.class_session(course=teaching("news"), capacity=30)


@pytest.fixture
def winter():
    return factories.intake(
        code="2026-12",
        opens_at=tokyo(2026, 10, 10, 9),
        closes_at=tokyo(2026, 11, 30, 17),
        min_age=60,
    )


def teaching(level: str) -> Course:
    return factories.course(level=SkillLevel.objects.get(code=level), short_name=level)


def winter_class(winter, level="news", **fields):
    fields.setdefault("lessons", [tokyo(2026, 12, 7, 10), tokyo(2026, 12, 14, 10)])
    return factories.class_session(intake=winter, course=teaching(level), **fields)


def masters(person: Learner, *levels: str, at: datetime.datetime = LAST_LESSON) -> None:
    for competency in Competency.objects.current().filter(level__code__in=levels):
        Assessment(
            learner=person,
            competency=competency,
            competency_version=competency.current,
            value=3,
            observed_at=at,
            recorded_at=at,
        ).save()


def test_the_day_after_the_last_lesson_the_next_class_is_proposed(autumn, winter):  # rule 46
    person = texter()
    seat(autumn, person)
    masters(person, "news")
    same, following = winter_class(winter), winter_class(winter, "accounts")
    assert planned(NEXT, at=tokyo(2026, 10, 19, 18)) == []
    [notice] = planned(NEXT, at=tokyo(2026, 10, 20, 0, 5))
    assert notice.class_session == following
    assert notice.occasion == f"class:{following.pk}"
    assert notice.message.send_after == tokyo(2026, 10, 20, 13)
    assert "accounts" in notice.message.body
    assert "12/7(月)10:00" in notice.message.body
    assert "042-626-3111" in notice.message.body
    assert same.pk != following.pk


def test_whoever_did_not_get_there_is_proposed_the_same_step_again(autumn, winter):
    seat(autumn, texter())
    same, _ = winter_class(winter), winter_class(winter, "accounts")
    [notice] = planned(NEXT, at=ENDED)
    assert notice.class_session == same


def test_where_no_intake_is_open_it_waits_until_the_next_one_opens(autumn, winter):
    winter.opens_at = tokyo(2026, 11, 2, 9)
    winter.save()
    seat(autumn, caller())
    winter_class(winter)
    assert planned(NEXT, at=ENDED) == []
    assert planned(NEXT, at=tokyo(2026, 11, 2, 8, 59)) == []
    [notice] = planned(NEXT, at=tokyo(2026, 11, 2, 9))
    assert notice.channel == "call"


def test_when_a_recheck_is_due_a_class_of_that_step_is_proposed(winter):  # rule 48
    person = texter()
    everything = SkillLevel.objects.values_list("code", flat=True)
    masters(person, *everything, at=tokyo(2026, 10, 1, 11))
    again = winter_class(winter)
    assert planned(NEXT, at=tokyo(2026, 10, 20, 9)) == []
    [notice] = planned(NEXT, at=tokyo(2026, 11, 20, 9))
    assert notice.class_session == again


def test_nobody_is_asked_twice_within_sixty_days_nor_ever_of_the_same_class(autumn, winter):
    seat(autumn, texter())
    winter.closes_at = tokyo(2027, 3, 1, 17)
    winter.save()
    one = winter_class(winter, lessons=[tokyo(2027, 3, 1, 10)])
    [first] = planned(NEXT, at=ENDED)
    other = winter_class(winter, lessons=[tokyo(2027, 3, 2, 10)])
    assert planned(NEXT, at=ENDED + 59 * DAY) == []
    [second] = planned(NEXT, at=ENDED + 61 * DAY)
    assert [first.class_session, second.class_session] == [one, other]
    assert planned(NEXT, at=ENDED + 125 * DAY) == []


def applies(session, person):
    factories.registered(session, person, at=tokyo(2026, 10, 15, 9))


def test_whoever_applied_is_not_asked(autumn, winter):
    person = texter()
    seat(autumn, person)
    applies(winter_class(winter), person)
    assert planned(NEXT, at=ENDED) == []


def test_before_the_date_of_a_cancelled_last_lesson_nothing_has_ended(autumn, winter):
    # Rule 63. They were just told to wait for what becomes of it.
    seat(autumn, texter())
    winter_class(winter)
    autumn.lessons.filter(number=3).update(cancelled_at=tokyo(2026, 10, 17, 9))
    assert planned(NEXT, at=tokyo(2026, 10, 17, 9, 1)) == []
    assert planned(NEXT, at=tokyo(2026, 10, 19, 8)) == []
    assert len(planned(NEXT, at=ENDED)) == 1


def test_whoever_waits_in_a_line_is_not_asked(autumn, winter):
    person = texter()
    seat(autumn, person)
    full = winter_class(winter, capacity=1)
    applies(full, texter())
    applies(full, person)
    winter_class(winter, lessons=[tokyo(2026, 12, 8, 10)])
    assert planned(NEXT, at=ENDED) == []


def test_whoever_waited_in_vain_is_asked(winter):
    autumn = factories.class_session(course=teaching("news"), capacity=1)
    waited = texter()
    factories.registered(autumn, texter())
    factories.registered(autumn, waited)
    winter_class(winter)
    assert waited in [notice.learner for notice in planned(NEXT, at=ENDED)]


@pytest.mark.parametrize(
    "state",
    [
        {"messages_paused_until": datetime.date(2026, 12, 1)},
        {"deceased_on": datetime.date(2026, 10, 19)},
        {"anonymised_at": tokyo(2026, 10, 19)},
    ],
)
def test_the_dead_and_those_who_pause_are_not_asked(autumn, winter, state):  # rule 42
    person = texter()
    seat(autumn, person)
    winter_class(winter)
    Learner.objects.filter(pk=person.pk).update(**state)
    assert planned(NEXT, at=ENDED) == []


def test_nobody_is_asked_to_a_class_that_would_refuse_them(autumn, winter):  # rule 15
    seat(autumn, texter(birth_date=datetime.date(1980, 1, 1)))
    winter_class(winter)
    assert planned(NEXT, at=ENDED) == []


def test_people_are_asked_to_classes_that_have_seats_for_them(autumn, winter):
    for _ in range(3):
        seat(autumn, texter())
    small = winter_class(winter, capacity=1)
    other = winter_class(winter, capacity=9, lessons=[tokyo(2026, 12, 21, 10)])
    told = planned(NEXT, at=ENDED)
    assert sorted(n.class_session_id for n in told) == [small.pk, other.pk, other.pk]


def test_whoever_applies_meanwhile_is_not_called(autumn, winter):  # rule 53
    person = caller()
    seat(autumn, person)
    session = winter_class(winter)
    [notice] = planned(NEXT, at=ENDED)
    factories.registered(session, person, at=ENDED + datetime.timedelta(minutes=5))
    reminders.plan(now=ENDED + datetime.timedelta(minutes=6))
    notice.refresh_from_db()
    assert notice.outcome == "dropped"


def test_a_couple_of_one_number_gets_one_proposal(autumn, winter):  # rule 59
    for _ in range(2):
        seat(autumn, texter(number="+819012340000"))
    winter_class(winter)
    told = planned(NEXT, at=ENDED)
    assert len(told) == 2
    assert len({notice.message_id for notice in told}) == 1
