"""Pages of the people on record: searched, written, changed, merged, every look of them logged."""

import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classes.models import CallLog, Enrollment, Notice, PlaceEvent, StaffTask
from learners import people, search
from learners.models import Learner, PhoneNumber
from staff.models import AccessEvent
from tests import factories
from tests.classes import answering
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
MOBILE = "+819031174912"
PERSON = {
    "name": "佐藤 ハル",
    "kana": "サトウ ハル",
    "birth_date": "S15.3.2",
    "postcode": "192-0364",
    "address": "八王子市南大沢2-1",
    "language": "ja",
    "postal_channel": "postcard",
}
PHONE = {"number": "090-3117-4912", "line": "voice", "owner": "self"}
NEW = {**PERSON, **{f"phone-{name}": value for name, value in PHONE.items()}}


@pytest.fixture(autouse=True)
def _the_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client):
    """The browser of a coordinator who reads English."""
    client.force_login(factories.staff_member(role="coordinator", language="en"))
    return client


def person(**fields) -> Learner:
    made = factories.learner(**fields)
    search.refresh_keys(made)
    return made


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def shown(desk, route: str, *args: int) -> str:
    answer = desk.get(reverse(route, args=args))
    assert answer.status_code == 200
    return text_of(answer)


def event_of(purpose: str) -> AccessEvent:
    return AccessEvent.objects.get(purpose=purpose)


