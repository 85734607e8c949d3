"""Who applied, who was seated, who came: by tier, district, age band and more, over intakes.

Every application that was not taken back counts, also one that was cancelled later. Seated is
whoever held a seat at any time; a seat that a new draw took back does not count (rule 33). Came is
whoever was present at one lesson at least that the city held (rule 63).
"""

import datetime
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Min
from django.utils.translation import gettext as _

from classes.lottery import tiers
from classes.models import (
    Application,
    Attendance,
    Enrollment,
    Intake,
    LotteryDraw,
    WalkIn,
)
from classes.sheets import Table
from learners import birth_dates, residence
from learners.models import PhoneNumber
from sms import phone_numbers

# The first year of each band; below the first and from the last on are bands of their own.
BANDS = (60, 65, 70, 75, 80, 85, 90)


@dataclass
class Group:
    """One line of a table. Applications, seated and came are 延べ; people counts each once."""

    label: str
    applied: int = 0
    seated: int = 0
    came: int = 0
    learners: set[int] = field(default_factory=set)

    @property
    def people(self) -> int:
        return len(self.learners)

    @property
    def seated_share(self) -> int | None:
        """Per cent of the applications that led to a seat; None where there are none."""
        return round(100 * self.seated / self.applied) if self.applied else None

    @property
    def came_share(self) -> int | None:
        """Per cent of the seated who came."""
        return round(100 * self.came / self.seated) if self.seated else None

    @property
    def parts(self) -> tuple[int, int, int]:
        """Came; had a seat and has not come, perhaps not yet; had none."""
        return self.came, self.seated - self.came, self.applied - self.seated


@dataclass(frozen=True)
class Dimension:
    """One way to tell people apart, with its groups in a sensible order."""

    code: str
    title: str
    note: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Fairness:
    """The figures over some intakes."""

    intakes: tuple[Intake, ...]
    total: Group
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True)
class _Case:
    """One application with what it is told apart by."""

    intake: Intake
    learner: int
    birth_date: datetime.date | None
    address: str
    seated: bool
    came: bool
    is_first_time: bool
    line: str
    tier: tuple[int, str]


def of(intakes: Sequence[Intake]) -> Fairness:
    """The figures of these intakes, in a constant number of queries."""
    cases = _cases(intakes)
    total = Group(_("all"))
    for case in cases:
        _count(total, case)
    return Fairness(
        tuple(intakes),
        total,
        (
            _by(
                "intake",
                _("By intake"),
                _("In the order in which reception opened."),
                cases,
                _opened(intakes),
            ),
            _by(
                "tier",
                _("By tier of the draw"),
                _("As the frozen list had it. Tiers with the same words are counted together."),
                cases,
                lambda case: case.tier,
            ),
            _by("district", _("By district"), _("From the address."), cases, _district),
            _by("age", _("By age"), _("On the reference day of each intake."), cases, _band),
            _by(
                "first",
                _("First-timers"),
                _("Who had never come to a lesson before reception opened."),
                cases,
                lambda case: (0, _("first time")) if case.is_first_time else (1, _("came before")),
            ),
            _by(
                "phone",
                _("By telephone"),
                _("Numbers of their own as they are today."),
                cases,
                _line,
            ),
        ),
    )


def tables(found: Fairness) -> list[Table]:
    """One sheet for each way to tell people apart."""
    headers = [
        _("applications"),
        _("people"),
        _("seated"),
        _("came"),
        _("seated, %"),
        _("came, % of the seated"),
    ]
    return [
        Table(
            dimension.title,
            [dimension.title, *headers],
            [
                [
                    group.label,
                    group.applied,
                    group.people,
                    group.seated,
                    group.came,
                    group.seated_share,
                    group.came_share,
                ]
                for group in (*dimension.groups, found.total)
            ],
        )
        for dimension in found.dimensions
    ]


def _by(
    code: str,
    title: str,
    note: str,
    cases: Iterable[_Case],
    key: Callable[[_Case], tuple[int, str]],
) -> Dimension:
    """Groups by label, in the order of their numbers, then of their labels."""
    groups: dict[str, Group] = {}
    order: dict[str, int] = {}
    for case in cases:
        place, label = key(case)
        order[label] = min(place, order.get(label, place))
        _count(groups.setdefault(label, Group(label)), case)
    ranked = sorted(groups.values(), key=lambda group: (order[group.label], group.label))
    return Dimension(code, title, note, tuple(ranked))


def _count(group: Group, case: _Case) -> None:
    group.applied += 1
    group.seated += case.seated
    group.came += case.came
    group.learners.add(case.learner)


def _opened(intakes: Sequence[Intake]) -> Callable[[_Case], tuple[int, str]]:
    """Each intake's place in time, with its name and its code: titles return every year."""
    in_time = sorted(intakes, key=lambda intake: (intake.opens_at, intake.code))
    places = {intake.pk: place for place, intake in enumerate(in_time)}
    return lambda case: (places[case.intake.pk], f"{case.intake.title} {case.intake.code}")


