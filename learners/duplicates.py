"""Who may be the same person (rule 4): the same reading with the same number or birth date."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from learners.folding import spellings
from learners.models import Learner, SearchKey


@dataclass(frozen=True)
class Duplicate:
    """Somebody on record who is likely meant, and what agrees besides the reading."""

    learner: Learner
    same_phone: bool
    same_birth_date: bool


def likely(
    *,
    kana: str = "",
    latin_name: str = "",
    phones: Iterable[str] = (),
    birth_date: datetime.date | None = None,
    exclude: Iterable[int] = (),
    limit: int = 5,
) -> list[Duplicate]:
    """People on record with this kana or Latin name, and one of these numbers (E.164) or this
    birth date (rule 4). The same name alone never counts.

    `exclude` are keys of people known to be others. At most two queries; the numbers are
    prefetched.
    """
    numbers = set(phones)
    reading = _same_reading(kana, latin_name)
    more = Q()
    if numbers:
        more |= Q(phone_numbers__e164__in=numbers)
    if birth_date is not None:
        more |= Q(birth_date=birth_date)
    if not reading or not more:
        return []
    found = (
        Learner.objects.current()
        .filter(more, pk__in=SearchKey.objects.filter(reading).values("learner"))
        .exclude(pk__in=list(exclude))
        .distinct()
        .order_by("pk")
        .prefetch_related("phone_numbers")
    )
    return [
        Duplicate(
            learner,
            same_phone=any(number.e164 in numbers for number in learner.phone_numbers.all()),
            same_birth_date=birth_date is not None and learner.birth_date == birth_date,
        )
        for learner in found[:limit]
    ]


def of(learner: Learner) -> list[Duplicate]:
    """Who may be the same as somebody on record, whose numbers should be prefetched."""
    return likely(
        kana=learner.kana,
        latin_name=learner.latin_name,
        phones=[number.e164 for number in learner.phone_numbers.all()],
        birth_date=learner.birth_date,
        exclude=[learner.pk],
    )


def _same_reading(kana: str, latin_name: str) -> Q:
    """Whole readings, in either order of their parts; a beginning is not the same."""
    reading = Q()
    for kind, text in ((SearchKey.Kind.KANA, kana), (SearchKey.Kind.LATIN, latin_name)):
        if keys := spellings(text):
            reading |= Q(kind=kind, key__in=sorted(keys))
    return reading
