"""Who cannot be reached is passed over by a rule that everybody can read (rule 27)."""

import datetime
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes import call_attempts, steering, unreached
from classes.models import CallAttempt, CallTask, Offer, PlaceEvent, WaitlistEntry
from staff.models import StaffMember
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
Outcome = CallAttempt.Outcome


@pytest.fixture
def clerk() -> StaffMember:
    return factories.staff_member()


@pytest.fixture
def offer() -> Offer:
    """Two calls on two days, says the rule; somebody else waits behind."""
    intake = factories.intake(unreached_attempts=2, unreached_days=2)
    made = factories.announced_offer(at=NOW, intake=intake)
    factories.registered(made.class_session, at=NOW + HOUR)
    return made


@pytest.fixture
def offer_now() -> Offer:
    """The same today, for pages: they read the clock."""
    now = timezone.now()
    intake = factories.intake(
        unreached_attempts=2, unreached_days=2, opens_at=now - 9 * DAY, closes_at=now + 9 * DAY
    )
    made = factories.announced_offer(at=now - 3 * DAY, intake=intake, lessons=[now + 20 * DAY])
    factories.registered(made.class_session, at=now - 2 * DAY)
    return made


def call(
    offer: Offer, clerk: StaffMember, at: datetime.datetime, outcome: Outcome = Outcome.NO_ANSWER
) -> None:
    back = at + DAY if outcome == Outcome.CALL_BACK else None
    entered = call_attempts.Try(uuid.uuid4(), outcome, call_back_at=back)
    task = CallTask.objects.get(notice__offer=offer)
    call_attempts.record_attempt(task.pk, entered, by=clerk, now=at)


def test_two_calls_on_one_day_are_not_two_days(offer: Offer, clerk: StaffMember) -> None:
    call(offer, clerk, NOW + HOUR)
    call(offer, clerk, NOW + 2 * HOUR)

    made = unreached.tries(offer, offer.class_session.intake)
    assert (made.calls, made.days, made.is_met) == (2, 1, False)
    with pytest.raises(unreached.StillToTry):
        unreached.pass_on(offer.pk, by=clerk, now=NOW + 3 * HOUR)


def test_the_next_is_offered_the_seat_and_the_place_stays(offer: Offer, clerk: StaffMember) -> None:
    call(offer, clerk, NOW + HOUR)
    call(offer, clerk, NOW + DAY)

    (served,) = unreached.pass_on(offer.pk, by=clerk, now=NOW + DAY)

    offer.refresh_from_db()
    assert offer.status == Offer.Status.WITHDRAWN
    assert served.entry_id != offer.entry_id
    assert WaitlistEntry.objects.waiting().filter(pk=offer.entry_id).exists()
    logged = PlaceEvent.objects.get(kind=PlaceEvent.Kind.PASSED_OVER)
    assert logged.by == clerk
    assert "2" in logged.reason


def test_whoever_asked_to_be_called_back_was_reached(offer: Offer, clerk: StaffMember) -> None:
    call(offer, clerk, NOW + HOUR)
    call(offer, clerk, NOW + DAY, Outcome.CALL_BACK)

    assert unreached.tries(offer, offer.class_session.intake).calls == 1


def test_the_offer_stands_where_nobody_else_waits(clerk: StaffMember) -> None:
    intake = factories.intake(unreached_attempts=1, unreached_days=1)
    alone = factories.announced_offer(at=NOW, intake=intake)
    call(alone, clerk, NOW + HOUR)

    with pytest.raises(steering.NobodyServed):
        unreached.pass_on(alone.pk, by=clerk, now=NOW + DAY)
    alone.refresh_from_db()
    assert alone.status == Offer.Status.OPEN


def test_who_was_told_meanwhile_is_not_passed_over(offer: Offer, clerk: StaffMember) -> None:
    call(offer, clerk, NOW + HOUR)
    call(offer, clerk, NOW + DAY)
    Offer.objects.filter(pk=offer.pk).update(told_at=NOW + DAY, expires_at=NOW + 3 * DAY)

    with pytest.raises(unreached.StillToTry):
        unreached.pass_on(offer.pk, by=clerk, now=NOW + DAY)


def test_an_intake_without_the_rule_never_passes_on(offer: Offer, clerk: StaffMember) -> None:
    intake = offer.class_session.intake
    intake.unreached_attempts = 0
    intake.save()
    for day in range(8):
        call(offer, clerk, NOW + HOUR + day * DAY)

    assert not unreached.tries(offer, intake).is_met


def test_the_rule_is_counted_on_the_screen_and_pressed_there(
    offer_now: Offer, clerk: StaffMember, client: Client
) -> None:
    client.force_login(clerk)
    page = reverse("class_detail", args=[offer_now.class_session_id])
    press = reverse("offer_pass_on", args=[offer_now.pk])
    call(offer_now, clerk, timezone.now() - 2 * DAY)
    assert press not in client.get(page).content.decode()
    call(offer_now, clerk, timezone.now() - DAY)
    assert press in client.get(page).content.decode()

    client.post(press)

    offer_now.refresh_from_db()
    assert offer_now.status == Offer.Status.WITHDRAWN


def test_it_is_pressed_in_the_call_list_too(
    offer_now: Offer, clerk: StaffMember, client: Client
) -> None:
    client.force_login(clerk)
    task = CallTask.objects.get(notice__offer=offer_now)
    early = client.post(reverse("call_pass_on", args=[task.pk]))
    assert early.status_code == 200
    call(offer_now, clerk, timezone.now() - 2 * DAY)
    call(offer_now, clerk, timezone.now() - DAY)

    client.post(reverse("call_pass_on", args=[task.pk]))

    offer_now.refresh_from_db()
    assert offer_now.status == Offer.Status.WITHDRAWN


def test_the_rule_is_printed_with_the_others(offer: Offer, clerk: StaffMember) -> None:
    browser = Client()
    browser.force_login(clerk)
    sheet = browser.get(reverse("intake_rules_sheet", args=[offer.class_session.intake.code]))
    assert "2日にわたり2回お電話しても" in sheet.content.decode()


def test_after_the_call_that_meets_the_rule_the_press_stands_there(
    offer_now: Offer, clerk: StaffMember, client: Client
) -> None:
    client.force_login(clerk)
    task = CallTask.objects.get(notice__offer=offer_now)
    call(offer_now, clerk, timezone.now() - DAY)
    press = reverse("call_pass_on", args=[task.pk])
    number = task.notice.learner.phone_numbers.get().e164
    typed = {"client_uuid": str(uuid.uuid4()), "outcome": "no_answer", "number": number}
    client.post(reverse("call_claim", args=[task.pk]))
    shown = client.get(reverse("call_list")).context["form"]["sentence"].value()

    answer = client.post(reverse("call_record", args=[task.pk]), typed | {"sentence": shown})

    assert press in answer.content.decode()
