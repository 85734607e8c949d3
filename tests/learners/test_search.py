"""The search itself: who is found, in which order, and how much of the index is read."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from learners import search
from learners.models import Learner, PhoneNumber, SearchKey
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db


def person(kana: str = "ヤマダ セツコ", *, name: str = "", phone: str | None = None) -> Learner:
    made = factories.learner(kana=kana, name=name, phone=phone)
    search.refresh_keys(made)
    return made


def test_a_short_kana_prefix_finds_the_whole_match_first_and_the_rest_by_kana() -> None:
    later = person("サトウ ハナコ")
    first = person("サトウ")
    person("タナカ サト")
    earlier = person("サトウ アキ")
    assert search.find("さとう") == [first, earlier, later]  # rule 2


def test_people_of_one_reading_come_in_the_order_of_their_records() -> None:
    people = [person("サトウ ハナコ") for _ in range(3)]
    assert search.find("ｻﾄｳ ﾊﾅｺ") == people


def test_a_person_whom_several_keys_match_is_listed_once() -> None:
    twin = person("ハナ ハナコ", name="はな ハナコ")
    assert search.find("はな") == [twin]


def test_one_number_of_several_people_finds_them_all() -> None:
    couple = [person("ヤマダ セツコ", phone="+819031174912"), person(phone="+819031174912")]
    for digits in ("4912", "090-3117-4912", "0903117"):
        assert search.find(digits) == couple  # rules 2 and 3


def test_a_fax_number_finds_its_owner_too() -> None:
    owner = person()
    PhoneNumber.objects.create(
        learner=owner, e164="+81426263111", as_spoken="626-3111", line=PhoneNumber.Line.FAX
    )
    search.refresh_keys(owner)
    assert search.find("3111") == [owner]


def test_digits_of_a_tail_are_not_sought_at_the_beginning_of_tails_nor_of_names() -> None:
    person(phone="+819031174912")
    assert search.find("2194") == []


def test_people_merged_into_another_or_anonymised_are_not_found() -> None:
    survivor = person("サトウ イチ")
    merged = person("サトウ ニ")
    anonymised = person("サトウ サン")
    Learner.objects.filter(pk=merged.pk).update(merged_into=survivor)
    Learner.objects.filter(pk=anonymised.pk).update(anonymised_at=tokyo(2026, 9, 1))
    assert search.find("サトウ") == [survivor]
    search.rebuild_keys()
    assert set(SearchKey.objects.values_list("learner", flat=True)) == {survivor.pk}


def test_no_more_than_the_limit_are_listed_and_the_whole_match_is_among_them() -> None:
    for letter in "アイウエオカキク":
        person(f"サトウ {letter}ハ")
    whole = person("サトウ")
    found = search.find("サトウ", limit=3)
    assert len(found) == 3
    assert found[0] == whole


@pytest.mark.parametrize("text", ["", "  ", "12", "!?", "%", "_", "\x00", "'", "\U0010ffff", "ー"])
def test_texts_that_look_for_nothing_find_nobody_and_break_nothing(text: str) -> None:
    person(phone="+819031174912")
    assert search.find(text) == []


def test_one_query_finds_and_one_fetches_the_numbers_however_many_match(
    django_assert_num_queries,
) -> None:
    for number in range(5):
        person("サトウ ヨーコ", phone=f"+81903117491{number}")
    for text in ("よーこ", "0903117"):
        with django_assert_num_queries(2):
            found = search.find(text)
            assert len([list(learner.phone_numbers.all()) for learner in found]) == 5


def test_refreshing_keys_that_are_right_writes_nothing() -> None:
    someone = person(phone="+819031174912")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        search.refresh_keys(someone)
    assert not [q for q in queries.captured_queries if q["sql"].startswith(("INSERT", "DELETE"))]


def test_rebuilding_mends_missing_and_stale_keys_in_batches(capsys) -> None:
    people = [factories.learner(kana=f"サトウ {letter}") for letter in "カキクケコ"]
    SearchKey.objects.create(learner=people[0], kind=SearchKey.Kind.KANA, key="フルイ")
    assert search.rebuild_keys(batch=2) == 5
    assert search.find("サトウ") == people
    assert search.find("フルイ") == []
    call_command("rebuild_search_keys")
    assert capsys.readouterr().out.startswith("5 ")


@pytest.fixture
def many() -> None:
    """Enough keys that a planner would rather use an index than read them all."""
    people = Learner.objects.bulk_create(
        Learner(kana=f"サトウ{n}", created_at=tokyo(2026, 9, 1)) for n in range(3000)
    )
    SearchKey.objects.bulk_create(
        SearchKey(learner=made, kind=kind, key=key)
        for n, made in enumerate(people)
        for kind, key in (
            (SearchKey.Kind.KANA, f"サトウ{n:05}"),
            (SearchKey.Kind.PHONE, f"0903117{n:04}"),
            (SearchKey.Kind.PHONE_TAIL, f"*{n:04}7113090"),
        )
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize("text", ["さ", "サトウ", "さとーよーこ", "0903", "4912"])
def test_an_index_in_its_own_order_serves_every_range_and_nothing_is_scanned(
    many: None, text: str
) -> None:
    sql, parameters = search._statement(search.query_prefixes(text), limit=20)
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", parameters)
        plan = "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())
    table = SearchKey._meta.db_table
    if connection.vendor == "postgresql":
        assert f"Index Scan using search_key_prefix on {table}" in plan
        assert f"Scan on {table}" not in plan
    else:
        assert f"SEARCH {table} USING COVERING INDEX search_key_range" in plan
        assert "SCAN learners_" not in plan
        assert f"SCAN {table}" not in plan
        assert "SEARCH person USING INTEGER PRIMARY KEY" in plan
