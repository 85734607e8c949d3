"""L at the desk: questions, a provisional level, the star of the class that fits."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classes.models import Application, ClassSession, Course
from learners.models import Learner
from skill_levels.models import Assessment, Competency, Placement, SkillLevel
from tests.classes.desk_over_http import DAY, HTMX, known, new, post, typed

pytestmark = pytest.mark.django_db


def asked(client: Client, said: str, **more: Any) -> str:
    data = {"said": said, "application_uuid": uuid.uuid4(), **more}
    return str(post(client, "desk_level", data=data).content.decode())


def test_a_few_questions_place_a_caller_and_star_the_class_that_fits(
    desk_client: Client, session: ClassSession
) -> None:  # rule 46
    learner = known()
    assert "スマホはお持ちですか" in asked(desk_client, "", learner=learner.pk)
    page = asked(desk_client, "yn", learner=learner.pk)
    assert f'data-stars="{session.pk}"' in page
    assert 'id="desk-card"' in page
    assert Placement.objects.get().level_version.level.code == "news"
    card = desk_client.get(reverse("desk_person", args=["2026-10", learner.pk]), headers=HTMX)
    assert f'data-stars="{session.pk}"' in card.content.decode()
    assert "お電話での目安" in card.content.decode()


def test_a_newcomers_answers_are_kept_when_they_are_registered(
    desk_client: Client, session: ClassSession
) -> None:
    page = asked(desk_client, "yn")
    assert 'name="placement" value="yn"' in page
    assert not Placement.objects.exists()
    post(desk_client, "desk_register", data={**typed(session), **new(), "placement": "yn"})
    placed = Placement.objects.get()
    assert placed.learner == Application.objects.get().learner
    assert placed.level_version.level.code == "news"


@pytest.mark.parametrize("said", ["x", "yyx", "y" * 200])
def test_odd_answers_are_no_error(desk_client: Client, session: ClassSession, said: str) -> None:
    assert (
        post(
            desk_client, "desk_level", data={"said": said, "application_uuid": uuid.uuid4()}
        ).status_code
        == 200
    )
    form = {**typed(session), **new(), "placement": said}
    assert post(desk_client, "desk_register", data=form).status_code == 200


def test_a_course_that_asks_for_an_earlier_step_refuses_who_is_placed_below(
    desk_client: Client, session: ClassSession
) -> None:  # rule 15
    payments = SkillLevel.objects.get(code="payments")
    Course.objects.update(level=payments, refuses_other_levels=True)
    learner = known()
    asked(desk_client, "yn", learner=learner.pk)
    page = post(desk_client, "desk_register", data=typed(session, learner)).content.decode()
    assert "一つ手前のステップ" in page
    asked(desk_client, "yyyn", learner=learner.pk)
    page = post(desk_client, "desk_register", data=typed(session, learner)).content.decode()
    assert "お席が決まりました" in page


def test_a_level_told_on_the_phone_is_not_shown_like_one_that_was_seen(
    desk_client: Client, session: ClassSession
) -> None:  # rule 46
    learner = known()
    asked(desk_client, "yyyn", learner=learner.pk)
    # The first observation at the placed level ends the whole placement's being provisional.
    for competency in Competency.objects.current().filter(level__code="payments"):
        see(learner, competency)
    address = reverse("desk_person", args=["2026-10", learner.pk])
    card = desk_client.get(address, headers=HTMX).content.decode()
    assert "level-reached" in card
    assert "level-assumed" in card
    assert "お電話での目安" in card


def see(learner: Learner, competency: Competency) -> None:
    Assessment(
        learner=learner,
        competency=competency,
        competency_version=competency.current,
        value=3,
        observed_at=timezone.now() - DAY,
        recorded_at=timezone.now() - DAY,
    ).save()


def test_the_card_with_its_levels_costs_the_same_for_a_long_history(
    desk_client: Client, session: ClassSession
) -> None:
    learner = known()
    address = reverse("desk_person", args=["2026-10", learner.pk])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk_client.get(address, headers=HTMX)
        return len(queries)

    before = cost()
    for competency in Competency.objects.current():
        see(learner, competency)
    assert cost() <= before + 2
