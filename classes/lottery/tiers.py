"""Priority tiers: the intake's own, ordered, each with a plain sentence (rule 34)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

NEVER_ATTENDED: Final = "never_attended"
LOST: Final = "lost"
LEVEL_MATCHES: Final = "level_matches"
RESIDENT: Final = "resident"
NOT_LATELY: Final = "not_lately"

KINDS: Final = (
    (NEVER_ATTENDED, gettext_lazy("has never attended")),
    (LOST, gettext_lazy("had no seat in earlier rounds")),
    (LEVEL_MATCHES, gettext_lazy("the first choice is of their level")),
    (RESIDENT, gettext_lazy("lives in the city")),
    (NOT_LATELY, gettext_lazy("has not attended lately")),
)
# Kind → the numbers it needs, each with the least and the most that makes sense.
NUMBERS: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    NEVER_ATTENDED: {},
    LOST: {"losses": (1, 12), "rounds": (1, 12)},
    LEVEL_MATCHES: {},
    RESIDENT: {},
    NOT_LATELY: {"months": (1, 60)},
}
MOST_TIERS: Final = 5


class NotATier(ValueError):
    """This cannot be a tier; the message, translated, says why."""


@dataclass(frozen=True)
class Tier:
    """One tier of an intake; what it does not need stays 0."""

    kind: str
    losses: int = 0
    rounds: int = 0
    months: int = 0

    @property
    def sentence(self) -> str:
        """Who belongs to it, as printed with the call for applications."""
        if self.kind == NEVER_ATTENDED:
            return _("People who have never attended one of these classes")
        if self.kind == LOST:
            rounds = ngettext(
                "of the last round of reception", "of the last %(n)d rounds", self.rounds
            ) % {"n": self.rounds}
            return ngettext(
                "People who applied without getting a seat in at least %(n)d %(rounds)s",
                "People who applied without getting a seat in at least %(n)d %(rounds)s",
                self.losses,
            ) % {"n": self.losses, "rounds": rounds}
        if self.kind == LEVEL_MATCHES:
            return _("People whose first choice is the class of their next step")
        if self.kind == RESIDENT:
            return _("People who live in the city")
        return ngettext(
            "People who have not attended for %(n)d month before reception opened",
            "People who have not attended for %(n)d months before reception opened",
            self.months,
        ) % {"n": self.months}

    def as_json(self) -> dict[str, Any]:
        """As it is stored, and as it stands in the published list."""
        return {"kind": self.kind} | {name: getattr(self, name) for name in NUMBERS[self.kind]}


def everybody_else() -> str:
    """The sentence of the last tier."""
    return _("Everybody else")


def read(stored: object) -> tuple[Tier, ...]:
    """Tiers from their stored form, first tier first. Raises NotATier."""
    if not isinstance(stored, list) or len(stored) > MOST_TIERS:
        raise NotATier(_("There can be up to %(n)d tiers.") % {"n": MOST_TIERS})
    tiers = tuple(_tier(each) for each in stored)
    if len(set(tiers)) != len(tiers):
        raise NotATier(_("A tier stands there twice."))
    return tiers


def sentences(tiers: Sequence[Tier]) -> list[tuple[int, str]]:
    """Each tier's number and sentence, the rest of the people last; empty where there are none."""
    if not tiers:
        return []
    numbered = [(number, tier.sentence) for number, tier in enumerate(tiers, start=1)]
    return [*numbered, (len(tiers) + 1, everybody_else())]


def tier_of(tiers: Iterable[Tier], members: Sequence[Any]) -> int:
    """The first tier that all members match, from 1; else the one after the last (rule 34).

    A member answers `matches(tier)`.
    """
    number = 0
    for number, tier in enumerate(tiers, start=1):
        if all(member.matches(tier) for member in members):
            return number
    return number + 1


def _tier(each: object) -> Tier:
    if not isinstance(each, dict) or each.get("kind") not in NUMBERS:
        raise NotATier(_("Choose a kind of tier from the list."))
    kind = each["kind"]
    numbers = {}
    for name, (least, most) in NUMBERS[kind].items():
        value = each.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise NotATier(
                _("“%(tier)s” needs a number from %(least)d to %(most)d.")
                % {"tier": dict(KINDS)[kind], "least": least, "most": most}
            )
        numbers[name] = value
    if numbers.get("losses", 0) > numbers.get("rounds", 0):
        raise NotATier(_("Nobody can lose more often than there were rounds."))
    return Tier(kind, **numbers)
