"""A bad day: one press stops it, one brings it back or gives it a new day (rules 29, 51, 63)."""

import datetime
import uuid

import pytest

from classes import call_pace, calls, class_page, disruptions, lesson_taps, lessons, offers, work
from classes.disruptions import Why
from classes.models import (
    Attendance,
    CallTask,
    ClassSession,
    DisruptedLesson,
    Disruption,
    Enrollment,
    Lesson,
    Notice,
    Offer,
)
from classes.timetable import Planned
from learners.models import Learner
from staff.models import StaffMember
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
TYPHOON = Why(Disruption.Cause.TYPHOON)
MONDAY = tokyo(2026, 10, 5, 7)
AT_TEN, AT_HALF_PAST_ONE = tokyo(2026, 10, 5, 10), tokyo(2026, 10, 5, 13, 30)


@pytest.fixture
def planner() -> StaffMember:
    return factories.staff_member(role="coordinator")


@pytest.fixture
def afternoon() -> ClassSession:
    return factories.class_session(
        code="N2", lessons=[AT_HALF_PAST_ONE, AT_HALF_PAST_ONE + 7 * DAY]
    )


@pytest.fixture
def morning(afternoon: ClassSession) -> ClassSession:
    return factories.class_session(
        code="N1", intake=afternoon.intake, lessons=[AT_TEN, AT_TEN + 7 * DAY]
    )


def first(session: ClassSession) -> Lesson:
    return session.lessons.select_related("venue", "class_session").order_by("number")[0]


def stop(*sessions: ClassSession, by: StaffMember) -> Disruption:
    keys = [first(session).pk for session in sessions]
    return disruptions.stop(keys, TYPHOON, by=by, now=MONDAY)


def later(lesson: Lesson, days: int = 14) -> Planned:
    start, end = lesson.starts_at + days * DAY, lesson.ends_at + days * DAY
    return Planned(lesson.number, start, end, lesson.venue)


def told(purpose: Notice.Purpose) -> list[Notice]:
    return list(Notice.objects.filter(purpose=purpose, settled_at__isnull=True).order_by("pk"))


def hear(purpose: Notice.Purpose) -> None:
    Notice.objects.filter(purpose=purpose, settled_at__isnull=True).update(
        settled_at=MONDAY + HOUR, outcome=Notice.Outcome.TOLD
    )


