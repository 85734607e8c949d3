"""The draw itself, pure: who comes when, and who gets which seat. Knows no database and no clock.

Everyone can repeat it (docs/draw-proof.md): parties stand by tier, then by the SHA-256 of
`seed:receipt`; kept seats go first to those who repeat; then each takes the highest choice with
room for all of it; the rest are the line (rules 26, 32 to 35; design.md, way 3).
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One party of the frozen list: receipts lowest number first, choices best first."""

    receipts: tuple[str, ...]
    tier: int
    choices: tuple[str, ...]
    # All of them attended the level of the first choice before: kept seats are for them.
    repeats: bool = False

    @property
    def receipt(self) -> str:
        """The receipt that is hashed: the party's lowest by number."""
        return self.receipts[0]

    @property
    def size(self) -> int:
        return len(self.receipts)


@dataclass(frozen=True, slots=True)
class ClassSeats:
    """What one class gives in this draw; `kept` of its seats are for repeaters first."""

    code: str
    seats: int
    kept: int = 0


@dataclass(frozen=True)
class Drawing:
    """Everything a draw depends on, apart from the seed."""

    classes: tuple[ClassSeats, ...]
    entries: tuple[Entry, ...]
    # A seat in each choice that has room, instead of one seat a party (rule 31).
    seat_per_choice: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one party got: its rank from 1, and the classes in which it is seated."""

    entry: Entry
    rank: int
    seats: tuple[str, ...]
    # Seated in seats kept for those who repeat.
    by_kept_seat: bool = False


@dataclass(frozen=True)
class Outcome:
    """The result: every party in ranking order, and the line of each class."""

    drawn: tuple[Drawn, ...]
    lines: Mapping[str, tuple[Drawn, ...]] = field(default_factory=dict)


def normalised(seed: str) -> str:
    """The seed as it is hashed: NFKC, without space around it."""
    return unicodedata.normalize("NFKC", seed).strip()


def digest(seed: str, receipt: str) -> str:
    """Lowercase-hex SHA-256 of UTF-8 `seed:receipt`, the seed already normalised."""
    return hashlib.sha256(f"{seed}:{receipt}".encode()).hexdigest()


def is_needed(drawing: Drawing) -> bool:
    """Whether some class has fewer seats than people who name it first (rule 32).

    Where a seat may be had per choice, every choice counts.
    """
    wanted: dict[str, int] = {}
    for entry in drawing.entries:
        counted = entry.choices if drawing.seat_per_choice else entry.choices[:1]
        for code in counted:
            wanted[code] = wanted.get(code, 0) + entry.size
    seats = {each.code: each.seats for each in drawing.classes}
    return any(people > seats.get(code, 0) for code, people in wanted.items())


def rank(entries: Iterable[Entry], seed: str) -> list[Entry]:
    """By tier, then by digest. Two equal digests are settled by the receipt."""
    prefix = f"{seed}:".encode()
    start = hashlib.sha256(prefix)
    keyed = []
    for entry in entries:
        hashed = start.copy()
        hashed.update(entry.receipt.encode())
        keyed.append((entry.tier, hashed.digest(), entry.receipt, entry))
    # The bytes of a digest stand in the same order as its lowercase hex.
    keyed.sort(key=lambda key: key[:3])
    return [key[3] for key in keyed]


def draw(drawing: Drawing, seed: str | None) -> Outcome:
    """Rank, then walk. Without a seed, which only rule 32 allows, receipts stand as they are."""
    if seed is None:
        ordered = sorted(drawing.entries, key=lambda entry: (entry.tier, _by_number(entry)))
    else:
        ordered = rank(drawing.entries, seed)
    return walk(drawing, ordered)


def walk(drawing: Drawing, ordered: Sequence[Entry]) -> Outcome:
    """Give seats along a ranking: kept ones first, then the highest choice with room for all."""
    free = {each.code: each.seats for each in drawing.classes}
    kept = {each.code: min(each.kept, each.seats) for each in drawing.classes}
    by_kept: dict[str, str] = {}
    if any(kept.values()):
        for entry in ordered:
            first = entry.choices[0] if entry.choices else ""
            if entry.repeats and entry.size <= kept.get(first, 0):
                kept[first] -= entry.size
                free[first] -= entry.size
                by_kept[entry.receipt] = first
    drawn = []
    lines: dict[str, list[Drawn]] = {each.code: [] for each in drawing.classes}
    for place, entry in enumerate(ordered, start=1):
        first_kept = by_kept.get(entry.receipt)
        seats = [first_kept] if first_kept else []
        for code in entry.choices:
            if seats and not drawing.seat_per_choice:
                break
            if code not in seats and free.get(code, 0) >= entry.size:
                free[code] -= entry.size
                seats.append(code)
        one = Drawn(entry, place, tuple(seats), by_kept_seat=first_kept is not None)
        drawn.append(one)
        if not seats or drawing.seat_per_choice:
            for code in entry.choices:
                if code in lines and code not in seats:
                    lines[code].append(one)
    return Outcome(tuple(drawn), {code: tuple(line) for code, line in lines.items()})


def _by_number(entry: Entry) -> int:
    """The receipt's number: printed receipts are padded only to four digits."""
    return int(entry.receipt.rpartition("-")[2])
