"""The people on record in a browser: found, completed and merged by keyboard, clean to axe."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from classes.models import CallLog, PlaceEvent
from learners import search
from learners.models import Learner, PhoneNumber
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def setsuko(live_server) -> Learner:
    """Somebody with a seat, a sentence that was read aloud, an enquiry and a likely duplicate."""
    now = timezone.now()
    intake = factories.intake(opens_at=now - 20 * DAY, closes_at=now + 20 * DAY)
    session = factories.class_session(
        intake=intake, code="N1", lessons=[now + 6 * DAY, now + 13 * DAY]
    )
    learner = factories.learner(
        name="山田 節子",
        phone="+819031174912",
        birth_date=datetime.date(1939, 5, 1),
        support_needs=["hearing", "walking"],
        emergency_name="山田 一郎",
        emergency_phone="090-1111-2222",
        notes="左側から話す",
    )
    other = factories.learner(name="山田 せつ子", phone="+819031174912", birth_date=None)
    PhoneNumber.objects.create(
        learner=learner,
        e164="+819011112222",
        as_spoken="090 1111 2222",
        owner=PhoneNumber.Owner.FAMILY,
        owner_name="長女 花子",
        position=1,
    )
    (application,) = factories.registered(session, learner, at=now - DAY, spoken=False)
    PlaceEvent.objects.create(
        intake=intake,
        learner=learner,
        application=application,
        kind=PlaceEvent.Kind.READ_ALOUD,
        at=now - DAY,
        by=factories.staff_member(name="鈴木 窓口"),
        sentence="お席が決まりました。ニュースの教室、南大沢、10月5日月曜、朝10時から、全3回です。",
    )
    CallLog.objects.create(
        intake=intake, called_at=now, outcome=CallLog.Outcome.INQUIRY, learner=learner
    )
    for each in (learner, other):
        search.refresh_keys(each)
    return learner


def test_what_was_typed_stays_typed_and_focus_lands_on_what_is_wrong(
    signed_in_page, setsuko, assert_axe_clean, watch
):  # rule 13
    watch.expect("422")
    page = signed_in_page()
    page.goto(f"/learners/{setsuko.pk}/edit/")
    page.locator("#id_birth_date").fill("昭和64年1月8日")
    page.locator("#id_address").fill("八王子市浅川町1-1")
    page.locator("#id_address").press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#id_birth_date")).to_have_value("昭和64年1月8日")
    expect(page.locator("#id_address")).to_have_value("八王子市浅川町1-1")
    assert_axe_clean(page)


def test_the_emergency_contact_opens_in_place(signed_in_page, setsuko, assert_axe_clean):
    page = signed_in_page()  # rule 65
    page.goto(f"/learners/{setsuko.pk}/")
    contact = page.locator("#emergency-contact")
    expect(contact).not_to_contain_text("山田 一郎")
    contact.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(contact).to_contain_text("山田 一郎")
    assert_axe_clean(page)


def test_two_records_are_merged_and_parted_by_keyboard(signed_in_page, setsuko):
    page = signed_in_page(role="coordinator")
    page.goto(f"/learners/{setsuko.pk}/")
    page.locator(".learner-duplicates a.button").first.focus()
    page.keyboard.press("Enter")
    page.locator("#id_reason").focus()
    page.keyboard.type("同じ方")
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice")).to_have_class(re.compile("notice-ok"))
    assert Learner.objects.filter(merged_into=setsuko).exists()
    page.locator("form[action*=undo] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice")).to_have_class(re.compile("notice-ok"))
    assert not Learner.objects.filter(merged_into=setsuko).exists()
