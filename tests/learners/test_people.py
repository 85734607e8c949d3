"""Writing people, their numbers and what was said about messages."""

import pytest
from django.conf import settings
from django.utils import translation

from learners import numbers, people, search
from learners.models import Learner, PhoneNumber, SearchKey
from learners.numbers import InvalidEntry, NumberInput, NumberTaken
from learners.people import NotAPerson
from sms import phone_numbers
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
MOBILE = "090-3117-4912"
Owner, Consent = PhoneNumber.Owner, PhoneNumber.Consent


def given(text: str = MOBILE, **fields) -> NumberInput:
    number = phone_numbers.parse(text, area_code=settings.CITY_AREA_CODE)
    return NumberInput(number, **fields)


def create(*phones: NumberInput, by=None, **fields) -> Learner:
    fields.setdefault("kana", "やまだ せつこ")
    return people.create(fields, phones, by=by, now=NOW)


def test_a_person_is_written_with_numbers_keys_and_history_in_five_inserts(
    django_assert_num_queries,
) -> None:
    by = factories.staff_member()
    with django_assert_num_queries(7):  # five inserts between savepoint and release
        person = create(given("０９０ー3117ー4912"), by=by, name="山田　節子")  # rule 1
    assert (person.name, person.kana) == ("山田 節子", "ヤマダ セツコ")
    assert person.created_at == NOW
    assert person.age_unconfirmed
    number = person.phone_numbers.get()
    assert number.e164 == "+819031174912"
    assert number.as_spoken == "０９０ー3117ー4912"  # rule 7
    history = person.history.get()
    assert (history.history_user, history.history_date) == (by, NOW)
    assert number.history.get().history_user == by
    assert search.find("せつこ") == search.find("4912") == [person]


def test_a_person_with_a_latin_name_only_can_be_written() -> None:
    person = create(kana="", latin_name="Nguyễn Thị Hoa")  # rule 16
    assert person.display_name == "Nguyễn Thị Hoa"
    assert search.find("nguyen") == [person]


def test_a_person_without_any_name_is_refused() -> None:
    with translation.override("en"), pytest.raises(NotAPerson, match="Write a name") as refused:
        create(kana=" ")
    assert refused.value.field == "name"
    with pytest.raises(NotAPerson) as refused:
        create(kana="山田")
    assert refused.value.field == "kana"
    assert not Learner.objects.exists()


@pytest.mark.parametrize("name", ["𠮷野 弘子", "髙山 節子", "葛󠄀西 玲子"])
def test_rare_kanji_are_kept_as_they_were_typed(name: str) -> None:
    person = create(name=name)  # rule 17
    person.refresh_from_db()
    assert person.name == name
    assert search.find(name) == [person]


def test_two_people_may_share_a_number_but_nobody_has_it_twice() -> None:
    first, second = create(given()), create(given(), kana="ヤマダ ショウゾウ")  # rule 3
    assert set(search.find(MOBILE)) == {first, second}
    with pytest.raises(NumberTaken):
        create(given(), given("09031174912"))
    with pytest.raises(NumberTaken):
        numbers.add(first.pk, given(), by=None, now=NOW)


def test_changing_a_name_says_what_changed_keeps_history_and_is_found_anew() -> None:
    by = factories.staff_member()
    person = create(name="山田 節子")
    changed = people.update(
        person.pk, {"name": "佐藤 節子", "kana": "サトウ セツコ", "notes": ""}, by=by, now=NOW
    )
    assert changed == ["kana", "name"]
    assert [row.name for row in person.history.all()] == ["佐藤 節子", "山田 節子"]
    assert person.history.first().history_user == by
    assert search.find("佐藤") == [person]
    assert search.find("山田") == []


def test_what_did_not_change_writes_nothing() -> None:
    person = create(name="山田 節子")
    assert people.update(person.pk, {"name": "山田　節子"}, by=None, now=NOW) == []
    assert person.history.count() == 1


def test_the_version_grows_with_every_change() -> None:
    person = create()
    before = people.version(person)
    people.update(person.pk, {"notes": "杖"}, by=None, now=NOW)
    assert people.version(person) > before


