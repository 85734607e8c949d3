"""The rows of lessons on the planning page: whatever is sent, the page answers."""

import pytest
from django.test import Client
from django.urls import reverse

from classes.models import ClassSession, Intake
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(factories.staff_member(role="coordinator"))
    return client


def typed(*rows: dict[str, str], **fields: str) -> dict[str, str]:
    """A class with rows as the page sends them after its rows were made anew."""
    sent = {
        "code": "N1",
        "course": str(factories.course().pk),
        "venue": str(factories.venue().pk),
        "capacity": "4",
        "lessons-TOTAL_FORMS": str(len(rows)),
        "lessons-INITIAL_FORMS": "0",
    }
    for index, row in enumerate(rows):
        blank = dict.fromkeys(("day", "begins", "ends", "venue"), "")
        sent |= {f"lessons-{index}-{name}": value for name, value in {**blank, **row}.items()}
    return sent | fields


def rows_after(planner: Client, intake: Intake, sent: dict[str, str]) -> str:
    answer = planner.post(reverse("class_lessons", args=[intake.code]), sent)
    assert answer.status_code == 200
    return answer.content.decode()


LESSON = {"day": "2026-10-05", "begins": "10:00", "ends": "12:00"}


def test_one_more_lesson_after_an_empty_row_is_an_empty_row(planner: Client) -> None:
    page = rows_after(planner, factories.intake(), typed(LESSON, {}, do="add"))
    assert page.count('class="lesson-row"') == 3
    assert 'value="2026-10-05"' in page


def test_a_hall_taken_out_of_use_meanwhile_is_named_at_its_row(planner: Client) -> None:
    intake = factories.intake()
    gone = factories.venue(name="旧公民館", is_active=False)
    sent = typed({**LESSON, "venue": str(gone.pk)})
    page = rows_after(planner, intake, sent | {"do": "check"})
    assert 'aria-invalid="true"' in page
    answer = planner.post(reverse("class_create", args=[intake.code]), sent)
    assert answer.status_code == 422
    assert 'value="2026-10-05"' in answer.content.decode()
    assert not ClassSession.objects.exists()


@pytest.mark.parametrize("action", ["remove-9", "remove-²", "remove-x", "?", ""])
def test_a_button_nobody_has_changes_no_row(planner: Client, action: str) -> None:
    page = rows_after(planner, factories.intake(), typed(LESSON, do=action))
    assert page.count('class="lesson-row"') == 1


def test_a_broken_count_of_rows_is_refused_not_an_error(planner: Client) -> None:
    intake = factories.intake()
    sent = typed(LESSON) | {"lessons-TOTAL_FORMS": "many"}
    rows_after(planner, intake, sent | {"do": "add"})
    assert planner.post(reverse("class_create", args=[intake.code]), sent).status_code == 422
    assert not ClassSession.objects.exists()
