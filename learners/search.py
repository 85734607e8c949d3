"""Finding a learner by stored, folded keys, in one query however many there are (rule 2)."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connection, transaction
from django.db.models import QuerySet

from learners import search_keys
from learners.models import Learner, SearchKey

LIMIT = 20
# A person has a handful of keys; so many rows of one prefix hold at least LIMIT people.
_KEYS_PER_PERSON = 6


def find(text: str, *, limit: int = LIMIT) -> list[Learner]:
    """People whose name, kana, Latin name or number begins, or whose number ends, like this.

    One query; the index is read from the prefix on and no further than needed, so a short prefix
    among a million people costs what a long one does. Best match first: the shortest key.
    """
    prefixes = search_keys.query_prefixes(text)
    if not prefixes:
        return []
    ranges = [_range(prefix).order_by("key")[: limit * _KEYS_PER_PERSON] for prefix in prefixes]
    found = ranges[0].union(*ranges[1:], all=True) if len(ranges) > 1 else ranges[0]
    keys = list(found)
    best: dict[int, tuple[int, str]] = {}
    for learner_id, key in keys:
        rank = (len(key), key)
        best[learner_id] = min(rank, best.get(learner_id, rank))
    order = sorted(best, key=lambda pk: (best[pk], pk))[:limit]
    people = Learner.objects.current().in_bulk(order)
    return [people[pk] for pk in order if pk in people]


def index_new(learner: Learner, phones: Iterable[str]) -> None:
    """Write the keys of somebody who has none yet; `phones` are E.164."""
    SearchKey.objects.bulk_create(_keys(learner, phones))


def refresh_keys(learner: Learner) -> None:
    """Make the stored keys those of the name and numbers as they are now."""
    wanted = {
        (row.kind, row.key): row
        for row in _keys(learner, learner.phone_numbers.values_list("e164", flat=True))
    }
    stored = {(row.kind, row.key): row.pk for row in SearchKey.objects.filter(learner=learner)}
    gone = [pk for spelling, pk in stored.items() if spelling not in wanted]
    if gone:
        SearchKey.objects.filter(pk__in=gone).delete()
    SearchKey.objects.bulk_create(
        [row for spelling, row in wanted.items() if spelling not in stored]
    )


def rebuild_keys(*, batch: int = 2000) -> int:
    """Write every key anew, batch by batch; returns how many people there are."""
    count = 0
    people = Learner.objects.current().prefetch_related("phone_numbers").iterator(batch)
    for group in _batches(people, batch):
        with transaction.atomic():
            SearchKey.objects.filter(learner__in=[person.pk for person in group]).delete()
            SearchKey.objects.bulk_create(
                row
                for person in group
                for row in _keys(person, [n.e164 for n in person.phone_numbers.all()])
            )
        count += len(group)
    return count


def _range(prefix: search_keys.SearchKeyValue) -> "QuerySet[SearchKey, tuple[int, str]]":
    """Keys that begin with the prefix, as the database's index can serve it."""
    keys = SearchKey.objects.filter(kind=prefix.kind)
    if connection.vendor == "postgresql":
        # Under a locale's collation only LIKE with the pattern index serves a prefix.
        keys = keys.filter(key__startswith=prefix.key)
    else:
        keys = keys.filter(key__gte=prefix.key)
        above = search_keys.upper_bound(prefix.key)
        if above is not None:
            keys = keys.filter(key__lt=above)
    return keys.values_list("learner_id", "key")


def _keys(learner: Learner, phones: Iterable[str]) -> list[SearchKey]:
    values = search_keys.keys_for(
        name=learner.name, kana=learner.kana, latin_name=learner.latin_name, phones=phones
    )
    return [SearchKey(learner=learner, kind=value.kind, key=value.key) for value in values]


def _batches(people: Iterable[Learner], size: int) -> Iterator[list[Learner]]:
    iterator = iter(people)
    while group := list(islice(iterator, size)):
        yield group
