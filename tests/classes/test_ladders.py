"""One person's ladder: the picture, the class that fits, the sheet and the certificate."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classes import ladder_page, learner_timeline, lesson_taps
from classes.lesson_taps import Presence, Rating
from classes.models import Application, ClassSession, Enrollment, Intake, WaitlistEntry
from learners.models import Learner
from skill_levels import placements
from skill_levels.models import Assessment, Competency, SkillLevel
from staff.models import StaffMember
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def seen(learner: Learner, code: str, value: int, *, days_ago: int = 1) -> None:
    competency = Competency.objects.get(code=code)
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


def masters(learner: Learner, level: str, *, days_ago: int = 1) -> None:
    for code in Competency.objects.filter(level__code=level).values_list("code", flat=True):
        seen(learner, code, 3, days_ago=days_ago)


def states(learner: Learner) -> dict[str, str]:
    picture = ladder_page.of(learner, now=timezone.now())
    return {floor.level.code: floor.state for floor in picture.floors}


def test_the_picture_shows_what_is_reached_where_one_stands_and_what_is_later() -> None:
    learner = factories.learner()
    masters(learner, "first-steps")
    seen(learner, "open-news", 2)
    assert list(states(learner).values())[:3] == ["reached", "here", "open"]


def test_of_nobody_known_nothing_is_claimed() -> None:
    assert set(states(factories.learner()).values()) == {"open"}


def test_what_was_forgotten_is_to_be_practised_first_and_without_shame() -> None:  # rule 44
    learner = factories.learner()
    codes = list(Competency.objects.filter(level__code="news").values_list("code", flat=True)[:2])
    seen(learner, codes[0], 1)
    seen(learner, codes[1], 3, days_ago=40)
    seen(learner, codes[1], 2)
    picture = ladder_page.of(learner, now=timezone.now())
    assert [rung.competency.code for rung in picture.to_practise] == [codes[1], codes[0]]
    assert [rung.state for rung in picture.to_practise] == ["again", "practising"]


def test_what_is_due_for_a_recheck_is_named_with_its_day() -> None:  # rule 48
    learner = factories.learner()
    seen(learner, "open-news", 3, days_ago=400)
    [due] = ladder_page.of(learner, now=timezone.now()).due
    assert due.competency.code == "open-news"
    assert due.due_on is not None
    assert due.due_on < timezone.localdate()


def test_a_level_told_on_the_phone_earns_no_certificate() -> None:  # rule 46
    learner = factories.learner()
    accounts = SkillLevel.objects.get(code="accounts")
    placements.place(learner, accounts, by=None, now=timezone.now())
    picture = ladder_page.of(learner, now=timezone.now())
    assert picture.is_provisional
    assert [floor.state for floor in picture.floors][:3] == ["reached", "reached", "here"]
    assert picture.reached == []


def test_pictures_of_many_cost_as_many_queries_as_of_one() -> None:
    people = [factories.learner() for _ in range(5)]
    for person in people:
        masters(person, "first-steps")

    def cost(of: list[Learner]) -> int:
        with CaptureQueriesContext(connection) as queries:
            ladder_page.sheets(of, now=timezone.now(), recommends=False)
        return len(queries)

    assert cost(people) == cost(people[:1])


@pytest.fixture
def coordinator() -> StaffMember:
    return factories.staff_member(role="coordinator")


@pytest.fixture
def planner(client: Client, coordinator: StaffMember) -> Client:
    client.force_login(coordinator)
    return client


def get(client: Client, route: str, *args: Any) -> str:
    answer = client.get(reverse(route, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_recommends_and_puts_in_line(
    planner: Client, session: ClassSession
) -> None:  # rule 46
    learner = factories.learner()
    masters(learner, "first-steps")
    page = get(planner, "learner_ladder", learner.pk)
    assert f'name="class" value="{session.pk}"' in page
    press = {"class": session.pk, "press": uuid.uuid4()}
    for _ in range(2):  # rule 22: pressed twice, registered once
        planner.post(reverse("learner_line_up", args=[learner.pk]), press)
    assert Enrollment.objects.get().application.source == Application.Source.COUNTER
    ClassSession.objects.update(capacity=1)
    other = factories.learner()
    planner.post(reverse("learner_line_up", args=[other.pk]), {"class": session.pk})
    assert WaitlistEntry.objects.waiting().get().class_session == session


def test_whoever_applied_already_gets_no_press_that_cannot_work(
    planner: Client, session: ClassSession
) -> None:  # rule 23
    other = factories.class_session(
        intake=session.intake, course=session.course, code="N9", lessons=[timezone.now() + 30 * DAY]
    )
    learner = factories.learner()
    masters(learner, "first-steps")
    [held] = factories.registered(session, learner, at=timezone.now())
    page = get(planner, "learner_ladder", learner.pk)
    assert held.receipt in page  # the place that is held is named
    assert "お席が決まって" in page
    assert f'name="class" value="{other.pk}"' not in page
    assert f"{reverse('desk')}?intake={session.intake.code}" in page


def test_a_lottery_takes_an_application_and_promises_nothing(
    planner: Client, session: ClassSession
) -> None:
    Intake.objects.update(method=Intake.Method.LOTTERY)
    learner = factories.learner()
    answer = planner.post(
        reverse("learner_line_up", args=[learner.pk]), {"class": session.pk}, follow=True
    )
    assert "申込み受付: " in words_of(answer)
    assert not Enrollment.objects.exists()


def words_of(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


@pytest.mark.parametrize("chosen", ["", "x", "9" * 20])
def test_a_class_that_is_none_is_no_error(planner: Client, chosen: str) -> None:
    answer = planner.post(
        reverse("learner_line_up", args=[factories.learner().pk]), {"class": chosen}
    )
    assert answer.status_code == 404


def test_the_sheet_to_take_home_speaks_the_persons_language(
    planner: Client, session: ClassSession
) -> None:
    learner = factories.learner(latin_name="Maria Santos", name="", language="en")
    seen(learner, "open-news", 3)
    factories.registered(session, learner, at=timezone.now())
    page = get(planner, "learner_sheet", learner.pk)
    assert "What I can do alone" in page
    assert Competency.objects.get(code="open-news").current.title_en in page  # type: ignore[union-attr]
    assert "042-626-3111" in page


def test_a_certificate_is_for_a_level_that_was_seen_to_be_reached(planner: Client) -> None:
    learner = factories.learner()
    address = reverse("learner_certificate", args=[learner.pk, "first-steps"])
    assert planner.get(address).status_code == 404
    masters(learner, "first-steps")
    assert "修了を証します" in planner.get(address).content.decode()


def test_the_timeline_tells_lessons_with_what_was_seen_and_notices(
    session: ClassSession, coordinator: StaffMember
) -> None:
    learner = factories.learner()
    factories.registered(session, learner, at=timezone.now())
    lesson = session.lessons.order_by("number")[0]
    news = Competency.objects.get(code="open-news")
    now = timezone.now()
    mark = Presence(uuid.uuid4(), learner.pk, status="present")
    lesson_taps.mark(lesson.pk, mark, by=coordinator, now=now)
    rating = Rating(uuid.uuid4(), learner.pk, competency_pk=news.pk, value=2)
    lesson_taps.rate(lesson.pk, rating, by=coordinator, now=now)
    kinds = {entry.kind: entry for entry in learner_timeline.of(learner)}
    assert kinds["lesson"].attendance == "出席"
    assert [each.value for each in kinds["lesson"].observations] == [2]
    assert "notice" in kinds


def test_an_instructor_prints_for_their_own_class_only(
    client: Client, session: ClassSession
) -> None:  # rule 65
    instructor = factories.staff_member(role="instructor")
    learner = factories.learner()
    factories.registered(session, learner, at=timezone.now())
    lesson = session.lessons.order_by("number")[0]
    client.force_login(instructor)
    for route in ("lesson_sheets", "lesson_certificates"):
        assert client.get(reverse(route, args=[lesson.pk])).status_code == 404
    session.instructors.add(instructor)
    assert learner.name in get(client, "lesson_sheets", lesson.pk)
    assert learner.name not in get(client, "lesson_certificates", lesson.pk)
    masters(learner, session.course.level.code)
    assert learner.name in get(client, "lesson_certificates", lesson.pk)
