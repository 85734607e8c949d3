"""Who is likely the same person, and who is not (rule 4)."""

import datetime

import pytest

from learners import duplicates, people
from learners.models import Learner
from learners.numbers import NumberInput
from sms import phone_numbers
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
MOBILE = "+819031174912"
BORN = datetime.date(1940, 3, 2)


def person(kana: str = "ヤマダ ヨウコ", *phones: str, **fields) -> Learner:
    given = [NumberInput(phone_numbers.parse(phone, area_code="042")) for phone in phones]
    return people.create({"kana": kana, **fields}, given, by=None, now=tokyo(2026, 9, 1))


def test_the_same_reading_with_the_same_number_is_likely_the_same_person() -> None:
    known = person("ヤマダ ヨウコ", MOBILE)  # rule 4
    for kana in ("やまだ　ようこ", "ﾔﾏﾀﾞ ﾖｰｺ", "ヨウコ ヤマダ"):
        (found,) = duplicates.likely(kana=kana, phones=[MOBILE])
        assert (found.learner, found.same_phone, found.same_birth_date) == (known, True, False)


def test_the_same_reading_with_the_same_birth_date_is_likely_the_same_person() -> None:
    known = person(birth_date=BORN)  # rule 4
    (found,) = duplicates.likely(kana="ヤマダヨウコ", phones=[MOBILE], birth_date=BORN)
    assert (found.learner, found.same_phone, found.same_birth_date) == (known, False, True)


def test_a_latin_name_counts_like_a_reading() -> None:
    known = person("", MOBILE, latin_name="Nguyễn Thị Hoa")
    assert [d.learner for d in duplicates.likely(latin_name="NGUYEN thi hoa", phones=[MOBILE])] == [
        known
    ]


def test_the_same_name_alone_is_nobody_in_particular() -> None:
    person(birth_date=BORN)  # rule 4
    person("ヤマダ ヨウコ", MOBILE)
    assert duplicates.likely(kana="ヤマダ ヨウコ") == []
    another_day = datetime.date(1941, 3, 2)
    assert (
        duplicates.likely(kana="ヤマダ ヨウコ", phones=["+819011112222"], birth_date=another_day)
        == []
    )


def test_the_same_number_or_day_under_another_name_is_another_person() -> None:
    person("ヤマダ ショウゾウ", MOBILE, birth_date=BORN)  # rule 3
    assert duplicates.likely(kana="ヤマダ ヨウコ", phones=[MOBILE], birth_date=BORN) == []
    assert duplicates.likely(kana="ヤマダ", phones=[MOBILE], birth_date=BORN) == []


def test_two_people_without_birth_date_are_not_the_same_for_that() -> None:
    person()
    assert duplicates.likely(kana="ヤマダ ヨウコ", birth_date=None) == []


def test_somebody_is_not_their_own_duplicate_nor_one_who_was_merged() -> None:
    known = person("ヤマダ ヨウコ", MOBILE)
    assert duplicates.of(known) == []
    other = person("ヤマダ ヨウコ", MOBILE)
    assert [d.learner for d in duplicates.of(known)] == [other]
    Learner.objects.filter(pk=other.pk).update(merged_into=known)
    assert duplicates.of(known) == []


def test_two_queries_at_most(django_assert_max_num_queries) -> None:
    for _ in range(3):
        person("ヤマダ ヨウコ", MOBILE, birth_date=BORN)
    with django_assert_max_num_queries(2):
        found = duplicates.likely(kana="ヤマダ ヨウコ", phones=[MOBILE], birth_date=BORN)
        assert len(found) == 3
        assert all(each.same_phone and each.same_birth_date for each in found)
