"""The people on record in a browser: found, completed and merged by keyboard, clean to axe."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from classes.models import CallLog, PlaceEvent
from learners import people, search
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
    people.update(learner.pk, {"device": "android", "notes": "杖"}, by=None, now=now)
    for each in (learner, other):
        search.refresh_keys(each)
    return learner


def test_somebody_is_found_and_opened_by_keyboard(signed_in_page, setsuko):
    page = signed_in_page()
    page.goto("/learners/")
    expect(page.locator("#learner-q")).to_be_focused()
    page.keyboard.type("4912")
    page.keyboard.press("Enter")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    assert page.url.endswith("/learners/")
    link = page.locator("#results").get_by_role("link", name="山田 節子")
    for _ in range(6):
        if link.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("山田 節子")


def test_enter_never_takes_a_suggested_number_and_a_press_does(
    signed_in_page, setsuko, assert_axe_clean, watch
):  # rule 6
    watch.expect("422")
    page = signed_in_page()
    page.goto(f"/learners/{setsuko.pk}/numbers/new/")
    page.locator("#id_number").fill("626-3111")
    for _ in range(2):
        page.locator("#id_number").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(".learner-suggestion")).to_contain_text("042-626-3111")
        assert_axe_clean(page)
    expect(page.locator("#id_number")).to_have_value("626-3111")
    assert setsuko.phone_numbers.count() == 2
    page.locator(".learner-suggestion button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages .notice")).to_have_class(re.compile("notice-ok"))
    assert setsuko.phone_numbers.last().e164 == "+81426263111"


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


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("viewport", [(1366, 768), (820, 1180)])
def test_every_page_of_people_is_clean_in_both_languages_and_sizes(
    signed_in_page, setsuko, assert_axe_clean, language, viewport
):
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    number = setsuko.phone_numbers.first()
    other = Learner.objects.exclude(pk=setsuko.pk).get()
    for path in (
        "",
        "new/",
        f"{setsuko.pk}/",
        f"{setsuko.pk}/edit/",
        f"{setsuko.pk}/history/",
        f"{setsuko.pk}/emergency/edit/",
        f"{setsuko.pk}/deceased/",
        f"{setsuko.pk}/numbers/new/",
        f"numbers/{number.pk}/",
        f"numbers/{number.pk}/remove/",
        f"numbers/{number.pk}/sms/",
        f"{setsuko.pk}/merge/",
        f"{setsuko.pk}/merge/{other.pk}/",
    ):
        page.goto(f"/learners/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.goto("/learners/")
    page.locator("#learner-q").fill("ヤマダ")
    page.locator("#learner-q").press("Enter")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    assert_axe_clean(page)
