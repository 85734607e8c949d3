"""Finding people by what a caller says: name, kana, Latin name or digits of a number (rule 2)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from learners.models import Learner, PhoneNumber, SearchKey
from learners.search_keys import SearchKeyValue, keys_for, query_prefixes, upper_bound

LIMIT = 20
# So many keys of one person may begin alike (a name written in kana, with a long mark); so many
# rows are read for each person shown. Numbers of one person seldom do.
_NAMES_ALIKE = 4
_NUMBERS_ALIKE = 2
_OF_NUMBERS = frozenset({SearchKey.Kind.PHONE, SearchKey.Kind.PHONE_TAIL})
_BATCH = 2000


def find(text: str, *, limit: int = LIMIT) -> list[Learner]:
    """People whom the text may mean, at most `limit`, each once, with their numbers prefetched.

    Whole matches come first, then by the key that matched and by age of the record; people who
    were merged into another or anonymised have no keys. One query finds them however many match,
    one more fetches their numbers.
    """
    sql, parameters = _statement(query_prefixes(text), limit=limit)
    if not sql:
        return []
    found = list(Learner.objects.raw(sql, parameters))
    _attach_numbers(found)
    return found


def index_new(learner: Learner, phones: Iterable[str]) -> None:
    """Write the keys of a learner who has none yet, in one insert; `phones` are E.164."""
    SearchKey.objects.bulk_create(_rows(learner, _keys(learner, phones)))


@transaction.atomic
def refresh_keys(learner: Learner) -> None:
    """Make a learner's keys what name, kana, Latin name and numbers say now."""
    _refresh([learner])


def rebuild_keys(*, batch: int = _BATCH) -> int:
    """Refresh the keys of everybody, batch by batch; returns how many people were looked at."""
    seen, last = 0, 0
    while people := list(Learner.objects.filter(pk__gt=last).order_by("pk")[:batch]):
        with transaction.atomic():
            _refresh(people)
        seen += len(people)
        last = people[-1].pk
    return seen


def _attach_numbers(learners: Sequence[Learner]) -> None:
    """What prefetch_related_objects does, in two thirds of its time: it makes a manager for every
    row, and this list is made anew with every pause in typing."""
    people = {learner.pk: learner for learner in learners}
    numbers: dict[int, list[PhoneNumber]] = {pk: [] for pk in people}
    for number in PhoneNumber.objects.filter(learner__in=people):
        number.learner = people[number.learner_id]
        numbers[number.learner_id].append(number)
    for pk, learner in people.items():
        known: QuerySet[PhoneNumber] = QuerySet(PhoneNumber)
        known._result_cache = numbers[pk]
        known._prefetch_done = True  # type: ignore[attr-defined]
        learner._prefetched_objects_cache = {"phone_numbers": known}  # type: ignore[attr-defined]


def _refresh(learners: Sequence[Learner]) -> None:
    """Bring keys up to date: two reads, and writes only where something differs."""
    pks = [learner.pk for learner in learners]
    phones: dict[int, list[str]] = {pk: [] for pk in pks}
    for pk, e164 in PhoneNumber.objects.filter(learner__in=pks).values_list("learner", "e164"):
        phones[pk].append(e164)
    stored: dict[int, dict[SearchKeyValue, int]] = {pk: {} for pk in pks}
    for key in SearchKey.objects.filter(learner__in=pks):
        stored[key.learner_id][SearchKeyValue(SearchKey.Kind(key.kind), key.key)] = key.pk
    stale: list[int] = []
    missing: list[SearchKey] = []
    for learner in learners:
        wanted = _keys(learner, phones[learner.pk])
        kept = stored[learner.pk]
        stale += [pk for key, pk in kept.items() if key not in wanted]
        missing += _rows(learner, wanted - kept.keys())
    for start in range(0, len(stale), _BATCH):
        SearchKey.objects.filter(pk__in=stale[start : start + _BATCH]).delete()
    SearchKey.objects.bulk_create(missing, batch_size=_BATCH)


def _keys(learner: Learner, phones: Iterable[str]) -> set[SearchKeyValue]:
    if learner.merged_into_id is not None or learner.anonymised_at is not None:
        return set()
    return keys_for(
        name=learner.name, kana=learner.kana, latin_name=learner.latin_name, phones=phones
    )


def _rows(learner: Learner, keys: Iterable[SearchKeyValue]) -> list[SearchKey]:
    return [SearchKey(learner=learner, kind=key.kind, key=key.key) for key in sorted(keys)]


def _statement(prefixes: Iterable[SearchKeyValue], *, limit: int) -> tuple[str, list[Any]]:
    """One statement for all prefixes: each range of the index is read in its own order and only
    as far as the limit, so that a common name costs what a rare one does.

    Written by hand because the ORM cannot order by `~<~`, the byte order of PostgreSQL's prefix
    index; SQLite compares bytes anyway. Only names of tables and operators are put into the text.
    """
    kinds: dict[str, list[SearchKey.Kind]] = {}
    for prefix in prefixes:
        kinds.setdefault(prefix.key, []).append(prefix.kind)
    is_postgres = connection.vendor == "postgresql"
    from_, below, by_bytes = ("~>=~", "~<~", " USING ~<~") if is_postgres else (">=", "<", "")
    as_bytes = ' COLLATE "C"' if is_postgres else ""
    keys, people = SearchKey._meta.db_table, Learner._meta.db_table
    ranges: list[str] = []
    parameters: list[Any] = []
    for key, wanted in kinds.items():
        end = upper_bound(key)
        if end is None:
            continue
        marks = ", ".join(["%s"] * len(wanted))
        ranges.append(
            f"SELECT * FROM (SELECT learner_id, key FROM {keys}"  # noqa: S608
            f" WHERE key {from_} %s AND key {below} %s AND kind IN ({marks})"
            f" ORDER BY key{by_bytes} LIMIT %s) AS part"
        )
        alike = _NAMES_ALIKE if _OF_NUMBERS.isdisjoint(wanted) else _NUMBERS_ALIKE
        parameters += [key, end, *wanted, limit * alike]
    if not ranges:
        return "", []
    return (
        f"SELECT person.* FROM (SELECT learner_id, MIN(key{as_bytes}) AS best"  # noqa: S608
        f" FROM ({' UNION ALL '.join(ranges)}) AS hit"
        f" GROUP BY learner_id ORDER BY 2, 1 LIMIT %s) AS found"
        f" JOIN {people} AS person ON person.id = found.learner_id"
        " WHERE person.merged_into_id IS NULL AND person.anonymised_at IS NULL"
        " ORDER BY found.best, person.id",
        [*parameters, limit],
    )