def _district(case: _Case) -> tuple[int, str]:
    town = residence.town(case.address, city=settings.CITY_NAME)
    return (0, town) if town else (1, _("not known"))


def _band(case: _Case) -> tuple[int, str]:
    if case.birth_date is None:
        return len(BANDS) + 1, _("not known")
    age = birth_dates.age_on(case.birth_date, case.intake.reference_date)
    place = sum(age >= first for first in BANDS)
    if place == 0:
        return 0, _("under %(age)d") % {"age": BANDS[0]}
    first = BANDS[place - 1]
    if place == len(BANDS):
        return place, _("%(age)d and over") % {"age": first}
    return place, f"{first}–{BANDS[place] - 1}"


def _line(case: _Case) -> tuple[int, str]:
    labels = {
        "mobile": (0, _("has a mobile")),
        "landline": (1, _("landline only")),
        "": (2, _("no number")),
    }
    return labels[case.line]


def _cases(intakes: Sequence[Intake]) -> list[_Case]:
    by_key = {intake.pk: intake for intake in intakes}
    everything = Application.objects.filter(intake__in=by_key)
    applied = everything.exclude(status=Application.Status.VOID)
    seated = set(
        Enrollment.objects.filter(application__intake__in=by_key)
        .exclude(ending=Enrollment.Ending.SUPERSEDED)
        .values_list("application", flat=True)
    )
    came = set(
        Attendance.objects.counted()
        .filter(enrollment__application__intake__in=by_key, status=Attendance.Status.PRESENT)
        .values_list("enrollment__application", flat=True)
    )
    learners = applied.order_by().values("learner")
    first_came = _first_came(learners)
    lines = _lines(learners)
    placed = _tiers(by_key.values())
    rows = applied.order_by("intake", "number").values_list(
        "pk", "intake", "number", "learner", "learner__birth_date", "learner__address"
    )
    # After every tier: a draw that is still to come says nothing yet about who gets a seat.
    not_drawn = (len(by_key) + 100, _("not drawn yet"))
    no_draw = (len(by_key) + 101, _("no draw"))
    cases = []
    for pk, intake_pk, number, learner, birth_date, address in rows:
        intake = by_key[intake_pk]
        before = first_came.get(learner)
        cases.append(
            _Case(
                intake=intake,
                learner=learner,
                birth_date=birth_date,
                address=address,
                seated=pk in seated,
                came=pk in came,
                is_first_time=before is None or before >= intake.opens_at,
                line=lines.get(learner, ""),
                tier=placed.get(
                    intake.receipt(number), not_drawn if intake.awaits_draw else no_draw
                ),
            )
        )
    return cases


def _first_came(learners: object) -> dict[int, datetime.datetime]:
    """Learner → the first lesson they came to, with a seat or without."""
    found: dict[int, datetime.datetime] = {}
    came = (
        Attendance.objects.counted()
        .filter(enrollment__application__learner__in=learners, status=Attendance.Status.PRESENT)
        .values_list("enrollment__application__learner")
        .annotate(Min("lesson__starts_at"))
    )
    walked_in = (
        WalkIn.objects.standing()
        .filter(learner__in=learners)
        .values_list("learner")
        .annotate(Min("lesson__starts_at"))
    )
    for rows in (came.order_by(), walked_in.order_by()):
        for learner, at in rows:
            found[learner] = min(at, found.get(learner, at))
    return found


def _lines(learners: object) -> dict[int, str]:
    """Learner → "mobile" where an SMS could reach one of their own numbers, else "landline"."""
    found: dict[int, str] = {}
    own = PhoneNumber.objects.filter(
        learner__in=learners, owner=PhoneNumber.Owner.SELF, line=PhoneNumber.Line.VOICE
    )
    for learner, e164 in own.order_by().values_list("learner", "e164"):
        if phone_numbers.is_sms_capable(e164):
            found[learner] = "mobile"
        else:
            found.setdefault(learner, "landline")
    return found


def _tiers(intakes: Iterable[Intake]) -> dict[str, tuple[int, str]]:
    """Receipt → its tier's number and sentence, as the list of the standing draw has it."""
    found: dict[str, tuple[int, str]] = {}
    lists = LotteryDraw.objects.standing().filter(intake__in=[intake.pk for intake in intakes])
    for text in lists.order_by("intake").values_list("list_text", flat=True):
        listed = json.loads(text)
        rules = tiers.read(listed["rules"]["tiers"])
        words = defaultdict(lambda: _("drawn without tiers"), tiers.sentences(rules))
        for party in listed["parties"]:
            for receipt in party["receipts"]:
                found[receipt] = party["tier"], words[party["tier"]]
    return found
