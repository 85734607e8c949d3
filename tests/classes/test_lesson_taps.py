"""What is tapped in the classroom: recorded once, in its order, by those who may."""

import dataclasses
import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import lesson_board, lesson_taps, teaching
from classes.lesson_taps import NoSuchLesson, NothingToTakeBack, NotInThisLesson, Presence, Rating
from classes.models import Attendance, ClassSession, Enrollment, Lesson, LessonAssessment, WalkIn
from learners.models import Learner
from skill_levels.models import Assessment, Competency
from staff.models import StaffMember
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.tokyo(2026, 10, 5, 11)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def instructor() -> StaffMember:
    return factories.staff_member(role="instructor", name="先生")


@pytest.fixture
def session(instructor: StaffMember) -> ClassSession:
    made = factories.class_session()
    made.instructors.add(instructor)
    return made


@pytest.fixture
def lesson(session: ClassSession) -> Lesson:
    return session.lessons.order_by("number")[0]


@pytest.fixture
def learner(session: ClassSession) -> Learner:
    person = factories.learner()
    factories.registered(session, person)
    return person


@pytest.fixture
def news() -> Competency:
    return Competency.objects.get(code="open-news")


def rating(learner: Learner, competency: Competency, value: int | None, **fields: Any) -> Rating:
    fields.setdefault("client_uuid", uuid.uuid4())
    return Rating(learner_pk=learner.pk, competency_pk=competency.pk, value=value, **fields)


def presence(learner: Learner, status: str, **fields: Any) -> Presence:
    return Presence(uuid.uuid4(), learner.pk, status=status, **fields)


def cell(lesson: Lesson, learner: Learner, competency: Competency, who: Any) -> Any:
    board = lesson_board.of(lesson.pk, who=who, now=NOW)
    assert board
    return next(
        each
        for row in board.rows
        for each in row.cells
        if (each.learner_pk, each.competency_pk) == (learner.pk, competency.pk)
    )


