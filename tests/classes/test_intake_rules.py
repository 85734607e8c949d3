"""Rules frozen at the first application, printed in words when changed, copied for next time."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from classes import intake_rules
from classes.models import Intake, IntakeRuleChange
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)


def fields_of(intake: Intake, **changed: str) -> dict[str, str]:
    """What the form of an intake posts."""
    moments = {
        name: f"{getattr(intake, name).astimezone(factories.TOKYO):%Y-%m-%dT%H:%M:%S}"
        for name in ("opens_at", "closes_at")
    }
    return {
        "code": intake.code,
        "title": intake.title,
        "spoken_name": intake.spoken_name,
        **moments,
        "method": intake.method,
        "min_age": "" if intake.min_age is None else str(intake.min_age),
        "max_age": "",
        "residence": intake.residence,
        "reference_date": str(intake.reference_date),
        "seat_rule": intake.seat_rule,
        "max_choices": str(intake.max_choices),
        "offer_hours": str(intake.offer_hours),
        "undo_minutes": str(intake.undo_minutes),
        "unreached_attempts": str(intake.unreached_attempts),
        "unreached_days": str(intake.unreached_days),
        "last_joining_lesson": str(intake.last_joining_lesson),
        "line_order": intake.line_order,
        "line_cutoff_at": "",
        "notes": "",
        **changed,
    }


def frozen_intake(**fields: Any) -> Intake:
    intake = factories.intake(**fields)
    factories.registered(factories.class_session(intake=intake), at=NOW)
    intake.refresh_from_db()
    assert intake.rules_frozen_at is not None
    return intake


def post(role: str, intake: Intake, **changed: str) -> Any:
    client = Client()
    client.force_login(factories.staff_member(role=role))
    return client.post(reverse("intake_edit", args=[intake.code]), fields_of(intake, **changed))


def test_a_coordinator_finds_frozen_rules_locked_and_still_changes_the_title() -> None:  # rule 25
    intake = frozen_intake()
    answer = post("coordinator", intake, min_age="75", title="秋の募集")
    assert answer.status_code == 302
    intake.refresh_from_db()
    assert (intake.title, intake.min_age) == ("秋の募集", None)
    assert not IntakeRuleChange.objects.exists()


def test_an_administrator_without_a_reason_is_asked_for_it_and_keeps_what_was_typed() -> None:
    # rule 25
    intake = frozen_intake()
    answer = post("administrator", intake, min_age="75")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="75"' in page
    assert post("administrator", intake, min_age="75", reason="要綱の改正").status_code == 302
    assert Intake.objects.get().min_age == 75
    assert IntakeRuleChange.objects.get().changed_at is not None


def test_the_code_stays_once_receipts_were_given_also_for_an_administrator() -> None:
    intake = frozen_intake()
    boss = factories.staff_member(role="administrator")
    with pytest.raises(intake_rules.RulesFrozen):
        intake_rules.update(intake.pk, {"code": "X"}, reason="x", by=boss, now=NOW)
    post("administrator", intake, code="X", reason="x")
    assert Intake.objects.get().code == intake.code


def test_a_closing_time_with_seconds_is_not_changed_by_saving_the_title() -> None:
    intake = frozen_intake(closes_at=tokyo(2026, 10, 1, 23, 59, 59))
    client = Client()
    client.force_login(factories.staff_member(role="administrator"))
    page = client.get(reverse("intake_edit", args=[intake.code])).content.decode()
    assert 'value="2026-10-01T23:59:59"' in page
    assert post("administrator", intake, title="秋").status_code == 302
    assert not IntakeRuleChange.objects.exists()


def test_a_changed_rule_is_printed_in_words() -> None:  # rule 25
    intake = frozen_intake()
    boss = factories.staff_member(role="administrator")
    changes = {
        "closes_at": tokyo(2026, 10, 5, 17),
        "reference_date": datetime.date(2026, 10, 1),
        "seat_rule": "per_choice",
        "max_age": 90,
    }
    intake_rules.update(intake.pk, changes, reason="要綱の改正", by=boss, now=NOW)
    with translation.override("ja"):
        ((_change, lines),) = intake_rules.printed(intake)
    said = {words for _name, before, after in lines for words in (before, after)}
    assert {"2026年10月5日(月) 17:00", "2026年10月1日(木)", "90"} <= said
    assert "per_choice" not in said
    client = Client()
    client.force_login(boss)
    for route in ("intake_detail", "intake_rules_sheet"):
        page = client.get(reverse(route, args=[intake.code])).content.decode()
        assert "要綱の改正" in page
        assert "2026年10月5日(月) 17:00" in page


def test_adding_a_class_is_no_rule_change() -> None:  # rule 25
    intake = frozen_intake()
    client = Client()
    client.force_login(factories.staff_member(role="coordinator"))
    answer = client.post(
        reverse("class_create", args=[intake.code]),
        {
            "code": "N9",
            "course": factories.course().pk,
            "venue": factories.venue().pk,
            "capacity": "8",
            "lessons-TOTAL_FORMS": "0",
            "lessons-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 302
    assert intake.class_sessions.count() == 2
    assert not IntakeRuleChange.objects.exists()


def copy(source: Intake, opens_at: datetime.datetime, code: str = "copy") -> Intake:
    return intake_rules.copy(
        source,
        code=code,
        title="t",
        spoken_name="s",
        opens_at=opens_at,
        by=factories.staff_member(role="coordinator"),
    )


def test_a_copy_reckons_ages_in_the_fiscal_year_of_its_opening() -> None:  # rule 14
    source = factories.intake()
    assert copy(source, tokyo(2027, 3, 1, 9), "a").reference_date == datetime.date(2026, 4, 1)
    assert copy(source, tokyo(2027, 4, 1, 9), "b").reference_date == datetime.date(2027, 4, 1)


def test_whoever_will_have_left_is_not_copied() -> None:
    session = factories.class_session()
    stays = factories.staff_member(role="instructor")
    leaves = factories.staff_member(role="instructor", ends_on=datetime.date(2026, 11, 30))
    session.instructors.set([stays, leaves])
    new = copy(session.intake, tokyo(2026, 12, 1, 9))
    assert list(new.class_sessions.get().instructors.all()) == [stays]


def test_two_copies_with_one_code_get_an_answer_not_an_error() -> None:
    source = factories.intake()
    with pytest.raises(intake_rules.CodeTaken):
        copy(source, tokyo(2026, 12, 1, 9), source.code)
    client = Client()
    client.force_login(factories.staff_member(role="coordinator"))
    answer = client.post(
        reverse("intake_copy", args=[source.code]),
        {
            "code": source.code,
            "title": "次",
            "spoken_name": "次",
            "opens_at": "2026-12-01T09:00",
        },
    )
    assert answer.status_code == 422
    assert 'value="次"' in answer.content.decode()


@pytest.mark.parametrize(
    ("code", "title", "opens", "expected"),
    [
        ("2026-10", "10月募集", (2026, 9, 1, 9), ("2026-11", "11月募集", (10, 1))),
        ("2026-12", "12月募集", (2026, 12, 31, 9), ("2027-01", "1月募集", (1, 31))),
        ("2027-01", "スマホ教室", (2027, 1, 31, 9), ("2027-02", "スマホ教室", (2, 28))),
    ],
)
def test_a_copy_is_proposed_for_the_month_after(
    code: str,
    title: str,
    opens: tuple[int, int, int, int],
    expected: tuple[str, str, tuple[int, int]],
) -> None:
    moment = tokyo(*opens)
    source = factories.intake(
        code=code, title=title, opens_at=moment, closes_at=moment + datetime.timedelta(days=9)
    )
    found = intake_rules.next_after(source)
    assert (found["code"], found["title"]) == expected[:2]
    assert (found["opens_at"].month, found["opens_at"].day) == expected[2]
    assert found["opens_at"].hour == 9


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("7, 1", [7, 1]),
        ("１日前、１４日前", [14, 1]),
        ("3 3", [3]),
        ("30,14,7,1", [30, 14, 7, 1]),
        ("", []),
    ],
)
def test_reminders_are_no_rule_and_may_be_typed_in_any_width(typed: str, kept: list[int]) -> None:
    intake = frozen_intake()
    assert post("coordinator", intake, reminder_days=typed).status_code == 302
    intake.refresh_from_db()
    assert intake.reminder_days == kept


@pytest.mark.parametrize("typed", ["0", "31", "7, x", "1 2 3 4 5", "-1", "1.5"])
def test_what_is_no_number_of_days_is_refused(typed: str) -> None:
    intake = factories.intake()
    answer = post("coordinator", intake, reminder_days=typed)
    assert answer.status_code in (200, 422)
    intake.refresh_from_db()
    assert intake.reminder_days == [7, 1]


def test_a_form_without_the_field_and_a_copy_keep_the_reminders() -> None:
    intake = factories.intake(reminder_days=[10, 2])
    assert post("coordinator", intake, notes="x").status_code == 302
    intake.refresh_from_db()
    assert intake.reminder_days == [10, 2]
    copied = intake_rules.copy(
        intake,
        code="2031-01",
        title="次",
        spoken_name="次",
        opens_at=NOW,
        by=factories.staff_member(role="coordinator"),
    )
    assert copied.reminder_days == [10, 2]
