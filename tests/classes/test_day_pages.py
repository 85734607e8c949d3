"""A day on one screen over HTTP: stop, move, resume, new days; bad input loses nothing."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes import disruptions
from classes.models import (
    Attendance,
    ClassSession,
    Disruption,
    Enrollment,
    Lesson,
    Notice,
)
from staff.models import StaffMember
from tests import factories
from tests.classes.conftest import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client: Client) -> StaffMember:
    who = factories.staff_member(role="coordinator", language="en")
    client.force_login(who)
    return who


@pytest.fixture
def tomorrow() -> datetime.datetime:
    return (timezone.localtime() + DAY).replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture
def session(tomorrow: datetime.datetime) -> ClassSession:
    made = factories.class_session(code="N1", lessons=[tomorrow, tomorrow + 7 * DAY])
    factories.registered(made)
    return made


def first(session: ClassSession) -> Lesson:
    return session.lessons.order_by("number")[0]


def post(client: Client, session: ClassSession, **fields: str) -> Any:
    sent = {"lesson": str(first(session).pk), "cause": "typhoon", "action": "cancel"}
    return client.post(reverse("day_stop"), sent | fields)


def test_the_first_press_only_says_what_it_would_do(
    client: Client, planner: StaffMember, session: ClassSession
) -> None:
    answer = post(client, session)
    assert answer.status_code == 200
    assert "1 person is called" in answer.content.decode()
    assert not Disruption.objects.exists()


def test_confirmed_it_stops_and_shows_who_is_to_be_told(
    client: Client, planner: StaffMember, session: ClassSession
) -> None:
    answer = post(client, session, confirmed="1")
    made = Disruption.objects.get()
    assert answer.url == reverse("disruption", args=[made.pk])
    page = client.get(answer.url)
    assert page.context["page"].to_tell == 1
    assert page.context["page"].may_resume


def test_nothing_ticked_and_no_words_keep_what_was_typed(
    client: Client, planner: StaffMember, session: ClassSession
) -> None:
    on = first(session).day.isoformat()
    nothing = client.post(reverse("day_stop"), {"on": on, "cause": "hall", "action": "cancel"})
    assert nothing.status_code == 422
    assert 'value="hall" selected' in nothing.content.decode()
    wordless = post(client, session, cause="other")
    assert wordless.status_code == 422
    assert first(session).pk in wordless.context["ticked"]
    assert not Disruption.objects.exists()


def test_moving_proposes_a_day_and_takes_another(
    client: Client, planner: StaffMember, session: ClassSession, tomorrow: datetime.datetime
) -> None:
    lesson = first(session)
    proposed = post(client, session, action="move").context["rows"][0]
    assert proposed.initial["day"] > (tomorrow + 7 * DAY).date()

    wanted = (tomorrow + 2 * DAY).date().isoformat()
    new = {
        f"lesson-{lesson.pk}-day": wanted,
        f"lesson-{lesson.pk}-begins": "14:00",
        f"lesson-{lesson.pk}-venue": str(lesson.venue_id),
    }
    bad = post(
        client, session, action="move", confirmed="1", **(new | {f"lesson-{lesson.pk}-day": ""})
    )
    assert bad.status_code == 422
    post(client, session, action="move", confirmed="1", **new)

    lesson.refresh_from_db()
    local = timezone.localtime(lesson.starts_at)
    assert (local.date().isoformat(), local.hour) == (wanted, 14)
    assert Notice.objects.filter(purpose=Notice.Purpose.CHANGED).count() == 1


def test_what_stands_in_the_way_is_shown_before_it_is_done(
    client: Client, planner: StaffMember, session: ClassSession, tomorrow: datetime.datetime
) -> None:
    lesson = first(session)
    factories.class_session(code="N2", venue=lesson.venue, lessons=[tomorrow + 2 * DAY])
    new = {
        f"lesson-{lesson.pk}-day": (tomorrow + 2 * DAY).date().isoformat(),
        f"lesson-{lesson.pk}-begins": "10:00",
        f"lesson-{lesson.pk}-venue": str(lesson.venue_id),
    }
    warned = post(client, session, action="move", confirmed="1", **new)
    assert warned.status_code == 200
    assert "N2" in "".join(warned.context["rows"][0].warnings)
    assert first(session).starts_at == tomorrow
    again = new | {"warned": warned.context["warned"]}
    post(client, session, action="move", confirmed="1", **again)
    assert first(session).starts_at == tomorrow + 2 * DAY


def test_what_another_pressed_meanwhile_is_said(
    client: Client, planner: StaffMember, session: ClassSession
) -> None:
    why = disruptions.Why(Disruption.Cause.HALL)
    disruptions.stop([first(session).pk], why, by=planner, now=timezone.now())
    answer = post(client, session, confirmed="1")
    assert answer.status_code == 422
    assert "None of these lessons" in answer.content.decode()


def test_resumed_and_given_a_new_day_on_its_page(
    client: Client, planner: StaffMember, session: ClassSession, tomorrow: datetime.datetime
) -> None:
    why = disruptions.Why(Disruption.Cause.HALL)
    made = disruptions.stop([first(session).pk], why, by=planner, now=timezone.now())
    client.post(reverse("disruption_resume", args=[made.pk]))
    assert first(session).cancelled_at is None

    again = disruptions.stop([first(session).pk], why, by=planner, now=timezone.now())
    lesson = first(session)
    page = client.get(reverse("disruption", args=[again.pk]))
    (row,) = page.context["rows"]
    assert lesson.pk in page.context["ticked"]
    empty = client.post(reverse("disruption_reschedule", args=[again.pk]), {})
    assert empty.status_code == 422
    sent = {
        "lesson": str(lesson.pk),
        f"lesson-{lesson.pk}-day": row.initial["day"].isoformat(),
        f"lesson-{lesson.pk}-begins": "10:00",
        f"lesson-{lesson.pk}-venue": str(lesson.venue_id),
    }
    client.post(reverse("disruption_reschedule", args=[again.pk]), sent)
    lesson.refresh_from_db()
    assert lesson.cancelled_at is None
    assert lesson.day == row.initial["day"]


def test_the_day_counts_who_said_they_cannot_come(
    client: Client, planner: StaffMember, session: ClassSession, tomorrow: datetime.datetime
) -> None:
    Attendance.objects.create(
        enrollment=Enrollment.objects.get(),
        lesson=first(session),
        status=Attendance.Status.ABSENT_TOLD,
        marked_at=timezone.now(),
    )
    page = client.get(reverse("day"), {"on": tomorrow.date().isoformat()})
    (hall,) = page.context["page"].halls
    assert (hall.rows[0].seats, hall.rows[0].expected) == (1, 0)


def test_a_day_takes_as_many_queries_for_many_lessons(
    client: Client,
    planner: StaffMember,
    session: ClassSession,
    tomorrow: datetime.datetime,
    django_assert_max_num_queries: Any,
) -> None:
    url = f"{reverse('day')}?on={tomorrow.date()}"
    client.get(url)
    with django_assert_max_num_queries(60) as few:
        client.get(url)
    for number in range(2, 8):
        factories.registered(
            factories.class_session(
                code=f"N{number}", intake=session.intake, lessons=[tomorrow, tomorrow + 7 * DAY]
            )
        )
    with django_assert_max_num_queries(60) as many:
        client.get(url)
    assert len(many.captured_queries) == len(few.captured_queries)


@pytest.mark.parametrize("on", ["", "never", "2026-13-40", "0001-01-01", "9999-12-31"])
def test_no_day_that_is_typed_is_an_error(client: Client, planner: StaffMember, on: str) -> None:
    assert client.get(reverse("day"), {"on": on}).status_code == 200


def test_reception_sees_the_day_and_presses_nothing(
    client: Client, session: ClassSession, tomorrow: datetime.datetime
) -> None:
    client.force_login(factories.staff_member(language="en"))
    page = client.get(reverse("day"), {"on": tomorrow.date().isoformat()})
    assert "These lessons cannot be held" not in page.content.decode()
    assert post(client, session, confirmed="1").status_code == 403


def test_the_desk_says_what_does_not_take_place(
    client: Client, session: ClassSession, planner: StaffMember
) -> None:
    intake = session.intake
    why = disruptions.Why(Disruption.Cause.HALL)
    url = f"{reverse('desk')}?intake={intake.code}"
    assert "because of a closed hall" not in client.get(url).content.decode()
    made = disruptions.stop([first(session).pk], why, by=planner, now=timezone.now())
    assert "cancelled because of a closed hall" in client.get(url).content.decode()
    live = client.get(reverse("desk_live", args=[intake.code])).content.decode()
    assert "cancelled because of a closed hall" in live
    disruptions.resume(made.pk, by=planner, now=timezone.now())
    assert "because of a closed hall" not in client.get(url).content.decode()


def test_an_instructor_is_told_of_the_lesson_that_falls_out(
    client: Client, session: ClassSession, planner: StaffMember
) -> None:
    teacher = factories.staff_member(role="instructor", language="en")
    session.instructors.add(teacher)
    why = disruptions.Why(Disruption.Cause.TYPHOON)
    disruptions.stop([first(session).pk], why, by=planner, now=timezone.now())
    form = client.get(reverse("class_edit", args=[session.pk])).content.decode()
    assert "is cancelled by the city. Give it a new day below" in form
    client.force_login(teacher)
    page = client.get(reverse("lesson_list")).content.decode()
    assert page.count("cancelled by the city") == 1
