"""Pages of the people on record: what they show, log, ask about and never lose."""

import datetime
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes.models import CallTask, Notice, StaffTask
from learners import numbers, people
from learners.models import Learner, LearnerMerge, PhoneNumber
from learners.numbers import NumberInput
from sms import phone_numbers
from staff.models import AccessEvent, StaffMember
from tests import factories
from tests.factories import tokyo
from tests.learners.test_merge import register

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
MOBILE = "090-3117-4912"


def person(*phones: str, **fields: Any) -> Learner:
    fields = {"name": "山田 節子", "kana": "ヤマダ セツコ", **fields}
    given = [NumberInput(phone_numbers.parse(phone, area_code="042")) for phone in phones]
    return people.create(fields, given, by=None, now=NOW)


@pytest.fixture
def operator() -> StaffMember:
    return factories.staff_member(role="coordinator", language="en")


@pytest.fixture
def browser(client: Client, operator: StaffMember) -> Client:
    client.force_login(operator)
    return client


def said(response: Any) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "name": "山田 節子",
        "kana": "やまだ せつこ",
        "birth_date": "S15.3.2",
        "language": "ja",
        "postal_channel": "postcard",
        **changes,
    }


def test_the_list_finds_by_post_and_leaves_no_word_in_address_or_log(
    browser: Client, operator: StaffMember
) -> None:
    someone = person(MOBILE, birth_date=datetime.date(1940, 3, 2), address="八王子市南大沢2-1")
    response = browser.post(reverse("learner_list"), {"q": "4912"})
    text = said(response)
    for shown in ("山田 節子", "ヤマダ セツコ", "昭和15年", "南大沢", "…4912"):  # rule 5
        assert shown in text
    event = AccessEvent.objects.get()  # rule 64: one list is one event
    assert (event.who, event.purpose) == (operator, "learner_search")
    assert [subject.key for subject in event.subjects.all()] == [str(someone.pk)]
    assert "4912" not in f"{event.route}{event.field_names}{event.purpose}"


