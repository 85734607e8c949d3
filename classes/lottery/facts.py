"""What is known of everyone who applies, in a constant number of queries however many they are."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from classes.lottery import tiers
from classes.lottery.tiers import Tier
from classes.models import (
    Application,
    Attendance,
    Enrollment,
    Intake,
    Offer,
    WaitlistEntry,
    WalkIn,
)
from learners import residence
from learners.models import Learner
from skill_levels import progress

# A query for the applicants' primary keys, nested in the others.
Learners = Any

FIRST_MONTH = 1
MONTHS = 12


@dataclass(frozen=True)
class Member:
    """One applicant as the tiers see them, with the level of the party's first choice."""

    attended_levels: frozenset[int]
    last_attended: datetime.datetime | None
    # Earlier intakes, newest first: whether this person went without a seat there.
    lost: tuple[bool, ...]
    next_level: int | None
    is_resident: bool
    first_choice_level: int | None
    opens_at: datetime.datetime

    def matches(self, tier: Tier) -> bool:
        """Whether this one person belongs to a tier (rule 34)."""
        if tier.kind == tiers.NEVER_ATTENDED:
            return self.last_attended is None
        if tier.kind == tiers.LOST:
            return sum(self.lost[: tier.rounds]) >= tier.losses
        if tier.kind == tiers.LEVEL_MATCHES:
            return self.next_level is not None and self.next_level == self.first_choice_level
        if tier.kind == tiers.RESIDENT:
            return self.is_resident
        since = months_before(self.opens_at, tier.months)
        return self.last_attended is None or self.last_attended < since

    @property
    def repeats_first_choice(self) -> bool:
        """Attended the level of the first choice before: a seat kept for repeating is for them."""
        return self.first_choice_level in self.attended_levels


@dataclass
class Facts:
    """Everything about the applicants of one intake that its rules ask for."""

    intake: Intake
    attended_levels: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    last_attended: dict[int, datetime.datetime] = field(default_factory=dict)
    # Learner → earlier intakes in which they went without a seat.
    lost: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    rounds: tuple[int, ...] = ()
    next_levels: dict[int, int | None] = field(default_factory=dict)
    residents: set[int] = field(default_factory=set)

    def member(self, learner_pk: int, first_choice_level: int | None) -> Member:
        """One applicant, for the party whose first choice is of this level."""
        lost_in = self.lost.get(learner_pk, set())
        return Member(
            attended_levels=frozenset(self.attended_levels.get(learner_pk, ())),
            last_attended=self.last_attended.get(learner_pk),
            lost=tuple(pk in lost_in for pk in self.rounds),
            next_level=self.next_levels.get(learner_pk),
            is_resident=learner_pk in self.residents,
            first_choice_level=first_choice_level,
            opens_at=self.intake.opens_at,
        )


def gather(
    intake: Intake,
    applications: QuerySet[Application],
    rules: Sequence[Tier],
    *,
    now: datetime.datetime,
) -> Facts:
    """The facts that these rules and the seats for repeating need, about these applicants."""
    facts = Facts(intake)
    learners = applications.order_by().values("learner")
    kinds = {tier.kind for tier in rules}
    if kinds & {tiers.NEVER_ATTENDED, tiers.NOT_LATELY} or intake.repeat_seats:
        _attended(facts, learners, now)
    if tiers.LOST in kinds:
        _lost(facts, learners, rules)
    if tiers.LEVEL_MATCHES in kinds:
        _next_levels(facts, learners)
    if tiers.RESIDENT in kinds:
        _residents(facts, learners)
    return facts


def months_before(moment: datetime.datetime, months: int) -> datetime.datetime:
    """The same clock time so many months earlier; the 31st becomes a month's last day."""
    local = timezone.localtime(moment)
    count = local.year * MONTHS + local.month - FIRST_MONTH - months
    year, month = count // MONTHS, count % MONTHS + FIRST_MONTH
    day = local.day
    while True:
        try:
            return local.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1


def _attended(facts: Facts, learners: Learners, now: datetime.datetime) -> None:
    """Came, with a seat or without one: applied or absent does not count (rule 34)."""
    came = Attendance.objects.filter(
        status=Attendance.Status.PRESENT,
        enrollment__application__learner__in=learners,
        lesson__starts_at__lt=now,
    ).values_list(
        "enrollment__application__learner",
        "lesson__starts_at",
        "lesson__class_session__course__level",
    )
    walked_in = (
        WalkIn.objects.standing()
        .filter(learner__in=learners, lesson__starts_at__lt=now)
        .values_list("learner", "lesson__starts_at", "lesson__class_session__course__level")
    )
    for rows in (came.order_by(), walked_in.order_by()):
        for learner_pk, starts_at, level_pk in rows:
            facts.attended_levels[learner_pk].add(level_pk)
            known = facts.last_attended.get(learner_pk)
            if known is None or known < starts_at:
                facts.last_attended[learner_pk] = starts_at


def _lost(facts: Facts, learners: Learners, rules: Sequence[Tier]) -> None:
    """Earlier rounds whose places were given, and who went through each without a seat.

    Whoever withdrew, held a seat there at any time, or was offered one, did not lose.
    """
    most = max(tier.rounds for tier in rules if tier.kind == tiers.LOST)
    rounds = (
        Intake.objects.filter(opens_at__lt=facts.intake.opens_at)
        .exclude(method=Intake.Method.LOTTERY, drawn_at=None)
        .exclude(pk=facts.intake.pk)
        .order_by("-opens_at", "-pk")
    )
    facts.rounds = tuple(rounds.values_list("pk", flat=True)[:most])
    seated = Enrollment.objects.filter(application=OuterRef("pk")).exclude(
        ending=Enrollment.Ending.SUPERSEDED
    )
    offered = Offer.objects.filter(party=OuterRef("party"), told_at__isnull=False)
    waited = WaitlistEntry.objects.filter(party=OuterRef("party"))
    gone = Application.objects.filter(
        ~Exists(seated),
        ~Exists(offered),
        Exists(waited),
        status=Application.Status.ACTIVE,
        intake__in=facts.rounds,
        learner__in=learners,
    )
    for learner_pk, intake_pk in gone.order_by().values_list("learner", "intake"):
        facts.lost[learner_pk].add(intake_pk)


def _next_levels(facts: Facts, learners: Learners) -> None:
    pks = list(learners.values_list("learner", flat=True))
    for pk, standing in progress.of(pks).items():
        missing = standing.next_level
        facts.next_levels[pk] = missing.step.level_pk if missing else None


def _residents(facts: Facts, learners: Learners) -> None:
    city = facts.intake.residence or settings.CITY_NAME
    rows = Learner.objects.filter(pk__in=learners).values_list("pk", "address", "postcode")
    facts.residents = {
        pk
        for pk, address, postcode in rows
        if residence.is_resident(address, postcode, city=city) is True
    }
