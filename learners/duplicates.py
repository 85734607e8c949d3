"""Who may be the same person: same kana with the same number or birth date (rule 4)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from learners.folding import fold
from learners.models import Learner, PhoneNumber, SearchKey


@dataclass(frozen=True)
class Duplicate:
    """Somebody on record who may be meant, and what agrees besides the name."""

    learner: Learner
    same_phone: bool
    same_birth_date: bool


def likely(
    *,
    kana: str,
    latin_name: str = "",
    phones: Iterable[str] = (),
    birth_date: datetime.date | None = None,
    exclude: Iterable[int] = (),
    limit: int = 5,
) -> list[Duplicate]:
    """People on record with this kana (or Latin name) and one of these numbers (E.164) or this
    birth date. The same name alone never makes one. At most two queries."""
    numbers = set(phones)
    names = [
        (kind, folded)
        for kind, folded in (
            (SearchKey.Kind.KANA, fold(kana)),
            (SearchKey.Kind.LATIN, fold(latin_name)),
        )
        if folded
    ]
    if not names or not (numbers or birth_date):
        return []
    people = Learner.objects.current().exclude(pk__in=list(exclude))
    same_name = people.filter(search_keys__in=_keys_of(names))
    by_phone = PhoneNumber.objects.filter(e164__in=numbers).values("learner")
    matching = same_name.filter(pk__in=by_phone)
    if birth_date is not None:
        matching = matching | same_name.filter(birth_date=birth_date)
    found = matching.distinct().prefetch_related("phone_numbers").order_by("pk")[:limit]
    return [
        Duplicate(
            learner=learner,
            same_phone=any(number.e164 in numbers for number in learner.phone_numbers.all()),
            same_birth_date=birth_date is not None and learner.birth_date == birth_date,
        )
        for learner in found
    ]


def _keys_of(names: list[tuple[SearchKey.Kind, str]]) -> "QuerySet[SearchKey, dict[str, int]]":
    keys = Q()
    for kind, folded in names:
        keys |= Q(kind=kind, key=folded)
    return SearchKey.objects.filter(keys).values("pk")