def test_an_htmx_search_gets_the_results_alone(browser: Client) -> None:
    person()
    response = browser.post(
        reverse("learner_list"), {"q": "やまだ"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in response.content.decode()
    assert "山田 節子" in said(response)


def test_more_than_twenty_are_shown_on_a_press(browser: Client) -> None:
    for _ in range(22):
        person()
    first = browser.post(reverse("learner_list"), {"q": "やまだ"})
    assert first.content.decode().count("/edit/") == 0
    assert len(first.context["rows"]) == 20
    assert "Show more" in said(first)
    more = browser.post(reverse("learner_list"), {"q": "やまだ", "more": "1"})
    assert len(more.context["rows"]) == 22
    assert "Show more" not in said(more)


def test_the_number_of_queries_of_the_list_does_not_grow_with_its_rows(
    browser: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        person(f"090-3117-49{number:02}")
    # session, staff member, roles, search, numbers, access event with its rows and savepoints
    with django_assert_max_num_queries(10):
        assert len(browser.post(reverse("learner_list"), {"q": "やまだ"}).context["rows"]) == 15


def test_the_page_of_a_person_shows_everything_but_the_emergency_contact(
    browser: Client,
) -> None:
    someone = person(
        MOBILE, birth_date=datetime.date(1940, 3, 2), emergency_name="山田 花子",
        emergency_phone="042-626-3111", notes="杖を使う",
    )  # fmt: skip
    application = register(someone, factories.class_session(code="N1"))
    text = said(browser.get(reverse("learner_detail", args=[someone.pk])))
    for shown in (
        MOBILE,
        "昭和15年3月2日",
        "杖を使う",
        application.receipt,
        "N1",
        "お席が決まりました",
    ):
        assert shown in text  # rule 19 among them
    assert "山田 花子" not in text  # rule 65
    assert "626-3111" not in text
    opened = browser.post(reverse("learner_emergency", args=[someone.pk]))
    assert "山田 花子" in said(opened)
    assert "042-626-3111" in said(opened)
    event = AccessEvent.objects.latest("pk")
    assert event.purpose == "emergency_contact_opened"
    assert "emergency_phone" in event.field_names


def test_the_queries_of_a_persons_page_do_not_grow_with_applications(
    browser: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    one, many = person(), person()
    register(one, factories.class_session())
    for _ in range(4):
        register(many, factories.class_session())
    with django_assert_max_num_queries(50) as counted:
        browser.get(reverse("learner_detail", args=[one.pk]))
    with django_assert_num_queries(len(counted)):
        response = browser.get(reverse("learner_detail", args=[many.pk]))
    assert len(response.context["page"].applications) == 4


def test_somebody_new_is_written_with_what_was_typed(
    browser: Client, operator: StaffMember
) -> None:
    response = browser.post(
        reverse("learner_create"),
        typed(**{
            "phone-number": MOBILE, "phone-line": "voice", "phone-owner": "self",
            "phone-sms_consent": "given",
        }),
    )  # fmt: skip
    someone = Learner.objects.get()
    assert response.headers["Location"] == reverse("learner_detail", args=[someone.pk])
    assert (someone.kana, someone.birth_date) == ("ヤマダ セツコ", datetime.date(1940, 3, 2))
    number = someone.phone_numbers.get()
    assert number.may_receive_sms
    assert number.consent_noted_by == operator  # rule 11
    assert someone.history.get().history_user == operator


def test_somebody_new_who_may_be_known_is_asked_about_first(browser: Client) -> None:
    known = person(MOBILE)
    data = typed(
        **{"phone-number": MOBILE, "phone-line": "voice", "phone-owner": "self", "notes": "杖"}
    )
    response = browser.post(reverse("learner_create"), data)
    assert response.status_code == 422  # rule 4
    page = response.content.decode()
    assert reverse("learner_detail", args=[known.pk]) in page
    assert "杖" in page
    assert Learner.objects.count() == 1
    browser.post(reverse("learner_create"), {**data, "not_same": "1"})
    assert Learner.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"birth_date": "昭和64年1月8日"}, "Showa"),  # rule 13
        ({"kana": "山田"}, "katakana or hiragana"),
        ({"name": "", "kana": ""}, "Write a name"),
        ({"kana": ""}, "Write the kana"),  # rule 16
        ({"postcode": "12"}, "postcode"),
    ],
)
def test_what_cannot_be_read_stays_typed_and_says_what_to_do(
    browser: Client, changes: dict[str, str], words: str
) -> None:
    someone = person()
    response = browser.post(
        reverse("learner_edit", args=[someone.pk]), typed(notes="まだ書きかけ", **changes)
    )
    assert response.status_code == 422
    assert words in said(response)
    page = response.content.decode()
    assert "まだ書きかけ" in page
    assert all(value in page for value in changes.values())


def test_a_change_logs_the_names_of_the_fields_and_never_the_values(browser: Client) -> None:
    someone = person()
    seen = people.version(someone)
    browser.post(reverse("learner_edit", args=[someone.pk]), typed(name="佐藤 節子", seen=seen))
    someone.refresh_from_db()
    assert someone.name == "佐藤 節子"
    event = AccessEvent.objects.latest("pk")  # rule 64
    assert event.purpose == "learner_changed"
    assert event.field_names == ["birth_date", "name"]


def test_a_record_that_somebody_changed_meanwhile_is_not_overwritten_unseen(
    browser: Client,
) -> None:
    someone = person()
    seen = people.version(someone)
    people.update(someone.pk, {"address": "八王子市南大沢2-1"}, by=None, now=NOW)
    data = typed(notes="杖", seen=seen)
    response = browser.post(reverse("learner_edit", args=[someone.pk]), data)
    assert response.status_code == 422
    assert "八王子市南大沢2-1" in said(response)
    assert "杖" in response.content.decode()
    someone.refresh_from_db()
    assert someone.notes == ""
    newer = response.context["seen"]
    assert (
        browser.post(
            reverse("learner_edit", args=[someone.pk]), {**data, "seen": newer}
        ).status_code
        == 302
    )


def test_no_phone_calls_turns_open_calls_into_letters(browser: Client) -> None:
    someone = person(MOBILE)
    session = factories.class_session()
    notice = Notice.objects.create(
        intake=session.intake, learner=someone, application=register(someone, session),
        purpose="changed", occasion="lesson:1:2", channel="call", sentence="…",
        created_at=NOW, due_at=NOW,
    )  # fmt: skip
    CallTask.objects.create(notice=notice, created_at=NOW, due_at=NOW)
    browser.post(
        reverse("learner_edit", args=[someone.pk]),
        typed(no_phone_calls="on", postal_channel="fax", seen=people.version(someone)),
    )
    notice.refresh_from_db()
    assert notice.channel == Notice.Channel.POST  # rule 20
    assert not CallTask.objects.open().exists()


