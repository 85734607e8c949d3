"""Who comes together: what the 同伴 column says, and which neighbours it ties (rule 26)."""

import enum
import re
import unicodedata
from collections.abc import Sequence
from typing import Protocol

from classes.imports import remarks
from learners.folding import fold


class Companion(enum.Enum):
    """What an entry under 同伴 means."""

    NONE = "none"
    NEXT = "next"
    PREVIOUS = "previous"
    # 夫婦, 妻と, ○: one of the neighbours.
    EITHER = "either"
    NAMED = "named"
    # Somebody who comes along but takes no seat (rule 41).
    ATTENDANT = "attendant"


_NEXT = re.compile(r"次(?:の|と|行|$)|下の|↓|後の|next|below", re.IGNORECASE)
_PREVIOUS = re.compile(r"前(?:の|と|行|$)|上の|↑|previous|above", re.IGNORECASE)
_ATTENDANT = re.compile(
    r"付添|付き添|つきそ|ヘルパー|介助|介護|見学|送迎|attendant|carer", re.IGNORECASE
)
_RELATION = (
    r"(?:ご?(?:夫婦|夫妻|主人|家族)|奥(?:さん|さま|様)?|夫|妻|旦那|家内|連れ合い|姉妹|兄弟|二人|2人|2名|二名|ペア"
    r"|ご?一緒|同伴|同行|○|◯|〇|あり|有り?|couple|husband|wife|together|partner|yes)"
)
_EITHER = re.compile(_RELATION, re.IGNORECASE)
_BEFORE_NAME = re.compile(_RELATION + r"[のは:()\s、・]+", re.IGNORECASE)
_AFTER_NAME = re.compile(
    r"(?:さん|さま|様|氏|と|で|に|も|の|ご?一緒|同伴|同行|参加|申込み?|申し込み|受講|希望|[():、。・\s])+$"
)


class Tieable(Protocol):
    """What tying needs to know of a row, in the order of its sheet."""

    @property
    def companion(self) -> Companion: ...
    @property
    def companion_name(self) -> str: ...
    @property
    def person_words(self) -> frozenset[str]: ...
    @property
    def family_key(self) -> str: ...
    @property
    def phone_keys(self) -> frozenset[str]: ...
    @property
    def address_key(self) -> str: ...


def read_companion(text: str) -> tuple[Companion, str]:
    """The meaning of an entry, and the folded name where it is one."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or remarks.is_nothing(plain):
        return Companion.NONE, ""
    if _ATTENDANT.search(plain):
        return Companion.ATTENDANT, ""
    if _NEXT.match(plain):
        return Companion.NEXT, ""
    if _PREVIOUS.match(plain):
        return Companion.PREVIOUS, ""
    if _EITHER.fullmatch(plain):
        return Companion.EITHER, ""
    # A name may stand between what they are to each other and a courtesy: 妻 花子さんと一緒.
    name = _AFTER_NAME.sub("", _BEFORE_NAME.sub("", plain, count=1)).strip()
    if not name or _EITHER.fullmatch(name):
        return Companion.EITHER, ""
    return Companion.NAMED, fold(name)


def pair(rows: Sequence[Tieable]) -> tuple[dict[int, int], set[int]]:
    """Pairs of neighbours within one sheet, by index both ways, and rows whose partner is missing.

    Neighbours are the data rows next to each other, blank rows between them or not. One entry is
    enough to tie two rows. A named person or 夫婦 is looked for on either side.
    """
    partner: dict[int, int] = {}
    missing: set[int] = set()

    def tie(first: int, second: int) -> bool:
        if first in partner or second in partner:
            return partner.get(first) == second
        partner[first], partner[second] = second, first
        return True

    for index, row in enumerate(rows):
        step = {Companion.NEXT: 1, Companion.PREVIOUS: -1}.get(row.companion)
        if step is None:
            continue
        other = index + step
        if not 0 <= other < len(rows) or not tie(index, other):
            missing.add(index)
    for index, row in enumerate(rows):
        if index in partner or row.companion not in (Companion.EITHER, Companion.NAMED):
            continue
        sides = [
            other
            for other in (index + 1, index - 1)
            if 0 <= other < len(rows) and other not in partner and _belong(row, rows[other])
        ]
        if not sides or not tie(index, sides[0]):
            missing.add(index)
    return partner, missing - partner.keys()


def _belong(row: Tieable, other: Tieable) -> bool:
    if row.companion is Companion.NAMED:
        name = row.companion_name
        return any(
            len(word) > 1 and (word.endswith(name) or name.endswith(word))
            for word in other.person_words
        )
    return (
        bool(row.phone_keys & other.phone_keys)
        or bool(row.address_key and row.address_key == other.address_key)
        or bool(row.family_key and row.family_key == other.family_key)
    )
