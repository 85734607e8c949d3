"""The three hundred: who they are. Each is written down on their first call, as at a desk.

Their numbers can be nobody's: after 090, 070 or 042, no number in Japan begins with 0 or 1.
"""

import datetime
import random
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from classes.demo import names
from learners import people
from learners.models import Learner, PhoneNumber
from learners.numbers import NumberInput
from skill_levels.models import Placement, SkillLevel
from sms import phone_numbers
from staff.models import StaffMember

HOW_MANY = 300
# The first of every couple; the second follows.
COUPLES = frozenset(range(4, HOW_MANY - 1, 13))
# Nobody knew their date of birth when they called, all in the rounds open now.
AGE_UNKNOWN = frozenset({151, 167, 190, 203, 231, 258, 274})
NO_ADDRESS = frozenset({159, 212, 263})
# 電話不可; the first ones asked for fax.
NO_CALLS = (157, 241, 71, 183, 222, 253, 280)
BY_FAX = frozenset({157, 241})
SIGN_LANGUAGE, CAPTIONING = 183, 253
OUT_OF_TOWN = 176
# Died while their classes went on (rule 42).
DECEASED = 52
_LEVELS = (0, 1, 2, 3)
_LEVEL_WEIGHTS = (15, 35, 35, 15)
_NEEDS = ("hearing", "hearing", "walking", "walking", "sight", "wheelchair", "ground_floor")


@dataclass
class Person:
    """Somebody of the city, before and after they first called."""

    index: int
    level: int
    fields: dict[str, Any]
    phones: list[NumberInput]
    proxy: tuple[str, str, str] | None = None
    learner: Learner | None = None


@dataclass
class City:
    """Everybody, and the dice all is decided by."""

    dice: random.Random
    people: list[Person]
    placements: list[Placement] = field(default_factory=list)

    def party(self, index: int) -> list[Person]:
        """A person, with husband or wife where they come as a couple."""
        second = [self.people[index + 1]] if index in COUPLES else []
        return [self.people[index], *second]

    def learner(self, person: Person, *, by: StaffMember, now: datetime.datetime) -> Learner:
        """The person's record; written now if this is their first call."""
        if person.learner is None:
            person.learner = people.create(person.fields, person.phones, by=by, now=now)
            if self.dice.random() < 0.93:
                self.placements.append(_placement(person, by, now))
        return person.learner

    def keep_placements(self) -> None:
        """Write the levels noted on the phone in one insert."""
        Placement.objects.bulk_create(self.placements)
        self.placements.clear()


def invent(dice: random.Random, *, today: datetime.date) -> City:
    """Three hundred people as the dice fall: couples, foreigners, family's phones, needs."""
    lines = _Lines(dice)
    everybody: list[Person] = []
    for index in range(HOW_MANY):
        partner = everybody[-1] if index - 1 in COUPLES else None
        everybody.append(_person(index, dice, lines, partner, today))
    return City(dice, everybody)


def _person(
    index: int,
    dice: random.Random,
    lines: "_Lines",
    partner: Person | None,
    today: datetime.date,
) -> Person:
    fields = _identity(index, dice, partner, today)
    mobile, landline = lines.mobile(), lines.landline()
    phones = [landline] if dice.random() < 0.3 else [mobile]
    if dice.random() < 0.25 and phones == [mobile]:
        phones.append(landline)
    proxy = None
    if partner is not None:
        # One telephone for both (rule 3).
        phones = [partner.phones[0]]
        fields |= {key: partner.fields[key] for key in ("postcode", "address")}
    elif index % 37 == 9 and fields["name"]:
        family = f"{fields['name'].split()[0]} {dice.choice(names.WOMEN)[0]}"
        relation = dice.choice(names.RELATIONS)
        proxy = (family, relation, lines.mobile().number.national)
        phones.append(lines.of_family(family, relation))
    if index in NO_CALLS:
        # Deaf, or never at the telephone: they asked for paper.
        phones = [landline]
    if index in BY_FAX:
        phones.append(NumberInput(lines.landline().number, line=PhoneNumber.Line.FAX))
    return Person(index, dice.choices(_LEVELS, _LEVEL_WEIGHTS)[0], fields, phones, proxy)