def test_an_answered_question_ends_its_task_and_a_new_need_raises_one(browser: Client) -> None:
    someone = person(MOBILE)
    register(someone, factories.class_session())
    assert StaffTask.objects.get().kind == StaffTask.Kind.CONFIRM_AGE  # rule 1
    browser.post(
        reverse("learner_edit", args=[someone.pk]),
        typed(support_needs=["sign_language"], seen=people.version(someone)),
    )
    open_kinds = StaffTask.objects.filter(done_at__isnull=True).values_list("kind", flat=True)
    assert list(open_kinds) == [StaffTask.Kind.SIGN_LANGUAGE]  # rule 20


def test_a_local_number_is_asked_about_and_taken_over_by_one_press(browser: Client) -> None:
    someone = person()
    address = reverse("learner_number_add", args=[someone.pk])
    data = {"number": "626-3111", "line": "voice", "owner": "self"}
    response = browser.post(address, data)
    assert response.status_code == 422  # rule 6
    page = response.content.decode()
    assert 'name="confirmed" value="042-626-3111"' in page
    assert 'value="626-3111"' in page
    assert not someone.phone_numbers.exists()
    first_button = re.search(
        r"<form method=\"post\" novalidate>.*?(<button[^>]*>)", page, re.DOTALL
    )
    assert first_button
    assert "confirmed" not in first_button[1]  # Enter is no answer
    browser.post(address, {**data, "confirmed": "042-626-3111"})
    number = someone.phone_numbers.get()
    assert number.e164 == "+81426263111"
    assert number.as_spoken == "626-3111"  # rule 7


def test_a_suggestion_confirmed_for_another_number_is_asked_about_again(browser: Client) -> None:
    someone = person()
    response = browser.post(
        reverse("learner_number_add", args=[someone.pk]),
        {"number": "626-3112", "line": "voice", "owner": "self", "confirmed": "042-626-3111"},
    )
    assert response.status_code == 422
    assert not someone.phone_numbers.exists()


def test_a_number_that_is_there_already_is_refused_politely(browser: Client) -> None:
    someone = person(MOBILE)
    response = browser.post(
        reverse("learner_number_add", args=[someone.pk]),
        {"number": MOBILE, "line": "voice", "owner": "self"},
    )
    assert response.status_code == 422
    assert "there already" in said(response)


def test_a_number_is_corrected_removed_and_its_history_told(browser: Client) -> None:
    someone = person(MOBILE)
    number = someone.phone_numbers.get()
    browser.post(
        reverse("learner_number_edit", args=[number.pk]),
        {"number": "080-1111-2222", "line": "voice", "owner": "family", "owner_name": "長女 花子"},
    )
    number.refresh_from_db()
    assert (str(number), number.owner_name) == ("080-1111-2222", "長女 花子")
    assert browser.get(reverse("learner_number_remove", args=[number.pk])).status_code == 200
    browser.post(reverse("learner_number_remove", args=[number.pk]))
    assert not PhoneNumber.objects.exists()
    text = said(browser.get(reverse("learner_history", args=[someone.pk])))
    assert f"{MOBILE} → 080-1111-2222" in text
    assert "removed" in text


def test_consent_is_noted_with_who_said_so(browser: Client, operator: StaffMember) -> None:
    number = person(MOBILE).phone_numbers.get()
    address = reverse("learner_number_consent", args=[number.pk])
    assert browser.post(address, {"answer": "given", "given_by": ""}).status_code == 422
    browser.post(address, {"answer": "given", "given_by": "本人"})
    number.refresh_from_db()
    assert number.may_receive_sms  # rule 11
    assert (number.consent_given_by, number.consent_noted_by) == ("本人", operator)


def test_consent_for_an_unmarked_family_number_is_refused_with_the_reason(
    browser: Client,
) -> None:
    number = person(MOBILE).phone_numbers.get()
    PhoneNumber.objects.filter(pk=number.pk).update(owner="family")
    address = reverse("learner_number_consent", args=[number.pk])
    response = browser.post(address, {"answer": "given", "given_by": "長女"})
    assert response.status_code == 422  # rule 12
    assert "whose number" in said(response)