def queries_of(desk, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(address).status_code == 200
    return len(captured)


# The list ---------------------------------------------------------------------------------


def test_before_one_is_chosen_reading_age_town_and_number_tell_people_apart(desk):  # rule 5
    person(name="山田 節子", birth_date=datetime.date(1939, 5, 1), phone=MOBILE)
    person(name="山田 せつ子", address="八王子市浅川町1-1", birth_date=None)
    page = text_of(desk.post(reverse("learner_list"), {"q": "ヤマダ セツコ"}))
    for words in ("ヤマダ セツコ", "昭和14年", "87", "南大沢", "…4912", "浅川町", "not confirmed"):
        assert words in page


def test_one_list_of_people_is_one_event_with_every_person_in_it(desk):  # rule 64
    for _ in range(3):
        person()
    desk.post(reverse("learner_list"), {"q": "ヤマダ"})
    event = event_of("learner_search")
    assert event.subjects.count() == 3
    assert "kana" in event.field_names


def test_a_search_that_finds_nobody_says_so_and_logs_nothing(desk):
    page = text_of(desk.post(reverse("learner_list"), {"q": "ダレモ"}))
    assert 'class="empty"' in page
    assert "ダレモ" in page
    assert not AccessEvent.objects.exists()


@pytest.mark.parametrize("role", ["instructor", None])
def test_instructors_open_none_of_these_pages(client, role):  # rule 65
    client.force_login(factories.staff_member(role=role))
    someone = person(phone=MOBILE)
    assert client.post(reverse("learner_list"), {"q": "ヤマダ"}).status_code == 403
    assert client.get(reverse("learner_detail", args=[someone.pk])).status_code == 403
    assert not AccessEvent.objects.filter(subjects__isnull=False).exists()


# One person -------------------------------------------------------------------------------


def everything(learner: Learner) -> None:
    """A full life at the desk: a seat, a call, a task, a sentence that was read aloud."""
    session = factories.class_session(code="N1")
    (application,) = factories.registered(session, learner, at=NOW)
    PlaceEvent.objects.create(
        intake=session.intake,
        learner=learner,
        application=application,
        kind=PlaceEvent.Kind.READ_ALOUD,
        at=NOW,
        by=factories.staff_member(name="鈴木 窓口"),
        sentence="お席が決まりました。受付番号は1番です。",
    )
    CallLog.objects.create(
        intake=session.intake, called_at=NOW, outcome=CallLog.Outcome.INQUIRY, learner=learner
    )
    StaffTask.objects.create(
        learner=learner,
        intake=session.intake,
        kind=StaffTask.Kind.CONFIRM_ADDRESS,
        due_on=datetime.date(2026, 10, 1),
        created_at=NOW,
    )


def test_the_page_of_a_person_tells_everything_with_what_was_read_aloud_by_whom(desk):  # rule 19
    learner = person(phone=MOBILE, name="佐藤 ハル")
    everything(learner)
    page = shown(desk, "learner_detail", learner.pk)
    assert "お席が決まりました。受付番号は1番です。" in page
    assert "鈴木 窓口" in page
    for words in ("佐藤 ハル", "090-3117-4912", "2026-", "N1", "enquiry", "confirm the address"):
        assert words in page
    assert "phone_numbers" in event_of("learner_page").field_names


def test_the_page_of_a_person_costs_no_more_queries_for_more_rows(desk):
    learner = person(phone=MOBILE)
    everything(learner)
    address = reverse("learner_detail", args=[learner.pk])
    desk.get(address)
    one = queries_of(desk, address)
    for number in range(4):
        everything(learner)
        PhoneNumber.objects.create(learner=learner, e164=f"+81426{number:06d}", as_spoken="")
    assert queries_of(desk, address) == one


def test_the_page_says_what_somebody_was_told_and_what_they_answered(desk):
    learner = person(phone=MOBILE)
    session = factories.class_session(code="N1")
    factories.registered(session, learner)
    answering.told(learner, session, sent=answering.message(body="明日10時です。"), answer="absent")
    waits = {"sent": answering.message(status="queued", body="まだ送っていません。")}
    answering.told(learner, session, **waits, purpose=Notice.Purpose.FOLLOW_UP)
    page = shown(desk, "learner_detail", learner.pk)
    assert "「明日10時です。」" in page
    assert "answer: will not come" in page
    assert "N1 · SMS" in page
    assert "まだ送っていません。" not in page


def test_the_emergency_contact_opens_with_one_press_that_is_logged(desk):  # rule 65
    learner = person(emergency_name="山田 一郎", emergency_phone="090-1111-2222")
    assert "山田 一郎" not in shown(desk, "learner_detail", learner.pk)
    page = text_of(desk.post(reverse("learner_emergency", args=[learner.pk])))
    assert "山田 一郎" in page
    assert event_of("emergency_contact_opened").subjects.get().key == str(learner.pk)


def test_no_page_but_the_opened_one_tells_the_emergency_contact(desk):  # rule 65
    learner = person()
    contact = {"emergency_name": "山田 一郎", "emergency_phone": "090-1111-2222"}
    people.update(learner.pk, contact, by=None, now=NOW)
    other = person()
    for route, args in (
        ("learner_history", [learner.pk]),
        ("learner_edit", [learner.pk]),
        ("learner_merge", [other.pk, learner.pk]),
    ):
        assert "山田 一郎" not in shown(desk, route, *args)


@pytest.mark.parametrize(
    "route",
    [
        "learner_detail",
        "learner_edit",
        "learner_history",
        "learner_number_add",
        "learner_deceased",
        "learner_merge_choose",
        "learner_emergency_edit",
    ],
)
def test_a_person_who_is_not_there_is_not_found(desk, route):
    assert desk.get(reverse(route, args=[0])).status_code == 404


# Written anew -----------------------------------------------------------------------------


def test_a_person_is_written_with_an_era_date_and_a_number_kept_as_spoken(desk):  # rules 7, 13
    answer = desk.post(reverse("learner_create"), NEW)
    learner = Learner.objects.get()
    assert answer["Location"] == reverse("learner_detail", args=[learner.pk])
    assert learner.birth_date == datetime.date(1940, 3, 2)
    number = learner.phone_numbers.get()
    assert (number.e164, number.as_spoken) == (MOBILE, "090-3117-4912")
    assert search.find("4912") == [learner]
    assert "name" in event_of("learner_created").field_names


def test_a_date_that_never_was_is_refused_and_what_was_typed_stays_typed(desk):  # rule 13
    answer = desk.post(reverse("learner_create"), {**NEW, "birth_date": "昭和64年1月8日"})
    assert answer.status_code == 422
    page = text_of(answer)
    assert "昭和64年1月8日" in page
    assert "佐藤 ハル" in page
    assert "090-3117-4912" in page
    assert not Learner.objects.exists()


def test_somebody_without_kana_is_written_with_a_latin_name(desk):  # rule 16
    desk.post(
        reverse("learner_create"), {**NEW, "name": "", "kana": "", "latin_name": "Nguyễn Thị Hoa"}
    )
    assert Learner.objects.get().display_name == "Nguyễn Thị Hoa"


@pytest.mark.parametrize("name", ["𠮷野 弘子", "髙山 節子", "葛󠄀西 玲子"])
def test_rare_kanji_come_back_from_form_and_page_as_they_were_typed(desk, name):  # rule 17
    desk.post(reverse("learner_create"), {**NEW, "name": name})
    learner = Learner.objects.get()
    assert learner.name == name
    assert name in shown(desk, "learner_detail", learner.pk)
    assert name in shown(desk, "learner_edit", learner.pk)
    assert name in text_of(desk.post(reverse("learner_list"), {"q": name}))


def test_a_local_number_is_completed_by_a_press_and_never_silently(desk):  # rules 6, 7
    local = {**NEW, "phone-number": "626-3111"}
    answer = desk.post(reverse("learner_create"), local)
    assert answer.status_code == 422
    assert not Learner.objects.exists()
    suggestion = answer.context["number_form"].suggestion
    assert "042" in suggestion
    assert f'value="{suggestion}"' in text_of(answer)
    desk.post(reverse("learner_create"), {**local, "phone-confirmed": suggestion})
    number = PhoneNumber.objects.get()
    assert (number.e164, number.as_spoken) == ("+81426263111", "626-3111")


@pytest.mark.parametrize(
    "number", ["042-626-3111", "050-3333-4444", "0120-444-555", "060-123-4567"]
)
def test_no_consent_is_taken_for_a_number_that_no_sms_reaches(desk, number):  # rules 8, 9
    answer = desk.post(
        reverse("learner_create"),
        {**NEW, "phone-number": number, "phone-sms_consent": "given"},
    )
    assert answer.status_code == 422
    assert not Learner.objects.exists()


def test_the_same_name_alone_warns_of_nothing(desk):  # rule 4
    person(kana="サトウ ハル")
    desk.post(reverse("learner_create"), NEW)
    assert Learner.objects.count() == 2


def test_two_people_share_a_number(desk):  # rule 3
    person(kana="サトウ タロウ", phone=MOBILE)
    desk.post(reverse("learner_create"), NEW)
    assert PhoneNumber.objects.filter(e164=MOBILE).count() == 2


# Changed ----------------------------------------------------------------------------------


def edit(desk, learner: Learner, **fields):
    address = reverse("learner_edit", args=[learner.pk])
    seen = desk.get(address).context["form"]["seen"].value()
    return desk.post(address, {**PERSON, "seen": seen, **fields})


def test_who_is_not_to_be_called_gets_letters(desk):  # rule 20
    learner = person(name="佐藤 ハル", kana="サトウ ハル", phone=MOBILE)
    task = factories.call_task(learner, at=NOW - datetime.timedelta(hours=1))
    edit(desk, learner, no_phone_calls="on", postal_channel="fax")
    task.refresh_from_db()
    assert task.closed_at == NOW
    task.notice.refresh_from_db()
    assert task.notice.channel == "post"


# Numbers, a death, a merge --------------------------------------------------------------


def test_a_daughters_mobile_needs_her_name_before_messages_go_there(desk):  # rule 12
    learner = person()
    address = reverse("learner_number_add", args=[learner.pk])
    hers = {**PHONE, "owner": "family", "sms_consent": "given"}
    answer = desk.post(address, hers)
    assert answer.status_code == 422
    assert "owner_name" in answer.context["form"].errors
    desk.post(address, {**hers, "owner_name": "長女 花子"})
    assert learner.phone_numbers.get().may_receive_sms
    unnamed = PhoneNumber.objects.create(
        learner=learner, e164="+819011112222", as_spoken="", owner=PhoneNumber.Owner.FAMILY
    )
    consent = reverse("learner_number_consent", args=[unnamed.pk])
    assert desk.post(consent, {"answer": "given", "given_by": "花子"}).status_code == 422
    unnamed.refresh_from_db()
    assert not unnamed.may_receive_sms


def test_a_corrected_number_is_asked_about_messages_anew(desk):  # rule 11
    number = person(phone=MOBILE).phone_numbers.get()
    desk.post(
        reverse("learner_number_consent", args=[number.pk]), {"answer": "given", "given_by": "本人"}
    )
    desk.post(
        reverse("learner_number_edit", args=[number.pk]), {**PHONE, "number": "090-3117-4913"}
    )
    number.refresh_from_db()
    assert (number.e164, number.sms_consent) == ("+819031174913", "")


def test_a_death_is_asked_about_once_more_and_then_frees_the_seat(desk):  # rule 42
    learner = person()
    (application,) = factories.registered(factories.class_session(), learner, at=NOW)
    address = reverse("learner_deceased", args=[learner.pk])
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"on": "2026/12/31"}).status_code == 422
    assert Enrollment.objects.held().filter(application=application).exists()
    desk.post(address, {"on": "令和8年8月30日"})
    learner.refresh_from_db()
    assert learner.deceased_on == datetime.date(2026, 8, 30)
    assert not Enrollment.objects.held().exists()
    assert "deceased" in shown(desk, "learner_detail", learner.pk)


def test_who_may_be_the_same_is_linked_from_the_page_and_the_absorbed_page_leads_on(desk):
    survivor, absorbed = person(phone=MOBILE), person(phone=MOBILE)
    compare = reverse("learner_merge", args=[survivor.pk, absorbed.pk])
    assert compare in shown(desk, "learner_detail", survivor.pk)  # rule 4
    desk.post(compare, {"reason": "同じ方"})
    page = shown(desk, "learner_detail", absorbed.pk)
    assert reverse("learner_detail", args=[survivor.pk]) in page
    assert reverse("learner_edit", args=[absorbed.pk]) not in page
    assert desk.get(reverse("learner_edit", args=[absorbed.pk])).status_code == 404


def test_any_other_record_is_chosen_by_search(desk):
    learner, other = person(), person(kana="サトウ ハル")
    page = text_of(desk.post(reverse("learner_merge_choose", args=[learner.pk]), {"q": "サトウ"}))
    assert reverse("learner_merge", args=[learner.pk, other.pk]) in page
