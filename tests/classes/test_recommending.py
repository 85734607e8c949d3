"""Rule 46: the next class that fits, ranked, each with its reason."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classes import lesson_taps, recommending
from classes.models import Attendance, ClassSession, Course, Intake
from learners.models import Learner
from skill_levels.models import Assessment, Competency, Placement, SkillLevel, SkillLevelVersion
from tests import factories

pytestmark = pytest.mark.django_db
NOW = factories.tokyo(2026, 9, 10, 10)
LONG_AGO = factories.tokyo(2026, 6, 1, 10)


@pytest.fixture
def intake() -> Intake:
    return factories.intake()


def teaches(level: str, intake: Intake, *, name: str = "", **fields: Any) -> ClassSession:
    course, _made = Course.objects.get_or_create(
        name=name or f"{level}の講座",
        defaults={"short_name": level, "level": SkillLevel.objects.get(code=level)},
    )
    return factories.class_session(intake=intake, course=course, **fields)


def masters(learner: Learner, level: str, value: int = 3) -> None:
    for competency in Competency.objects.current().filter(level__code=level):
        Assessment(
            learner=learner,
            competency=competency,
            competency_version=competency.current,
            value=value,
            observed_at=LONG_AGO,
            recorded_at=LONG_AGO,
        ).save()


def placed(learner: Learner, level: str) -> None:
    version = SkillLevelVersion.objects.get(level__code=level)
    Placement.objects.create(learner=learner, level_version=version, placed_at=LONG_AGO)


def recommended(learner: Learner) -> recommending.Recommendation:
    return recommending.recommend(learner, now=NOW)


def codes(learner: Learner) -> list[str]:
    return [fit.class_session.code for fit in recommended(learner).fits]


def test_the_first_level_not_reached_that_is_taught(intake: Intake) -> None:
    for level in ("first-steps", "news", "accounts", "payments"):
        teaches(level, intake, code=level)
    learner = factories.learner()
    masters(learner, "first-steps")
    masters(learner, "news")
    assert codes(learner) == ["accounts"]  # rule 46


def test_a_level_nobody_teaches_now_is_gone_past(intake: Intake) -> None:
    teaches("payments", intake, code="P1")
    learner = factories.learner()
    masters(learner, "first-steps")
    assert codes(learner) == ["P1"]  # rule 46


def test_the_phone_placement_counts_until_something_was_seen(intake: Intake) -> None:
    teaches("news", intake, code="N1")
    teaches("accounts", intake, code="A1")
    learner = factories.learner()
    placed(learner, "accounts")
    assert codes(learner) == ["A1"]  # rule 46
    assert recommended(learner).why == "ニュースまで到達、アカウントはまだです。"
    masters(learner, "news", value=2)
    assert codes(learner) == ["N1"]


def test_who_reached_everything_taught_is_recommended_nothing(intake: Intake) -> None:
    teaches("news", intake)
    learner = factories.learner()
    masters(learner, "first-steps")
    masters(learner, "news")
    assert recommended(learner).level is None
    assert recommended(learner).fits == ()


def test_closed_intakes_recommend_nothing() -> None:
    closed = factories.intake(code="old", closes_at=NOW - datetime.timedelta(days=1))
    teaches("first-steps", closed)
    assert codes(factories.learner()) == []


def test_a_class_one_has_or_waits_for_is_left_out(intake: Intake) -> None:
    held = teaches("first-steps", intake, code="F1", capacity=1)
    learner, other = factories.learner(), factories.learner()
    factories.registered(held, learner, at=NOW)
    factories.registered(held, other, at=NOW)
    teaches("first-steps", intake, code="F2")
    assert codes(learner) == ["F2"]
    assert codes(other) == ["F2"]


def test_a_course_for_ones_own_device_comes_first_and_another_says_so(intake: Intake) -> None:
    android = teaches("first-steps", intake, name="Androidの日", code="A")
    iphone = teaches("first-steps", intake, name="iPhoneの日", code="B")
    Course.objects.filter(pk=android.course_id).update(devices=["android"])
    Course.objects.filter(pk=iphone.course_id).update(devices=["iphone"])
    learner = factories.learner(device="iphone")
    assert codes(learner) == ["B", "A"]
    first, second = recommended(learner).fits
    assert "iPhone向け" in first.reasons
    assert "別の機種向け(Android)" in second.reasons


def test_a_hall_one_knows_comes_first(intake: Intake) -> None:
    opened = LONG_AGO - datetime.timedelta(days=30)
    before = factories.intake(code="before", opens_at=opened, closes_at=LONG_AGO)
    known = factories.venue(name="南大沢市民センター")
    past = teaches("first-steps", before, venue=known, lessons=[LONG_AGO])
    learner = factories.learner(address="")
    (application,) = factories.registered(past, learner, at=opened)
    Attendance.objects.create(
        enrollment=application.enrollments.get(),
        lesson=past.lessons.get(),
        status="present",
        marked_at=LONG_AGO,
    )
    teaches("first-steps", intake, code="A", venue=factories.venue(name="浅川市民センター"))
    teaches("first-steps", intake, code="B", venue=known)
    assert codes(learner) == ["B", "A"]
    best = recommended(learner).best
    assert best
    assert best.reasons[:2] == ("会場をご存じ", "前と同じ曜日・時間帯")


def test_near_home_comes_before_far_away(intake: Intake) -> None:
    learner = factories.learner(address="八王子市南大沢2-1")
    teaches("first-steps", intake, code="A", venue=factories.venue(name="浅川市民センター"))
    near = factories.venue(name="みなみホール", address="八王子市南大沢1-3")
    teaches("first-steps", intake, code="B", venue=near)
    assert codes(learner) == ["B", "A"]


def test_a_free_seat_comes_before_a_line(intake: Intake) -> None:
    hall = factories.venue()
    full = teaches("first-steps", intake, code="A", capacity=1, venue=hall)
    factories.registered(full, at=NOW)
    teaches("first-steps", intake, code="B", venue=hall)
    learner = factories.learner(address="")
    assert codes(learner) == ["B", "A"]


def test_who_opens_fake_messages_is_warned_about_before_a_payments_seat(intake: Intake) -> None:
    teaches("payments", intake)
    learner = factories.learner()
    placed(learner, "payments")
    competency = Competency.objects.get(code="delete-fake-sms")
    rows = Assessment.objects.filter(learner=learner, competency=competency)
    assert recommended(learner).warnings == ()
    masters(learner, "accounts")
    assert rows.exists()
    assert recommended(learner).warnings == ()
    Assessment(
        learner=learner,
        competency=competency,
        competency_version=competency.current,
        value=1,
        observed_at=NOW,
        recorded_at=NOW,
    ).save()
    level = SkillLevel.objects.get(code="payments")
    warnings = recommending.warnings_before(level, recommended(learner).progress)
    assert warnings == (
        "支払いの前に:「偽のSMSを見分け、開かず消す」がまだ一人ではできていません。",
    )


def test_of_somebody_unknown_it_says_so(intake: Intake) -> None:
    teaches("first-steps", intake)
    learner = factories.learner()
    assert not recommended(learner).is_known
    placed(learner, "news")
    assert recommended(learner).is_known


def test_a_walk_in_is_a_habit_too(intake: Intake) -> None:
    instructor = factories.staff_member(role="instructor")
    past = teaches("news", factories.intake(code="before"), venue=factories.venue(name="浅川"))
    past.instructors.add(instructor)
    learner = factories.learner(address="")
    lesson = past.lessons.order_by("number")[0]
    lesson_taps.walk_in(
        lesson.pk, learner.pk, client_uuid=uuid.uuid4(), by=instructor, now=lesson.starts_at
    )
    teaches("first-steps", intake, code="A", venue=factories.venue(name="南大沢"))
    teaches("first-steps", intake, code="B", venue=past.venue)
    assert codes(learner)[0] == "B"


def test_its_queries_do_not_grow_with_the_classes(intake: Intake) -> None:
    learner = factories.learner()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            recommended(learner)
        return len(captured)

    teaches("first-steps", intake)
    one = queries()
    for _ in range(4):
        teaches("first-steps", intake)
    assert queries() == one