def test_the_change_history_hides_the_emergency_contact_but_not_that_it_changed(
    browser: Client,
) -> None:
    someone = person()
    browser.post(
        reverse("learner_emergency_edit", args=[someone.pk]),
        {
            "emergency_name": "山田 花子",
            "emergency_relation": "長女",
            "emergency_phone": "0426263111",
        },
    )
    someone.refresh_from_db()
    assert someone.emergency_phone == "042-626-3111"
    text = said(browser.get(reverse("learner_history", args=[someone.pk])))
    assert "山田 花子" not in text  # rule 65
    assert "not shown here" in text


def test_a_death_is_asked_about_recorded_and_can_be_taken_back(browser: Client) -> None:
    someone = person(MOBILE)
    coming = timezone.now() + datetime.timedelta(days=20)
    application = register(someone, factories.class_session(lessons=[coming]))
    address = reverse("learner_deceased", args=[someone.pk])
    assert browser.post(address, {"on": "いつか"}).status_code == 422
    browser.post(address, {"on": "2026/9/1"})
    someone.refresh_from_db()
    application.refresh_from_db()
    assert someone.deceased_on == datetime.date(2026, 9, 1)  # rule 42
    assert application.status == "cancelled"
    browser.post(reverse("learner_deceased_undo", args=[someone.pk]))
    someone.refresh_from_db()
    assert someone.deceased_on is None


def test_two_records_are_compared_merged_and_parted_on_the_pages(browser: Client) -> None:
    keep, other = person(MOBILE), person(MOBILE, birth_date=datetime.date(1940, 3, 2))
    detail = browser.get(reverse("learner_detail", args=[keep.pk]))
    compare = reverse("learner_merge", args=[keep.pk, other.pk])
    assert compare in detail.content.decode()
    choice = browser.post(reverse("learner_merge_choose", args=[keep.pk]), {"q": "やまだ"})
    assert compare in choice.content.decode()
    assert "昭和15年3月2日" in said(browser.get(compare))
    assert browser.post(compare, {"reason": ""}).status_code == 422
    browser.post(compare, {"reason": "お電話で確認"})
    done = LearnerMerge.objects.get()
    page = browser.get(reverse("learner_detail", args=[other.pk]))
    assert reverse("learner_detail", args=[keep.pk]) in page.content.decode()
    assert "お電話で確認" in said(browser.get(reverse("learner_detail", args=[keep.pk])))
    browser.post(reverse("learner_merge_undo", args=[done.pk]))
    other.refresh_from_db()
    assert other.merged_into is None


def test_a_merge_that_cannot_be_names_the_receipts(browser: Client) -> None:
    keep, other = person(MOBILE), person(MOBILE)
    session = factories.class_session()
    receipts = [register(learner, session).receipt for learner in (keep, other)]
    address = reverse("learner_merge", args=[keep.pk, other.pk])
    for response in (browser.get(address), browser.post(address, {"reason": "同じ方"})):
        assert all(receipt in said(response) for receipt in receipts)
    assert not LearnerMerge.objects.exists()


def test_reception_does_not_merge(client: Client) -> None:
    keep, other = person(MOBILE), person(MOBILE)
    client.force_login(factories.staff_member(role="reception"))
    page = client.get(reverse("learner_detail", args=[keep.pk]))
    address = reverse("learner_merge", args=[keep.pk, other.pk])
    assert address not in page.content.decode()
    assert client.get(address).status_code == 403


def test_a_merged_record_is_shown_but_no_longer_changed(browser: Client) -> None:
    keep, other = person(MOBILE), person()
    Learner.objects.filter(pk=other.pk).update(merged_into=keep)
    assert browser.get(reverse("learner_detail", args=[other.pk])).status_code == 200
    assert browser.get(reverse("learner_edit", args=[other.pk])).status_code == 404
    number = numbers.NumberInput(phone_numbers.parse(MOBILE, area_code="042"))
    row = numbers.add(other.pk, number, by=None, now=NOW)
    assert browser.get(reverse("learner_number_edit", args=[row.pk])).status_code == 404