def test_everybody_is_called_in_the_order_of_the_hour(  # rule 51
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    factories.registered(afternoon, factories.learner(phone="+81426263111"))
    factories.registered(morning, factories.learner(phone="+81426263112"))

    stop(afternoon, morning, by=planner)

    calls_now = list(calls.open_tasks(now=MONDAY).select_related("notice"))
    assert [task.due_at for task in calls_now] == [AT_TEN, AT_HALF_PAST_ONE]
    said = calls_now[0].notice.sentence
    assert "台風のため、中止" in said
    assert "次は第2回、10月12日月曜" in said


def test_a_lesson_weeks_away_is_called_about_in_its_turn(
    morning: ClassSession, planner: StaffMember
) -> None:
    factories.registered(morning)
    weeks_before = MONDAY - 21 * DAY
    disruptions.stop([first(morning).pk], TYPHOON, by=planner, now=weeks_before)
    task = CallTask.objects.get(notice__purpose=Notice.Purpose.CANCELLED)
    assert task.urgency > 0
    assert task.due_at == AT_TEN - DAY


def test_the_next_lesson_is_none_of_those_that_were_stopped(planner: StaffMember) -> None:
    twice = factories.class_session(lessons=[AT_TEN, AT_HALF_PAST_ONE, AT_TEN + 7 * DAY])
    factories.registered(twice)

    keys = [lesson.pk for lesson in twice.lessons.all()[:2]]
    disruptions.stop(keys, TYPHOON, by=planner, now=MONDAY)

    assert all("第3回" in notice.sentence for notice in told(Notice.Purpose.CANCELLED))


def test_whoever_may_not_be_called_is_written_to(
    morning: ClassSession, planner: StaffMember
) -> None:  # rule 20
    factories.registered(morning, factories.learner(no_phone_calls=True))

    stop(morning, by=planner)

    (notice,) = told(Notice.Purpose.CANCELLED)
    assert notice.channel == Notice.Channel.POST
    assert notice.due_at == MONDAY


def test_what_was_stopped_before_is_not_stopped_twice(
    morning: ClassSession, planner: StaffMember
) -> None:
    factories.registered(morning)
    stop(morning, by=planner)

    with pytest.raises(disruptions.NothingThere):
        stop(morning, by=planner)
    assert len(told(Notice.Purpose.CANCELLED)) == 1


def test_an_absence_at_a_cancelled_lesson_counts_for_nothing(  # rule 63
    morning: ClassSession, planner: StaffMember
) -> None:
    (application,) = factories.registered(morning)
    lesson = first(morning)
    Attendance.objects.create(
        enrollment=Enrollment.objects.get(application=application),
        lesson=lesson,
        status=Attendance.Status.ABSENT,
        marked_at=MONDAY,
    )
    assert Attendance.objects.counted().count() == 1

    stop(morning, by=planner)

    assert Attendance.objects.counted().count() == 0
    presence = lesson_taps.Presence(uuid.uuid4(), application.learner_id, status="absent")
    with pytest.raises(lesson_taps.CancelledByCity):
        lesson_taps.mark(lesson.pk, presence, by=planner, now=MONDAY)


def test_resuming_tells_only_those_who_had_heard(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    factories.registered(morning)
    made = stop(morning, by=planner)
    hear(Notice.Purpose.CANCELLED)
    factories.registered(morning)

    disruptions.resume(made.pk, by=planner, now=MONDAY + 2 * HOUR)

    made.refresh_from_db()
    lesson = first(morning)
    assert made.ending == Disruption.Ending.RESUMED
    assert lesson.cancelled_at is None
    assert lesson.revision == 3
    (notice,) = told(Notice.Purpose.RESUMED)
    assert "予定どおり行う" in notice.sentence
    assert not told(Notice.Purpose.CANCELLED)


def test_resuming_says_again_what_had_still_to_be_said(
    morning: ClassSession, planner: StaffMember
) -> None:
    factories.registered(morning)
    lesson = first(morning)
    start = lesson.starts_at + HOUR
    lessons.move(
        lesson,
        Planned(1, start, start + 2 * HOUR, lesson.venue),
        by=planner,
        now=MONDAY - 2 * DAY,
    )
    (moved,) = told(Notice.Purpose.CHANGED)

    made = stop(morning, by=planner)
    assert not told(Notice.Purpose.CHANGED)
    disruptions.resume(made.pk, by=planner, now=MONDAY + HOUR)

    assert told(Notice.Purpose.CHANGED) == [moved]
    assert CallTask.objects.open().filter(notice=moved).exists()


def test_a_lesson_that_would_have_begun_is_not_resumed(
    morning: ClassSession, planner: StaffMember
) -> None:
    made = stop(morning, by=planner)
    with pytest.raises(disruptions.NothingThere):
        disruptions.resume(made.pk, by=planner, now=AT_TEN + HOUR)


def test_a_new_day_in_one_step_also_a_week_later(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    factories.registered(morning)
    made = stop(morning, afternoon, by=planner)
    hear(Notice.Purpose.CANCELLED)
    plans = {lesson.pk: later(lesson) for lesson in (first(morning), first(afternoon))}

    disruptions.reschedule(made.pk, plans, by=planner, now=MONDAY + 7 * DAY)

    starts = [lesson.starts_at for lesson in morning.lessons.order_by("number")]
    assert starts == [AT_TEN + 7 * DAY, AT_TEN + 14 * DAY]
    assert not Lesson.objects.filter(cancelled_at__isnull=False).exists()
    (notice,) = told(Notice.Purpose.CHANGED)
    assert "10月5日月曜" in notice.sentence
    assert "10月19日月曜" in notice.sentence
    # They know that it is off: nothing hurries.
    task = CallTask.objects.get(notice=notice)
    assert task.due_at == AT_TEN + 13 * DAY
    assert task.urgency > 0
    assert not disruptions.waiting_for_a_day().exists()


def test_moved_at_once_and_nobody_is_told_that_it_was_cancelled(
    morning: ClassSession, planner: StaffMember
) -> None:
    factories.registered(morning)
    lesson = first(morning)

    made = disruptions.move({lesson.pk: later(lesson)}, TYPHOON, by=planner, now=MONDAY)

    assert not told(Notice.Purpose.CANCELLED)
    (notice,) = told(Notice.Purpose.CHANGED)
    assert CallTask.objects.get(notice=notice).due_at == AT_TEN
    assert made.disrupted_lessons.get().outcome == DisruptedLesson.Outcome.MOVED


def test_the_day_it_had_is_no_new_day(morning: ClassSession, planner: StaffMember) -> None:
    lesson = first(morning)
    with pytest.raises(disruptions.NothingThere):
        disruptions.move({lesson.pk: later(lesson, 0)}, TYPHOON, by=planner, now=MONDAY)
    made = stop(morning, by=planner)
    with pytest.raises(disruptions.NothingThere):
        disruptions.reschedule(made.pk, {lesson.pk: later(lesson, 0)}, by=planner, now=MONDAY)
    assert disruptions.waiting_for_a_day().count() == 1


def offer_of_the_day(session_starts: datetime.datetime) -> Offer:
    """Told on Sunday at noon, to be answered by Tuesday at noon."""
    intake = factories.intake(
        code="2026-11", opens_at=tokyo(2026, 9, 1, 9), closes_at=tokyo(2026, 10, 31, 17)
    )
    offer = factories.announced_offer(
        at=tokyo(2026, 10, 4, 11), intake=intake, lessons=[session_starts]
    )
    offers.tell(offer.pk, told_by=Offer.ToldBy.PHONE, by=None, now=tokyo(2026, 10, 4, 12))
    return offer


def test_the_time_to_answer_stands_still_until_the_morning_after(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    # rule 29
    offer = offer_of_the_day(AT_TEN + 30 * DAY)
    made = stop(morning, afternoon, by=planner)
    assert list(made.offer_pauses.values_list("offer", flat=True)) == [offer.pk]

    tuesday = tokyo(2026, 10, 6, 9)
    work.do_round(now=tuesday - datetime.timedelta(minutes=1))
    made.refresh_from_db()
    assert made.ended_at is None
    # A worker that stood still itself first gives the time back, and then lets expire.
    work.do_round(now=tokyo(2026, 10, 6, 12, 30))

    offer.refresh_from_db()
    made.refresh_from_db()
    assert made.ending == Disruption.Ending.PASSED
    assert offer.status == Offer.Status.OPEN
    assert offer.expires_at == tokyo(2026, 10, 6, 12) + (tokyo(2026, 10, 6, 12, 30) - MONDAY)


def test_an_offer_that_stands_still_does_not_expire(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    offer = offer_of_the_day(AT_TEN + 30 * DAY)
    stop(morning, afternoon, by=planner)
    Offer.objects.filter(pk=offer.pk).update(expires_at=MONDAY + HOUR)

    assert offers.expire_due(now=MONDAY + 2 * HOUR) == 0
    (shown,) = class_page.page(offer.class_session, now=MONDAY + 2 * HOUR).offers
    assert (shown.is_paused, shown.is_late) == (True, False)
    offer.refresh_from_db()
    assert offer.status == Offer.Status.OPEN


def test_only_the_offers_of_the_stopped_classes_stand_still_on_half_a_day(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    offer_of_the_day(AT_TEN + 30 * DAY)
    assert stop(morning, by=planner).offer_pauses.count() == 0


def test_a_day_that_is_far_off_holds_no_offer_still(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    offer_of_the_day(AT_TEN + 30 * DAY)
    keys = [first(morning).pk, first(afternoon).pk]
    early = MONDAY - datetime.timedelta(hours=8)
    assert disruptions.reach([first(morning)], TYPHOON, now=early - 2 * DAY).offers == 0
    long_before = disruptions.stop(keys[:1], TYPHOON, by=planner, now=early - 2 * DAY)
    assert long_before.offer_pauses.count() == 0
    evening_before = disruptions.stop(keys[1:], TYPHOON, by=planner, now=early)
    assert evening_before.offer_pauses.count() == 1


def test_an_illness_lets_the_other_offers_run_on(
    morning: ClassSession, planner: StaffMember
) -> None:
    offer_of_the_day(AT_TEN + 30 * DAY)
    afternoon_too = Lesson.objects.filter(starts_at__date=MONDAY.date())
    keys = [lesson.pk for lesson in afternoon_too]
    why = Why(Disruption.Cause.ILLNESS)
    made = disruptions.stop(keys, why, by=planner, now=MONDAY)
    assert made.offer_pauses.count() == 0


def test_two_bad_days_in_a_row_add_up_once(
    morning: ClassSession, afternoon: ClassSession, planner: StaffMember
) -> None:
    tuesday = factories.class_session(code="N9", lessons=[AT_TEN + DAY])
    offer = offer_of_the_day(AT_TEN + 30 * DAY)
    offer.refresh_from_db()
    before = offer.expires_at
    stop(morning, afternoon, by=planner)
    disruptions.stop([first(tuesday).pk], TYPHOON, by=planner, now=MONDAY + HOUR)

    disruptions.end_passed(now=tokyo(2026, 10, 6, 9))
    offer.refresh_from_db()
    assert offer.expires_at == before
    disruptions.end_passed(now=tokyo(2026, 10, 7, 9))

    offer.refresh_from_db()
    assert before is not None
    assert offer.expires_at == before + (tokyo(2026, 10, 7, 9) - MONDAY)


def test_what_a_press_would_do_is_said_before_it(
    morning: ClassSession, afternoon: ClassSession
) -> None:
    factories.registered(morning, factories.learner(no_phone_calls=True))
    both = factories.learner()
    factories.registered(morning, both)
    offer_of_the_day(AT_TEN + 30 * DAY)

    some = disruptions.reach([first(morning)], TYPHOON, now=MONDAY)
    everything = disruptions.reach([first(morning), first(afternoon)], TYPHOON, now=MONDAY)

    assert (some.by_phone, some.by_letter, some.offers) == (1, 1, 0)
    assert (everything.lessons, everything.offers, everything.is_whole_day) == (2, 1, True)


def test_a_bad_day_leaves_yesterday_alone(morning: ClassSession, planner: StaffMember) -> None:
    with pytest.raises(disruptions.NothingThere):
        disruptions.stop([first(morning).pk], TYPHOON, by=planner, now=MONDAY + DAY)


def test_the_learner_hears_it_in_their_language(
    morning: ClassSession, planner: StaffMember
) -> None:
    person: Learner = factories.learner(language="en")
    factories.registered(morning, person)
    stop(morning, by=planner)
    (notice,) = told(Notice.Purpose.CANCELLED)
    assert "because of a typhoon" in notice.sentence


def test_nobody_picks_up_at_half_past_seven_and_is_tried_again_before_ten() -> None:  # rule 51
    half_past_seven = MONDAY + datetime.timedelta(minutes=30)
    at = call_pace.next_attempt(due_at=AT_TEN, now=half_past_seven)
    assert at == MONDAY + HOUR
    again = call_pace.next_attempt(due_at=AT_TEN, now=AT_TEN - datetime.timedelta(minutes=4))
    assert AT_TEN - datetime.timedelta(minutes=4) < again < AT_TEN
