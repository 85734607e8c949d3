"""The desk over HTTP: its fragments, what stays typed, and how few queries a press costs."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classes.models import Application, CallLog, ClassSession, Enrollment
from learners.models import Learner
from staff.models import AccessEvent, StaffMember
from tests import factories
from tests.classes.desk_over_http import DAY, HTMX, known, new, post, registered, typed

pytestmark = pytest.mark.django_db
# A known person by one POST: session, account and role, the intake's lock, the checks under it,
# what is written, the access log, nested savepoints. Each further query is a caller's time.
MOST_QUERIES = 30


def test_the_page_shows_classes_figures_and_no_inline_script(
    desk_client: Client, session: ClassSession
) -> None:
    response = desk_client.get(reverse("desk"))
    page = response.content.decode()
    assert "N1" in page
    assert 'id="figure-calls"' in page
    assert desk_client.session["desk_intake"] == "2026-10"


def test_without_an_intake_the_desk_says_what_to_do(desk_client: Client) -> None:
    response = desk_client.get(reverse("desk"))
    assert response.status_code == 200
    assert b"desk-search" not in response.content


def test_the_chosen_intake_is_remembered(desk_client: Client, session: ClassSession) -> None:
    now = timezone.now()
    other = factories.intake(code="2026-11", opens_at=now - DAY, closes_at=now + DAY)
    desk_client.get(reverse("desk"), {"intake": other.code})
    assert desk_client.get(reverse("desk")).context["intake"] == other


def test_a_search_shows_what_tells_people_apart_and_is_logged_without_its_text(
    desk_client: Client, session: ClassSession
) -> None:  # rules 5 and 64
    learner = known()
    page = post(desk_client, "desk_search", data={"q": "4912"}).content.decode()
    assert "ヤマダ セツコ" in page
    assert "南大沢" in page
    assert reverse("desk_person", args=["2026-10", learner.pk]) in page
    event = AccessEvent.objects.get()
    assert (event.route, event.subjects.get().key) == ("desk_search", str(learner.pk))


def test_a_receipt_number_finds_its_person(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:
    application = registered(session, operator, known())
    for said in (f"受付{application.number}", "10-1", "2026-10-0001"):
        page = post(desk_client, "desk_search", data={"q": said}).content.decode()
        assert application.receipt in page, said


def test_one_post_registers_a_known_person_with_few_queries(
    desk_client: Client, session: ClassSession, django_assert_max_num_queries: Any
) -> None:
    learner = known()
    data = typed(session, learner, expects_seat="1")
    with CaptureQueriesContext(connection) as captured:
        response = post(desk_client, "desk_register", data=data)
    assert response.status_code == 200
    assert "お席が決まりました" in response.content.decode()
    assert "desk-changed" in response.headers["HX-Trigger"]
    assert Enrollment.objects.get().application.learner == learner
    statements = [query["sql"] for query in captured]
    assert len(statements) <= MOST_QUERIES, "\n".join(statements)


def test_a_full_class_costs_no_more(
    desk_client: Client, session: ClassSession, operator: StaffMember
) -> None:
    ClassSession.objects.filter(pk=session.pk).update(capacity=0)
    registered(session, operator, known("090-1111-2222", name="先の 人", kana="サキノ ヒト"))
    data = typed(session, known())
    with CaptureQueriesContext(connection) as captured:
        response = post(desk_client, "desk_register", data=data)
    assert "キャンセル待ちの2番目" in response.content.decode()
    assert len(captured) <= MOST_QUERIES, "\n".join(query["sql"] for query in captured)


def test_name_kana_phone_and_class_register_somebody_new(
    desk_client: Client, session: ClassSession
) -> None:  # rule 1
    response = post(desk_client, "desk_register", data={**typed(session), **new()})
    assert "お席が決まりました" in response.content.decode()
    assert Learner.objects.get().kana == "サトウ ハナコ"


def test_a_latin_name_needs_no_kana(desk_client: Client, session: ClassSession) -> None:
    data = {**typed(session), **new(name="Nguyễn Thị Lan", kana="")}  # rule 16
    post(desk_client, "desk_register", data=data)
    learner = Learner.objects.get()
    assert (learner.latin_name, learner.name) == ("Nguyễn Thị Lan", "")


def test_a_rare_kanji_survives_the_form(desk_client: Client, session: ClassSession) -> None:
    data = {**typed(session), **new(name="𠮷田 髙子")}  # rule 17
    post(desk_client, "desk_register", data=data)
    assert Learner.objects.get().name == "𠮷田 髙子"


def test_without_a_phone_a_reason_is_enough(desk_client: Client, session: ClassSession) -> None:
    data = {**typed(session), **new(phone="")}  # rule 20
    assert post(desk_client, "desk_register", data=data).status_code == 422
    data |= {"first-no_phone": "on", "first-no_phone_reason": "聞こえにくい"}
    assert post(desk_client, "desk_register", data=data).status_code == 200
    learner = Learner.objects.get()
    assert learner.no_phone_calls
    assert learner.notes == "聞こえにくい"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "626-3111"),
        ("birth", "昭和64年1月8日"),
        ("kana", "山田"),
        ("postcode", "12"),
        ("name", ""),
        ("owner", "family"),
    ],
)
def test_what_cannot_be_read_stays_typed_and_says_what_to_do(
    desk_client: Client, session: ClassSession, field: str, value: str
) -> None:
    data = {**typed(session), **new(**{field: value})}
    response = post(desk_client, "desk_register", data=data)
    page = response.content.decode()
    assert response.status_code == 422
    assert response.headers["HX-Retarget"] == "#desk-person"
    assert value in page
    assert "さとう はなこ" in page or field == "kana"
    assert str(data["application_uuid"]) in page
    assert 'aria-invalid="true"' in page
    assert not Learner.objects.exists()


def test_a_press_without_a_class_asks_for_one_and_keeps_the_fields(
    desk_client: Client, session: ClassSession
) -> None:
    data = {**typed(session), **new(), "wishes": ""}
    response = post(desk_client, "desk_register", data=data)
    assert (response.status_code, response.headers["HX-Retarget"]) == (200, "#desk-word")
    assert not Learner.objects.exists()


@pytest.mark.parametrize("wishes", ["999999", "1,x", "１", "-1", ",,"])
def test_a_class_that_is_none_is_no_error_page(
    desk_client: Client, session: ClassSession, wishes: str
) -> None:
    data = {**typed(session, known()), "wishes": wishes}
    response = post(desk_client, "desk_register", data=data)
    assert response.headers["HX-Retarget"] == "#desk-word"
    assert not Application.objects.exists()


def test_a_couple_is_registered_by_one_post(desk_client: Client, session: ClassSession) -> None:
    second = {
        "second_uuid": uuid.uuid4(),
        "second-name": "佐藤 太郎",
        "second-kana": "サトウ タロウ",
        "second-phone": "090-1234-5678",
    }
    response = post(desk_client, "desk_register", data={**typed(session), **new(), **second})
    assert "2名様のお席が決まりました" in response.content.decode()
    first, partner = Application.objects.order_by("number")
    assert first.party == partner.party


def test_the_partner_begins_with_what_is_shared(
    desk_client: Client, session: ClassSession
) -> None:  # rule 26
    learner = known()
    form = post(desk_client, "desk_second_person", data={"learner": learner.pk}).context[
        "second_form"
    ]
    assert form.initial["phone"] == "090-3117-4912"
    assert form.initial["address"] == "八王子市南大沢2-1"
    assert form.initial["name"] == "山田 "


def test_a_known_partner_is_taken_from_the_record(
    desk_client: Client, session: ClassSession
) -> None:
    wife, husband = known(), known(name="山田 正", kana="ヤマダ タダシ")
    data = typed(session, wife, second_learner=husband.pk, second_uuid=uuid.uuid4())
    post(desk_client, "desk_register", data=data)
    assert Learner.objects.count() == Application.objects.count() == 2


def test_while_typing_age_number_and_likely_duplicates_show(
    desk_client: Client, session: ClassSession
) -> None:  # rules 4, 6 and 13
    learner = known()
    data = new(kana="やまだ せつこ", phone="090-3117-4912", birth="S14.5.3")
    page = post(desk_client, "desk_check", data=data).content.decode()
    assert "昭和14年5月3日" in page
    assert reverse("desk_person", args=["2026-10", learner.pk]) in page
    page = post(desk_client, "desk_check", data=new(phone="626-3111")).content.decode()
    assert 'data-value="042-626-3111"' in page


def test_a_line_that_takes_no_sms_is_not_one_whose_owner_wants_none(
    desk_client: Client, session: ClassSession
) -> None:
    learner = known("042-626-3111")

    def card() -> str:
        address = reverse("desk_person", args=["2026-10", learner.pk])
        return desk_client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert "SMS不可" in card()
    assert "SMSを希望しない" not in card()
    learner.phone_numbers.update(e164="+819031174912", sms_consent="refused")
    assert "携帯・SMSを希望しない" in card()


def test_a_fax_needs_its_written_time(desk_client: Client, session: ClassSession) -> None:
    data = typed(session, known(), source="fax")  # rule 24
    assert post(desk_client, "desk_register", data=data).status_code == 422
    data["written_at"] = timezone.localtime(timezone.now() - DAY / 2).strftime("%Y-%m-%dT%H:%M")
    assert post(desk_client, "desk_register", data=data).status_code == 200
    assert Application.objects.get().source == "fax"


def test_a_written_time_to_come_is_refused(desk_client: Client, session: ClassSession) -> None:
    late = timezone.localtime(timezone.now() + DAY).strftime("%Y-%m-%dT%H:%M")
    data = typed(session, known(), source="paper", written_at=late)
    assert post(desk_client, "desk_register", data=data).status_code == 422


def test_the_live_numbers_cost_few_queries_and_only_numbers(
    desk_client: Client, session: ClassSession
) -> None:
    url = reverse("desk_live", args=["2026-10"])
    with CaptureQueriesContext(connection) as captured:
        response = desk_client.get(url, {"version": str(session.pk)}, headers=HTMX)
    page = response.content.decode()
    assert 'id="figure-held"' in page
    assert f'id="seats-{session.pk}"' in page
    assert "class-row" not in page
    about_the_session = 3
    assert len(captured) <= about_the_session + 8, "\n".join(q["sql"] for q in captured)


def test_a_new_class_reaches_an_open_page(desk_client: Client, session: ClassSession) -> None:
    factories.class_session(intake=session.intake, code="N9")
    url = reverse("desk_live", args=["2026-10"])
    page = desk_client.get(url, {"version": str(session.pk)}, headers=HTMX).content.decode()
    assert "N9" in page
    assert 'id="class-list"' in page


def test_an_enquiry_is_counted_once_for_one_call(
    desk_client: Client, session: ClassSession
) -> None:  # rule 18
    data = {"outcome": "inquiry", "call_uuid": uuid.uuid4(), "wishes": f"{session.pk}"}
    for _ in range(2):
        response = post(desk_client, "desk_end_call", data=data)
    assert "desk-next" in response.headers["HX-Trigger"]
    call = CallLog.objects.get()
    assert (call.outcome, call.class_session) == ("inquiry", session)


def test_no_outside_call_is_counted_while_reception_is_open(
    desk_client: Client, session: ClassSession
) -> None:
    data = {"outcome": "outside", "call_uuid": uuid.uuid4()}
    assert "desk-next" not in post(desk_client, "desk_end_call", data=data).headers.get(
        "HX-Trigger", ""
    )
    assert not CallLog.objects.exists()