def _identity(
    index: int, dice: random.Random, partner: Person | None, today: datetime.date
) -> dict[str, Any]:
    sex = dice.choices(("female", "male"), (62, 38))[0]
    surname, surname_kana = dice.choice(names.SURNAMES)
    if partner is not None:
        sex = "male" if partner.fields["sex"] == "female" else "female"
        surname = partner.fields["name"].split()[0]
        surname_kana = partner.fields["kana"].split()[0]
    given, given_kana = dice.choice(names.WOMEN if sex == "female" else names.MEN)
    # Born 1930 to 1962 as seen from 2026; most are around eighty.
    age = min(max(round(dice.gauss(78, 6.5)), 65), 96)
    born = today - datetime.timedelta(days=age * 365 + 30 + dice.randrange(300))
    town, postcode = dice.choice(names.TOWNS)
    fields: dict[str, Any] = {
        "name": f"{surname} {given}",
        "kana": f"{surname_kana} {given_kana}",
        "sex": sex,
        "birth_date": None if index in AGE_UNKNOWN else born,
        "postcode": postcode,
        "address": f"{settings.CITY_NAME}{town}{dice.randrange(1, 9)}-{dice.randrange(1, 40)}",
        "device": dice.choices(
            ("iphone", "android", "easy_phone", "none", ""), (30, 30, 20, 8, 12)
        )[0],
        "support_needs": [dice.choice(_NEEDS)] if dice.random() < 0.12 else [],
        "no_phone_calls": index in NO_CALLS,
        "postal_channel": "fax" if index in BY_FAX else "postcard",
    }
    if index % 50 == 29:
        latin, kana, sex = names.FOREIGNERS[index // 50]
        fields |= {"name": "", "kana": kana, "latin_name": latin, "sex": sex, "language": "en"}
    if index in NO_ADDRESS:
        fields |= {"postcode": "", "address": ""}
    if index == OUT_OF_TOWN:
        fields |= {"postcode": "191-0016", "address": "日野市神明1-12"}
    if index == SIGN_LANGUAGE:
        fields["support_needs"] = ["hearing", "sign_language"]
    if index == CAPTIONING:
        fields["support_needs"] = ["hearing", "captioning"]
    if dice.random() < 0.2:
        fields |= {
            "emergency_name": f"{surname} {dice.choice(names.WOMEN)[0]}",
            "emergency_relation": dice.choice(names.RELATIONS),
        }
    return fields


def _placement(person: Person, by: StaffMember, now: datetime.datetime) -> Placement:
    level = SkillLevel.objects.select_related("current").get(number=person.level)
    return Placement(
        learner=person.learner,
        level_version=level.current,
        answers=[True] * person.level + ([False] if person.level < _LEVELS[-1] else []),
        placed_at=now,
        placed_by=by,
    )


class _Lines:
    """Telephone numbers, each given once."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._given: set[str] = set()

    def mobile(self) -> NumberInput:
        consent = self._dice.choices(("given", "", "refused"), (70, 22, 8))[0]
        return self._new(self._dice.choice(("090-0", "090-0", "070-0")), 3, sms_consent=consent)

    def landline(self) -> NumberInput:
        return self._new("042-1", 2)

    def of_family(self, name: str, relation: str) -> NumberInput:
        return self._new(
            "090-0",
            3,
            owner=PhoneNumber.Owner.FAMILY,
            owner_name=f"{name}({relation})",
            sms_consent=PhoneNumber.Consent.GIVEN,
        )

    def _new(self, beginning: str, digits: int, **fields: Any) -> NumberInput:
        while True:
            middle, end = self._dice.randrange(10**digits), self._dice.randrange(10**4)
            text = f"{beginning}{middle:0{digits}}-{end:04}"
            if text not in self._given:
                break
        self._given.add(text)
        number = phone_numbers.parse(text, area_code=settings.CITY_AREA_CODE)
        return NumberInput(number, **fields)