def test_one_tap_is_one_observation_however_often_it_is_sent(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    tap = rating(learner, news, 2)
    first = lesson_taps.rate(lesson.pk, tap, by=instructor, now=NOW)
    again = lesson_taps.rate(lesson.pk, tap, by=instructor, now=NOW + MINUTE)
    assert first == again
    assert LessonAssessment.objects.get().assessment == Assessment.objects.get() == first


def test_saying_the_same_again_records_nothing(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    lesson_taps.rate(lesson.pk, rating(learner, news, 2), by=instructor, now=NOW)
    again = rating(learner, news, 2)
    assert lesson_taps.rate(lesson.pk, again, by=instructor, now=NOW) is None
    assert Assessment.objects.count() == 1


def test_a_second_tap_in_the_same_lesson_corrects_ones_own(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    lesson_taps.rate(lesson.pk, rating(learner, news, 0), by=instructor, now=NOW)  # rule 44
    lesson_taps.rate(lesson.pk, rating(learner, news, 3), by=instructor, now=NOW + MINUTE)
    assert [each.value for each in Assessment.objects.standing()] == [3]
    assert Assessment.objects.count() == 2


def test_two_instructors_do_not_overwrite_each_other(
    session: ClassSession,
    lesson: Lesson,
    learner: Learner,
    news: Competency,
    instructor: StaffMember,
) -> None:
    other = factories.staff_member(role="instructor")
    session.assistants.add(other)
    lesson_taps.rate(lesson.pk, rating(learner, news, 1), by=instructor, now=NOW)
    lesson_taps.rate(lesson.pk, rating(learner, news, 3), by=other, now=NOW + MINUTE)
    shown = cell(lesson, learner, news, instructor)
    assert [seen.value for seen in shown.today] == [1, 3]
    assert shown.now.value == 3
    assert shown.differs
    assert {seen.value for seen in shown.by_whom} == {seen.value for seen in shown.today}
    assert len(shown.by_whom) == 2


def test_a_tap_of_a_later_lesson_is_a_new_observation(
    session: ClassSession,
    lesson: Lesson,
    learner: Learner,
    news: Competency,
    instructor: StaffMember,
) -> None:
    lesson_taps.rate(lesson.pk, rating(learner, news, 3), by=instructor, now=NOW)
    second = session.lessons.get(number=2)
    later = second.starts_at + MINUTE
    lesson_taps.rate(second.pk, rating(learner, news, 1), by=instructor, now=later)
    assert Assessment.objects.standing().count() == 2  # rule 44
    shown = cell(second, learner, news, instructor)
    assert (shown.now.value, shown.before.value) == (1, 3)


def test_undo_takes_back_ones_own_tap(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    lesson_taps.rate(lesson.pk, rating(learner, news, 3), by=instructor, now=NOW)
    lesson_taps.rate(lesson.pk, rating(learner, news, None), by=instructor, now=NOW)
    assert cell(lesson, learner, news, instructor).now is None
    with pytest.raises(NothingToTakeBack):
        lesson_taps.rate(lesson.pk, rating(learner, news, None), by=instructor, now=NOW)


def test_a_tap_that_waited_for_the_wifi_keeps_its_time(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    waited = rating(learner, news, 2, age=datetime.timedelta(minutes=30))
    made = lesson_taps.rate(lesson.pk, waited, by=instructor, now=NOW)
    assert made
    assert made.observed_at == NOW - datetime.timedelta(minutes=30)
    assert made.recorded_at == NOW


@pytest.mark.parametrize("age", [datetime.timedelta(days=400), datetime.timedelta(days=-3)])
def test_a_tablets_wrong_clock_moves_nothing_out_of_the_lessons_day(
    lesson: Lesson,
    learner: Learner,
    news: Competency,
    instructor: StaffMember,
    age: datetime.timedelta,
) -> None:
    made = lesson_taps.rate(lesson.pk, rating(learner, news, 2, age=age), by=instructor, now=NOW)
    assert made
    assert lesson.starts_at.date() == made.observed_at.date()
    assert made.observed_at <= NOW


def test_attendance_is_marked_and_the_last_tap_stands_whichever_arrives_last(
    lesson: Lesson, learner: Learner, instructor: StaffMember
) -> None:
    late = presence(learner, "told", age=10 * MINUTE)
    lesson_taps.mark(lesson.pk, presence(learner, "present"), by=instructor, now=NOW)
    lesson_taps.mark(lesson.pk, late, by=instructor, now=NOW + MINUTE)
    assert Attendance.objects.get().status == "present"
    lesson_taps.mark(lesson.pk, presence(learner, "told"), by=instructor, now=NOW + MINUTE)
    assert Attendance.objects.get().status == "told"


def test_a_quick_correction_stands_although_the_first_tap_was_long_on_its_way(
    lesson: Lesson, learner: Learner, instructor: StaffMember
) -> None:
    """Tapped at 0 s and 1 s; the first took four seconds, the second was sent after it."""
    second = datetime.timedelta(seconds=1)
    lesson_taps.mark(lesson.pk, presence(learner, "present"), by=instructor, now=NOW + 4 * second)
    corrected = presence(learner, "told", age=4 * second)
    lesson_taps.mark(lesson.pk, corrected, by=instructor, now=NOW + 5 * second)
    assert Attendance.objects.get().status == "told"


def test_who_cannot_come_today_keeps_the_seat(
    lesson: Lesson, learner: Learner, instructor: StaffMember
) -> None:
    lesson_taps.mark(lesson.pk, presence(learner, "told"), by=instructor, now=NOW)  # rule 37
    assert Enrollment.objects.held().filter(application__learner=learner).exists()


def test_somebody_elsewhere_is_not_in_this_lesson(
    lesson: Lesson, news: Competency, instructor: StaffMember
) -> None:
    stranger = factories.learner()
    with pytest.raises(NotInThisLesson):
        lesson_taps.rate(lesson.pk, rating(stranger, news, 2), by=instructor, now=NOW)
    with pytest.raises(NotInThisLesson):
        lesson_taps.mark(lesson.pk, presence(stranger, "present"), by=instructor, now=NOW)


def test_a_walk_in_is_rated_and_takes_no_seat(
    session: ClassSession, lesson: Lesson, news: Competency, instructor: StaffMember
) -> None:
    session.capacity = 0  # rule 41
    session.save()
    person = factories.learner()
    for _ in range(2):
        lesson_taps.walk_in(lesson.pk, person.pk, client_uuid=uuid.uuid4(), by=instructor, now=NOW)
    assert WalkIn.objects.count() == 1
    lesson_taps.rate(lesson.pk, rating(person, news, 2), by=instructor, now=NOW)
    board = lesson_board.of(lesson.pk, who=instructor, now=NOW)
    assert board
    assert [(row.is_walk_in, row.status) for row in board.rows] == [(True, "present")]


def test_who_holds_a_seat_is_no_walk_in(
    lesson: Lesson, learner: Learner, instructor: StaffMember
) -> None:
    with pytest.raises(NotInThisLesson):
        lesson_taps.walk_in(lesson.pk, learner.pk, client_uuid=uuid.uuid4(), by=instructor, now=NOW)


def test_a_walk_in_noted_by_mistake_goes_and_may_come_again(
    lesson: Lesson, instructor: StaffMember
) -> None:
    person = factories.learner()
    note: dict[str, Any] = {"by": instructor, "now": NOW}
    lesson_taps.walk_in(lesson.pk, person.pk, client_uuid=uuid.uuid4(), **note)
    lesson_taps.withdraw_walk_in(lesson.pk, person.pk, **note)
    board = lesson_board.of(lesson.pk, who=instructor, now=NOW)
    assert board
    assert board.rows == ()
    lesson_taps.walk_in(lesson.pk, person.pk, client_uuid=uuid.uuid4(), **note)
    assert WalkIn.objects.standing().count() == 1


def test_companions_are_a_headcount(lesson: Lesson, instructor: StaffMember) -> None:
    lesson_taps.count_companions(lesson.pk, 3, by=instructor, now=NOW)  # rule 41
    lesson.refresh_from_db()
    assert lesson.companions == 3
    with pytest.raises(ValueError, match="0 to 99"):
        lesson_taps.count_companions(lesson.pk, 100, by=instructor, now=NOW)


def test_an_instructor_opens_only_the_lessons_of_their_own_classes(
    lesson: Lesson, learner: Learner, news: Competency
) -> None:
    stranger = factories.staff_member(role="instructor")  # rule 65
    assert lesson_board.of(lesson.pk, who=stranger, now=NOW) is None
    for call in (
        lambda: lesson_taps.rate(lesson.pk, rating(learner, news, 1), by=stranger, now=NOW),
        lambda: lesson_taps.mark(lesson.pk, presence(learner, "told"), by=stranger, now=NOW),
        lambda: lesson_taps.count_companions(lesson.pk, 1, by=stranger, now=NOW),
    ):
        with pytest.raises(NoSuchLesson):
            call()


def test_a_substitute_sees_one_lesson_until_midnight(
    session: ClassSession, lesson: Lesson, instructor: StaffMember
) -> None:
    stand_in = factories.staff_member(role="instructor")  # rule 65
    teaching.add_substitute(lesson, stand_in, by=instructor, now=NOW)
    midnight = factories.tokyo(2026, 10, 6, 0)
    assert lesson_board.of(lesson.pk, who=stand_in, now=midnight - MINUTE)
    assert lesson_board.of(lesson.pk, who=stand_in, now=midnight) is None
    second = session.lessons.get(number=2)
    assert lesson_board.of(second.pk, who=stand_in, now=NOW) is None


def test_what_a_substitute_tapped_before_midnight_may_arrive_after_it(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    stand_in = factories.staff_member(role="instructor")
    teaching.add_substitute(lesson, stand_in, by=instructor, now=NOW)
    morning = factories.tokyo(2026, 10, 6, 8)
    tapped = dataclasses.replace(rating(learner, news, 3), age=morning - NOW)
    assert lesson_taps.rate(lesson.pk, tapped, by=stand_in, now=morning)
    with pytest.raises(NoSuchLesson):
        lesson_taps.rate(lesson.pk, rating(learner, news, 2), by=stand_in, now=morning)
    week_later = morning + datetime.timedelta(days=7)
    old = dataclasses.replace(rating(learner, news, 1), age=week_later - NOW)
    with pytest.raises(NoSuchLesson):
        lesson_taps.rate(lesson.pk, old, by=stand_in, now=week_later)


def test_only_an_instructor_stands_in(lesson: Lesson, instructor: StaffMember) -> None:
    with pytest.raises(teaching.NotAnInstructor):
        teaching.add_substitute(
            lesson, factories.staff_member(role="reception"), by=instructor, now=NOW
        )


def test_who_is_here_and_was_not_looked_at_is_told(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    def missed() -> int:
        board = lesson_board.of(lesson.pk, who=instructor, now=NOW)
        assert board
        return board.counts["missed"]

    assert missed() == 0
    lesson_taps.mark(lesson.pk, presence(learner, "present"), by=instructor, now=NOW)
    assert missed() == 1
    lesson_taps.rate(lesson.pk, rating(learner, news, 0), by=instructor, now=NOW)
    assert missed() == 0


def test_what_a_lesson_looks_at_can_be_adjusted(
    lesson: Lesson, instructor: StaffMember, news: Competency
) -> None:
    board = lesson_board.of(lesson.pk, who=instructor, now=NOW)
    assert board
    assert {each.level.code for each in board.competencies} == {"news"}
    assert len(board.competencies) == 9
    other = Competency.objects.get(code="install-app")
    lesson_board.choose_competencies(lesson, [news.pk, other.pk, 999_999])
    assert lesson_board.competencies_of(lesson) == (news, other)
    lesson_board.choose_competencies(lesson, [])
    assert len(lesson_board.competencies_of(lesson)) == 9


def test_the_version_changes_with_everything_that_is_tapped(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    seen = [lesson_board.version(lesson)]
    by: dict[str, Any] = {"by": instructor, "now": NOW}
    person = factories.learner()
    for change in (
        lambda: lesson_taps.rate(lesson.pk, rating(learner, news, 1), **by),
        lambda: lesson_taps.mark(lesson.pk, presence(learner, "present"), **by),
        lambda: lesson_taps.mark(lesson.pk, presence(learner, "told"), **by),
        lambda: lesson_taps.count_companions(lesson.pk, 2, **by),
        lambda: lesson_taps.walk_in(lesson.pk, person.pk, client_uuid=uuid.uuid4(), **by),
        lambda: lesson_taps.withdraw_walk_in(lesson.pk, person.pk, **by),
    ):
        change()
        seen.append(lesson_board.version(lesson))
    assert len(set(seen)) == len(seen)


def test_only_what_changed_is_sent_to_the_other_board(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    early = NOW - datetime.timedelta(minutes=10)
    other = Competency.objects.get(code="zoom")
    lesson_taps.rate(lesson.pk, rating(learner, other, 1), by=instructor, now=early)
    lesson_taps.rate(lesson.pk, rating(learner, news, 1), by=instructor, now=NOW)
    board = lesson_board.of(lesson.pk, who=instructor, now=NOW)
    assert board
    changed = lesson_board.changed_since(lesson, NOW - MINUTE)
    cells, _rows = lesson_board.changes(board, changed)
    assert [each.competency_pk for each in cells] == [news.pk]


def test_the_boards_queries_do_not_grow_with_its_people(
    session: ClassSession, lesson: Lesson, instructor: StaffMember, news: Competency
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            lesson_board.of(lesson.pk, who=instructor, now=NOW)
        return len(captured)

    def add_people(number: int) -> None:
        for _ in range(number):
            person = factories.learner()
            factories.registered(session, person)
            lesson_taps.rate(lesson.pk, rating(person, news, 2), by=instructor, now=NOW)

    add_people(1)
    instructor.roles  # noqa: B018  (read once, as the middleware does)
    one = queries()
    add_people(4)
    assert queries() == one
    assert one <= 9


def test_a_tap_costs_four_queries(
    lesson: Lesson, learner: Learner, news: Competency, instructor: StaffMember
) -> None:
    instructor.roles  # noqa: B018
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        lesson_taps.rate(lesson.pk, rating(learner, news, 2), by=instructor, now=NOW)
    assert len(statements) == 4, statements
