"""What classes lead to: before and after, what is missed, kept and reached, who stays away."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classes import charts, cohorts, ladder_page
from classes.models import Attendance, ClassSession
from learners.models import Learner
from skill_levels.models import Assessment, Competency
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def taught() -> ClassSession:
    """A class of news whose lessons were 40, 33 and 26 days ago."""
    now = timezone.now()
    intake = factories.intake(opens_at=now - 90 * DAY, closes_at=now - 60 * DAY)
    return factories.class_session(
        intake=intake, code="N1", lessons=[now - days * DAY for days in (40, 33, 26)]
    )


def seated(session: ClassSession, count: int) -> list[Learner]:
    people = [factories.learner() for _ in range(count)]
    for person in people:
        factories.registered(session, person, at=timezone.now() - 80 * DAY)
    return people


def seen(learner: Learner, competency: Competency, value: int, *, days_ago: int) -> None:
    assert competency.current
    moment = timezone.now() - days_ago * DAY
    Assessment(
        learner=learner,
        competency=competency,
        competency_version=competency.current,
        value=value,
        observed_at=moment,
        recorded_at=moment,
    ).save()


def of_level(code: str) -> list[Competency]:
    return list(Competency.objects.current().filter(level__code=code))


def cohort(session: ClassSession) -> cohorts.Cohort:
    return cohorts.of_class(session, now=timezone.now())


def test_levels_before_the_first_lesson_and_after(taught: ClassSession) -> None:
    first, second, *_ = seated(taught, 6)
    for competency in of_level("first-steps"):
        seen(first, competency, 3, days_ago=50)
        seen(second, competency, 3, days_ago=30)
    found = cohort(taught)
    titles = [level.title for level in found.levels]
    counts = {level.title: (level.before, level.after) for level in found.levels}
    assert counts[titles[0]] == (5, 4)
    assert counts[titles[1]] == (1, 2)
    assert (found.people, found.moved_up, found.moved_down) == (6, 1, 0)


def test_what_many_do_not_do_alone_leads_the_list(taught: ClassSession) -> None:
    people = seated(taught, 5)
    easy, hard, *_ = of_level("news")
    for person in people:
        seen(person, easy, 3, days_ago=30)
    for person in people[:4]:
        seen(person, hard, 1, days_ago=30)
    worst, *_ = cohort(taught).missed
    assert (worst.competency, worst.alone, worst.not_yet, worst.not_seen) == (hard, 0, 4, 1)
    assert any(hard.title in sign for sign in cohort(taught).signs)


def test_what_was_mastered_and_is_still_there_at_the_recheck(taught: ClassSession) -> None:
    # rule 48
    people = seated(taught, 5)
    news = of_level("news")[0]
    assert news.current
    long_ago = news.current.recheck_days + 20
    for place, person in enumerate(people):
        seen(person, news, 3, days_ago=long_ago)
        seen(person, news, 3, days_ago=long_ago - 1)  # too soon to be a re-check
        seen(person, news, 3 if place < 4 else 1, days_ago=5)
    retention = cohort(taught).retention
    assert (retention.rechecked, retention.kept, retention.share) == (5, 4, 80)


def test_of_too_few_nothing_is_claimed(taught: ClassSession) -> None:
    seated(taught, 2)
    found = cohort(taught)
    assert found.is_small
    assert len(found.signs) == 1
    assert found.retention.share is None


def test_who_was_not_seen_for_a_while(taught: ClassSession) -> None:
    here, away, never = seated(taught, 3)
    seen(here, of_level("news")[0], 2, days_ago=10)
    seen(away, of_level("news")[0], 2, days_ago=70)
    found = cohorts.of_class(taught, now=timezone.now(), away_days=60)
    assert [each.learner for each in found.away] == [never, away]
    assert found.away[0].last_seen is None
    longer = cohorts.of_class(taught, now=timezone.now(), away_days=80)
    assert [each.learner for each in longer.away] == [never]


def test_levels_reached_month_by_month(taught: ClassSession) -> None:
    [learner] = seated(taught, 1)
    for competency in of_level("first-steps"):
        seen(learner, competency, 3, days_ago=0)
    months = cohort(taught).months
    assert len(months) == 12
    assert months[-1].first_day == timezone.localdate().replace(day=1)
    assert months[-1].reached[0] == 1
    assert sum(sum(month.reached) for month in months) == 1


def test_it_costs_the_same_for_many_as_for_few(taught: ClassSession) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            cohort(taught)
        return len(queries)

    seated(taught, 1)
    before = cost()
    for person in seated(taught, 6):
        for competency in of_level("news"):
            seen(person, competency, 3, days_ago=20)
    assert cost() == before


def test_the_bars_of_a_chart_fit_its_width() -> None:
    chart = charts.stacked([("a", (3, 1)), ("b", (0, 2))], (("x", "x"), ("y", "y")))
    assert [bar.total for bar in chart.bars] == [4, 2]
    longest = chart.bars[0].parts[-1]
    assert longest.x + longest.width <= chart.width
    assert len(chart.bars[1].parts) == 1
    names = ("none yet, before", "偽の警告が出ても電話せず閉じる")
    rows = [(name, (1,)) for name in names]
    labels = [bar.short_label for bar in charts.stacked(rows, (("x", "x"),)).bars]
    assert labels[0] == "none yet, before"
    assert labels[1].endswith("…")
    assert charts.stacked([("a", (0, 0))], (("x", "x"), ("y", "y"))).is_empty


@pytest.mark.parametrize("days", ["", "0", "30", "99999999", "x", "-1"])
def test_the_pages_of_a_class_and_an_intake(
    client: Client, taught: ClassSession, days: str
) -> None:
    person, *_ = seated(taught, 5)
    lesson = taught.lessons.order_by("number")[0]
    seat = person.applications.get().enrollments.get()
    Attendance.objects.create(
        enrollment=seat, lesson=lesson, status="present", marked_at=timezone.now()
    )
    client.force_login(factories.staff_member(role="coordinator"))
    of_class = client.get(reverse("class_cohort", args=[taught.pk]), {"days": days})
    of_intake = client.get(reverse("intake_cohort", args=[taught.intake.code]), {"days": days})
    for answer in (of_class, of_intake):
        assert answer.status_code == 200
        assert answer.context["cohort"].people == 5
        assert answer.context["cohort"].came == 1


def test_an_instructor_sees_their_own_class_only(
    client: Client, taught: ClassSession
) -> None:  # rule 65
    instructor = factories.staff_member(role="instructor")
    client.force_login(instructor)
    address = reverse("class_cohort", args=[taught.pk])
    assert client.get(address).status_code == 404
    taught.instructors.add(instructor)
    assert client.get(address).status_code == 200


def test_before_its_first_lesson_a_class_is_not_judged() -> None:
    session = factories.class_session(capacity=8, lessons=[factories.tokyo(2026, 10, 5, 10)])
    for _ in range(6):
        factories.registered(session)
    early = cohorts.of_class(session, now=factories.tokyo(2026, 10, 1, 10))
    assert early.signs == ("まだ1回も行っていないため、評価できません。",)
    later = cohorts.of_class(session, now=factories.tokyo(2026, 10, 5, 15))
    assert later.has_begun


def test_a_sheet_names_the_lesson_after_the_one_it_is_handed_out_in() -> None:
    session = factories.class_session(
        lessons=[factories.tokyo(2026, 10, 5, 10), factories.tokyo(2026, 10, 12, 10)]
    )
    (application,) = factories.registered(session)
    morning = factories.tokyo(2026, 10, 5, 8)
    found = ladder_page.next_lessons([application.learner], now=morning)
    assert found[application.learner_id].number == 2