def test_death_and_merging_are_not_written_by_hand() -> None:
    with pytest.raises(TypeError, match="deceased_on"):
        people.update(create().pk, {"deceased_on": None}, by=None, now=NOW)


def test_consent_names_who_gave_it_when_for_which_number_and_who_noted_it() -> None:
    by = factories.staff_member()
    number = create(given()).phone_numbers.get()
    numbers.set_consent(number.pk, given=True, given_by="本人", by=by, now=NOW)  # rule 11
    number.refresh_from_db()
    assert number.may_receive_sms
    assert (number.consent_given_by, number.consent_at) == ("本人", NOW)
    assert number.consent_noted_by == by
    assert number.history.first().history_user == by


def test_nobody_agrees_for_a_number_without_being_named() -> None:
    number = create(given()).phone_numbers.get()
    with pytest.raises(InvalidEntry) as refused:
        numbers.set_consent(number.pk, given=True, given_by=" ", by=None, now=NOW)
    assert refused.value.field == "given_by"


@pytest.mark.parametrize("text", ["042-626-3111", "050-1234-5678", "0120-123-456", "060-123-4567"])
def test_no_consent_is_noted_for_a_number_that_no_sms_reaches(text: str) -> None:
    number = create(given(text)).phone_numbers.get()  # rules 8 and 9
    with pytest.raises(InvalidEntry):
        numbers.set_consent(number.pk, given=True, given_by="本人", by=None, now=NOW)
    numbers.set_consent(number.pk, given=False, given_by="本人", by=None, now=NOW)
    number.refresh_from_db()
    assert number.sms_consent == Consent.REFUSED


def test_a_daughters_mobile_gets_messages_only_when_it_is_marked_whose_it_is() -> None:
    number = create(given(owner=Owner.FAMILY)).phone_numbers.get()  # rule 12
    with pytest.raises(InvalidEntry) as refused:
        numbers.set_consent(number.pk, given=True, given_by="長女", by=None, now=NOW)
    assert refused.value.field == "owner_name"
    marked = given(owner=Owner.FAMILY, owner_name="長女 花子")
    assert numbers.update(number.pk, marked, by=None, now=NOW) == ["owner_name"]
    assert numbers.set_consent(
        number.pk, given=True, given_by="長女", by=None, now=NOW
    ).may_receive_sms


def test_another_persons_unnamed_number_never_receives_even_if_a_row_says_so() -> None:
    number = PhoneNumber(
        e164="+819031174912", owner=Owner.FAMILY, sms_consent=Consent.GIVEN
    )  # rule 12
    assert not number.may_receive_sms


@pytest.mark.parametrize(
    "correction",
    [given("090-3117-4913"), given(owner=Owner.FAMILY, owner_name="長女 花子")],
    ids=["another number", "another owner"],
)
def test_consent_does_not_pass_to_another_number_or_owner(correction: NumberInput) -> None:
    number = create(given(sms_consent=Consent.GIVEN)).phone_numbers.get()  # rule 11
    assert number.may_receive_sms
    numbers.update(number.pk, correction, by=None, now=NOW)
    number.refresh_from_db()
    assert number.sms_consent == Consent.UNKNOWN
    assert (number.consent_given_by, number.consent_at) == ("", None)


def test_a_corrected_number_is_found_and_the_old_one_is_not() -> None:
    person = create(given())
    numbers.update(person.phone_numbers.get().pk, given("080-1111-2222"), by=None, now=NOW)
    assert search.find("2222") == [person]
    assert search.find("4912") == []


def test_a_second_number_comes_last_and_a_removed_one_leaves_its_history() -> None:
    by = factories.staff_member()
    person = create(given())
    fax = given("042-626-3111", line=PhoneNumber.Line.FAX)
    added = numbers.add(person.pk, fax, by=by, now=NOW)
    assert [n.line for n in person.phone_numbers.all()] == ["voice", "fax"]
    numbers.remove(added.pk, by=by, now=NOW)
    assert [n.line for n in person.phone_numbers.all()] == ["voice"]
    gone = PhoneNumber.history.filter(history_type="-").get()
    assert (gone.as_spoken, gone.history_user) == ("042-626-3111", by)
    assert search.find("3111") == []
    assert SearchKey.objects.filter(kind=SearchKey.Kind.PHONE).count() == 1
