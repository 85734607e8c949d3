"""Search keys: under which folded spellings a learner is found, and what a query looks for."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from learners.folding import fold, spellings
from learners.models import SearchKey
from sms import phone_numbers

__all__ = ["SearchKeyValue", "fold", "keys_for", "query_prefixes", "upper_bound"]

KEY_LENGTH = 80
# Fewer digits would find half of the city (rule 2).
SHORTEST_NUMBER = 4
# Stands before reversed digits, so that a range of tails holds no beginnings of numbers: tails
# of 090 or of the area code would lie among half of all numbers.
TAIL_MARK = "*"
_LAST_CODE_POINT = 0x10FFFF
_PART_SEPARATOR = re.compile(r"[\s・･=＝,，]+")

Kind = SearchKey.Kind


class SearchKeyValue(NamedTuple):
    """One key to store, or one prefix to look for."""

    kind: SearchKey.Kind
    key: str


def keys_for(
    *, name: str, kana: str, latin_name: str, phones: Iterable[str]
) -> set[SearchKeyValue]:
    """Every key of one learner (rules 2 and 17); `phones` are E.164.

    A name is found from its whole and from each of its parts, in either order.
    """
    keys: set[SearchKeyValue] = set()
    for kind, text in ((Kind.NAME, name), (Kind.KANA, kana), (Kind.LATIN, latin_name)):
        keys |= {
            SearchKeyValue(kind, key[:KEY_LENGTH])
            for rotation in _rotations(text)
            for key in spellings(rotation)
        }
    for phone in phones:
        digits = phone_numbers.national_digits(phone)
        keys |= {SearchKeyValue(Kind.PHONE, digits), _tail(digits)}
    return keys


def query_prefixes(text: str) -> list[SearchKeyValue]:
    """What a search text looks for: a learner matches if any key begins with any of these.

    Four or more digits look for phone numbers from the start and, reversed, from the end; fewer
    digits and blank texts look for nothing. Anything else looks for name, kana and Latin name.
    """
    digits = phone_numbers.search_digits(text)
    if digits:
        if len(digits) < SHORTEST_NUMBER:
            return []
        return [SearchKeyValue(Kind.PHONE, digits), _tail(digits)]
    return [
        SearchKeyValue(kind, prefix[:KEY_LENGTH])
        for prefix in sorted(spellings(text))
        for kind in (Kind.NAME, Kind.KANA, Kind.LATIN)
    ]


def upper_bound(prefix: str) -> str | None:
    """The first string, by code points, after all that begin with the prefix; None if none is.

    `prefix <= key < upper_bound(prefix)` is the prefix search that SQLite's index serves.
    """
    stem = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    # No text holds a lone surrogate, so the code points between are skipped.
    if 0xD800 <= following <= 0xDFFF:
        following = 0xE000
    return stem[:-1] + chr(following)


def _tail(digits: str) -> SearchKeyValue:
    return SearchKeyValue(Kind.PHONE_TAIL, TAIL_MARK + digits[::-1])


def _rotations(text: str) -> list[str]:
    """The parts of a name beginning with each in turn: 山田 花子 → 山田花子, 花子山田."""
    parts = [part for part in _PART_SEPARATOR.split(text) if part]
    return ["".join(parts[i:] + parts[:i]) for i in range(len(parts))]
