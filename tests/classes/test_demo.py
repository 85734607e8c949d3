"""The demo: a city that is alive on the day it is built, made by the desk's own procedures."""

import datetime
import io
from collections import Counter

import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from classes import desk, disruptions, stalled
from classes.demo import accounts, build, calendar, clearing, state
from classes.models import (
    Application,
    Attendance,
    CallLog,
    CallTask,
    ClassSession,
    Intake,
    Lesson,
    Notice,
    PlaceEvent,
    StaffTask,
    Venue,
    WalkIn,
)
from learners import search
from learners.models import Learner, PhoneNumber
from skill_levels import progress
from skill_levels.models import Assessment, Placement, SkillLevel
from staff.models import StaffMember
from tests import factories
from tests.classes import demo_stories, invariants

NOW = factories.tokyo(2026, 11, 25, 10, 5)
# Nobody's telephone: in Japan no number goes on like this.
NOBODYS = ("+81900", "+81700", "+81421")


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _city(django_db_setup, django_db_blocker, rows_of_migrations):
    """The demo as of NOW, built once for the whole module and taken back at its end; each test's
    own transaction lies within this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        if not SkillLevel.objects.exists():  # a test with real transactions emptied the tables
            for row in serializers.deserialize("json", rows_of_migrations):
                row.save()
        build.build(now=NOW)
        yield
        transaction.set_rollback(True)


def said(*flags: str) -> str:
    out = io.StringIO()
    call_command("demo", *flags, stdout=out, skip_checks=True)
    return out.getvalue()


def the(method: str) -> Intake:
    return Intake.objects.open_at(NOW).get(method=method)


def contents() -> list[tuple[str, str, str]]:
    """What makes two cities the same, without primary keys."""
    rows = Application.objects.select_related("learner", "intake").order_by("intake", "number")
    return [(a.receipt, a.learner.display_name, a.status) for a in rows]


def test_the_city_is_as_large_as_promised():
    assert Learner.objects.current().count() == 300
    assert Venue.objects.count() == 4
    assert set(Intake.objects.values_list("is_demo", flat=True)) == {True}
    taught = ClassSession.objects.values_list("course__level__code", flat=True)
    assert set(taught) == {"news", "accounts", "payments"}


def test_a_first_come_round_is_under_way_a_lottery_open_and_another_to_come():
    current = the("first_come")
    assert current.opens_at == factories.tokyo(2026, 11, 24, 9)
    assert 4 <= current.class_sessions.count() <= 6
    assert 85 <= the("lottery").applications.active().count() <= 100
    assert Intake.objects.filter(opens_at__gt=NOW).count() == 1
    assert Intake.objects.filter(closes_at__lt=NOW).count() == 6


def test_lessons_are_past_today_and_to_come():
    assert Lesson.objects.filter(ends_at__lt=NOW - calendar.DAY).count() > 20
    days = [lesson.day for lesson in Lesson.objects.all()]
    assert timezone.localtime(NOW).date() in days
    assert Lesson.objects.filter(starts_at__gt=NOW + calendar.DAY).count() > 20


def test_learners_stand_on_every_level_and_came_again():
    placed = Counter(Placement.objects.values_list("level_version__level__number", flat=True))
    assert set(placed) == {0, 1, 2, 3}
    rounds = Counter(Application.objects.values_list("learner", flat=True))
    assert max(rounds.values()) > 1
    assert len(rounds) == 300


def test_classrooms_were_lived_in_up_to_today():
    assert Attendance.objects.filter(status="present").count() > 200
    assert Assessment.objects.filter(lesson_link__isnull=False).count() > 800
    assert not Assessment.objects.filter(observed_at__gt=NOW).exists()
    everybody = progress.of(Learner.objects.values_list("pk", flat=True))
    reached = [who for who in everybody.values() if who.abilities and who.highest_reached]
    assert len(reached) > 30
    assert any(who.forgotten for who in everybody.values())
    assert WalkIn.objects.exists()


def test_every_invariant_of_places_holds_in_every_intake():  # rules 21, 23, 27, 28 and 31
    for intake in Intake.objects.all():
        invariants.check(intake, now=NOW)
        invariants.overtaken_are_explained(intake)
    assert stalled.standing_still(now=NOW) == []


def test_some_classes_have_seats_free_and_others_a_line():  # rule 28
    demo_stories.some_classes_have_seats_and_others_a_line(NOW)
    rows = desk.class_rows(the("first_come"), now=NOW)
    assert [row.class_session.code for row in rows if row.bookable > 1] == ["P2"]


def test_offers_stand_in_every_state():
    demo_stories.offers_stand_in_every_state(NOW)


def test_a_couple_waits_for_two_seats_and_whoever_was_passed_over_is_told_why():  # rule 27
    demo_stories.whoever_was_passed_over_is_told_why(NOW)


def test_calls_letters_and_tasks_are_left_to_do():
    demo_stories.calls_and_letters_are_left_to_do()
    kinds = set(StaffTask.objects.filter(done_at=None).values_list("kind", flat=True))
    assert {"confirm_age", "confirm_address", "sign_language"} <= kinds


def test_calls_ended_in_many_ways():  # rule 18
    ended = CallLog.objects.filter(intake=the("first_come")).values_list("outcome", flat=True)
    assert {
        "registered",
        "second_call",
        "inquiry",
        "ineligible",
        "before_opening",
        "cancellation",
        "no_seat_wanted",
    } <= set(ended)


def test_nothing_has_happened_in_the_future():
    assert not PlaceEvent.objects.filter(at__gt=NOW).exists()
    assert not CallLog.objects.filter(called_at__gt=NOW).exists()
    assert not Learner.objects.filter(created_at__gt=NOW).exists()


def test_no_telephone_can_be_anybodys():
    numbers = PhoneNumber.objects.values_list("e164", flat=True)
    assert [n for n in numbers if not n.startswith(NOBODYS)] == []


def test_people_are_found_as_callers_are():
    person = Learner.objects.exclude(name="").filter(phone_numbers__isnull=False).first()
    assert person in search.find(person.kana)
    assert person in search.find(person.phone_numbers.first().e164[-6:])


def test_no_hall_and_nobody_is_booked_twice_and_no_lesson_but_todays_falls_on_a_closed_day():
    demo_stories.nobody_is_booked_twice(is_closed_today=False)


def test_the_demo_password_opens_the_demos_accounts_only():
    admin = StaffMember.objects.create_user("shukan", "another-long-one")
    accounts.make(reset=True, now=NOW)
    opened = {m.username for m in StaffMember.objects.all() if m.check_password(accounts.PASSWORD)}
    assert opened == {a.username for a in accounts.ACCOUNTS if a.signs_in}
    admin.refresh_from_db()
    assert admin.check_password("another-long-one")
    never = StaffMember.objects.get(username="hojo1")
    assert not never.has_usable_password()
    for member in StaffMember.objects.filter(username__in=opened):
        validate_password(accounts.PASSWORD, member)


def test_an_account_that_stood_there_before_the_demo_keeps_its_password():
    member = StaffMember.objects.get(username="kanri")
    member.set_password("another-long-one")
    member.save()
    accounts.make(reset=False, now=NOW)
    member.refresh_from_db()
    assert member.check_password("another-long-one")
    assert accounts.PASSWORD not in next(
        line for line in said("--accounts").splitlines() if line.startswith("kanri")
    )


def test_the_accounts_are_printed_with_their_password():
    lines = said("--accounts").splitlines()
    for account in accounts.ACCOUNTS:
        line = next((line for line in lines if line.startswith(f"{account.username} ")), "")
        assert (accounts.PASSWORD in line) == account.signs_in


def test_if_empty_changes_nothing_where_something_stands():
    before = contents()
    assert said("--if-empty") == ""
    assert contents() == before


def test_without_a_flag_a_full_database_is_refused():
    with pytest.raises(CommandError, match="make fresh"):
        said()


def test_fresh_is_refused_where_an_intake_is_not_the_demos():
    factories.intake()
    before = contents()
    with pytest.raises(CommandError, match="not the demo's"):
        said("--fresh")
    assert contents() == before
    assert said("--accounts") == "There is no demo in this database.\n"


def test_a_desk_at_work_is_refused(settings):
    settings.HTTPS = True
    with pytest.raises(CommandError, match="HTTPS"):
        said("--fresh")


def test_fresh_builds_the_very_same_city_on_the_same_day_and_leaves_accounts_alone(client):
    before, people = contents(), set(StaffMember.objects.values_list("pk", "password"))
    with time_machine.travel(NOW, tick=False):
        client.force_login(StaffMember.objects.get(username="uketsuke"))
        assert "300 people" in said("--fresh")
        # Whoever was signed in still is.
        assert client.get(reverse("password_change")).status_code == 200
    assert contents() == before
    assert set(StaffMember.objects.values_list("pk", "password")) == people


def test_a_lesson_to_come_fell_out_and_two_people_are_still_to_be_told():
    stopped = disruptions.waiting_for_a_day().get()
    assert stopped.starts_at > NOW
    untold = CallTask.objects.open().filter(notice__purpose=Notice.Purpose.CANCELLED)
    assert 1 <= untold.count() <= 3


def test_clearing_leaves_nothing_but_the_ladder_and_the_staff():
    clearing.clear()
    assert state.is_empty()
    assert not Placement.objects.exists()
    assert not Intake.history.exists()
    assert SkillLevel.objects.count() == 5
    assert StaffMember.objects.filter(username="tanto").exists()
    assert said("--accounts") == "There is no demo in this database.\n"


@pytest.mark.parametrize(("days", "warned"), [(0, False), (3, False), (4, True), (40, True)])
def test_a_stale_demo_says_so_to_staff_and_offers_make_fresh(client, days, warned):
    with time_machine.travel(NOW + datetime.timedelta(days=days), tick=False):
        client.force_login(StaffMember.objects.get(username="tanto"))
        page = client.get(reverse("password_change")).content.decode()
        assert ("make fresh" in page) == warned
        client.logout()
        assert "make fresh" not in client.get(reverse("sign_in")).content.decode()


def test_real_data_is_never_called_a_demo(client):
    clearing.clear()
    factories.intake()
    with time_machine.travel(NOW + datetime.timedelta(days=40), tick=False):
        client.force_login(StaffMember.objects.get(username="tanto"))
        assert "make fresh" not in client.get(reverse("password_change")).content.decode()


def test_people_were_told_by_sms_and_some_wrote_back():
    demo_stories.people_were_told_by_sms_and_some_wrote_back(NOW)
