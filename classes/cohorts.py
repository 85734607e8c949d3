"""What classes lead to: levels before and after, what many miss, what is kept, who stays away."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from classes.models import Attendance, ClassSession, Enrollment, Intake, Lesson, WalkIn
from learners.models import Learner
from skill_levels import progress
from skill_levels.models import MASTERED, Assessment, Competency, SkillLevel
from skill_levels.progress import Progress

# Of fewer people a share says nothing.
FEWEST = 5
MONTHS = 12
AWAY_DAYS = 60
# From this share on what was learned counts as kept, in per cent.
KEPT_WELL = 70
MISSED_SHOWN = 12


@dataclass(frozen=True)
class LevelCount:
    """How many people stand at one level, as the highest reached, before and after."""

    title: str
    before: int
    after: int


@dataclass(frozen=True)
class Missed:
    """One competency: who does it alone, who was looked at and does not yet, who was not seen."""

    competency: Competency
    alone: int
    not_yet: int
    not_seen: int


@dataclass(frozen=True)
class Retention:
    """What was done alone and looked at again on or after its re-check day."""

    rechecked: int
    kept: int
    due: int

    @property
    def share(self) -> int | None:
        """Per cent still there; None where too little was looked at again to say."""
        return round(100 * self.kept / self.rechecked) if self.rechecked >= FEWEST else None


@dataclass(frozen=True)
class Away:
    """Somebody whom nobody has seen for a while."""

    learner: Learner
    last_seen: datetime.date | None


@dataclass(frozen=True)
class Month:
    """How many people reached each level in one month, in the order of the levels."""

    first_day: datetime.date
    reached: tuple[int, ...]


@dataclass(frozen=True)
class Cohort:
    """Everything about one group of people."""

    people: int
    came: int
    levels: tuple[LevelCount, ...]
    moved_up: int
    moved_down: int
    missed: tuple[Missed, ...]
    retention: Retention
    away: tuple[Away, ...]
    months: tuple[Month, ...]
    level_titles: tuple[str, ...]
    # Whether any of its lessons has begun: before that there is nothing to judge.
    has_begun: bool

    @property
    def is_small(self) -> bool:
        return self.people < FEWEST

    @property
    def signs(self) -> tuple[str, ...]:
        """Whether teaching works, in words, as far as the figures say."""
        if not self.has_begun:
            return (_("No lesson has been held yet: there is nothing to judge."),)
        if self.is_small:
            return (_("Fewer than %(count)d people: too few to judge by.") % {"count": FEWEST},)
        said = [
            _("%(up)d of %(people)d people have reached a further level.")
            % {"up": self.moved_up, "people": self.people}
        ]
        if self.moved_down:
            said.append(
                _("%(down)d no longer do everything of a level they had reached.")
                % {"down": self.moved_down}
            )
        worst = next((each for each in self.missed if each.not_yet > each.alone), None)
        if worst is not None:
            said.append(
                _("“%(competency)s” is what most do not do alone yet: practise it again.")
                % {"competency": worst.competency.title}
            )
        share = self.retention.share
        if share is None:
            said.append(_("Too little was looked at again to say what is kept."))
        elif share >= KEPT_WELL:
            words = _("%(share)d%% of what was looked at again is still done alone.")
            said.append(words % {"share": share})
        else:
            words = _(
                "Only %(share)d%% of it is still done alone at the re-check: invite them back."
            )
            said.append(words % {"share": share})
        return tuple(said)


def of_class(
    session: ClassSession, *, now: datetime.datetime, away_days: int = AWAY_DAYS
) -> Cohort:
    """The people of one class: before its first lesson and after its last, or now."""
    lessons = session.lessons.filter(cancelled_at__isnull=True)
    return _cohort(
        Enrollment.objects.held().filter(class_session=session),
        lessons,
        Competency.objects.current().filter(level=session.course.level_id),
        now=now,
        away_days=away_days,
    )


def of_intake(intake: Intake, *, now: datetime.datetime, away_days: int = AWAY_DAYS) -> Cohort:
    """The people who hold seats in an intake, over all of its classes."""
    taught = ClassSession.objects.running().filter(intake=intake).values("course__level")
    return _cohort(
        Enrollment.objects.held().filter(class_session__intake=intake),
        Lesson.objects.filter(class_session__intake=intake, cancelled_at__isnull=True),
        Competency.objects.current().filter(level__in=taught),
        now=now,
        away_days=away_days,
    )


def _cohort(
    seats: QuerySet[Enrollment],
    lessons: QuerySet[Lesson],
    competencies: QuerySet[Competency],
    *,
    now: datetime.datetime,
    away_days: int,
) -> Cohort:
    people = {
        seat.application.learner_id: seat.application.learner
        for seat in seats.select_related("application__learner")
    }
    span = sorted(lessons.values_list("starts_at", "ends_at"))
    begins = span[0][0] if span else now
    steps = progress.ladder()
    before = progress.of(people, until=min(begins, now), steps=steps)
    after = progress.of(people, steps=steps)
    titles = {level.pk: level.title for level in SkillLevel.objects.taught()}
    ranks = {step.level_pk: place for place, step in enumerate(steps)}
    moves = [_rank(after[pk], ranks) - _rank(before[pk], ranks) for pk in people]
    came = Attendance.objects.filter(lesson__in=lessons, status=Attendance.Status.PRESENT)
    return Cohort(
        people=len(people),
        came=came.values("enrollment__application__learner").distinct().count(),
        levels=_levels(before.values(), after.values(), [titles[s.level_pk] for s in steps], ranks),
        moved_up=sum(move > 0 for move in moves),
        moved_down=sum(move < 0 for move in moves),
        missed=_missed(competencies, after.values(), len(people)),
        retention=_retention(people, after.values(), now),
        away=_away(people, now=now, days=away_days),
        months=_months(after.values(), [step.level_pk for step in steps], now),
        level_titles=tuple(titles[step.level_pk] for step in steps),
        has_begun=bool(span) and begins <= now,
    )


def _rank(standing: Progress, ranks: Mapping[int, int]) -> int:
    """The place of the highest level that was seen to be reached; -1 below the first.

    What was only said on the phone is left out: it is nobody's teaching.
    """
    reached = [
        ranks[level.step.level_pk]
        for level in standing.levels
        if level.reached_since is not None and level.step.level_pk in ranks
    ]
    return max(reached, default=-1)


def _levels(
    before: Iterable[Progress],
    after: Iterable[Progress],
    titles: Sequence[str],
    ranks: Mapping[int, int],
) -> tuple[LevelCount, ...]:
    was = Counter(_rank(each, ranks) for each in before)
    now_is = Counter(_rank(each, ranks) for each in after)
    names = [(-1, _("none yet")), *enumerate(titles)]
    return tuple(LevelCount(str(title), was[rank], now_is[rank]) for rank, title in names)


def _missed(
    competencies: Iterable[Competency], standings: Iterable[Progress], people: int
) -> tuple[Missed, ...]:
    alone: Counter[int] = Counter()
    not_yet: Counter[int] = Counter()
    for standing in standings:
        for pk, ability in standing.abilities.items():
            (alone if ability.is_mastered else not_yet)[pk] += 1
    found = [
        Missed(each, alone[each.pk], not_yet[each.pk], people - alone[each.pk] - not_yet[each.pk])
        for each in competencies
    ]
    found.sort(key=lambda each: (-each.not_yet, each.alone))
    return tuple(found[:MISSED_SHOWN])


def _retention(
    people: Mapping[int, Learner], standings: Iterable[Progress], now: datetime.datetime
) -> Retention:
    """Each look at something mastered, on or after its re-check day: still alone, or not."""
    rechecked = kept = 0
    mastered_on: dict[tuple[int, int], datetime.date] = {}
    rows = (
        Assessment.objects.standing_of(people)
        .filter(observed_at__lte=now)
        .order_by("observed_at", "pk")
        .values_list(
            "learner", "competency", "value", "observed_at", "competency_version__recheck_days"
        )
    )
    for learner, competency, value, observed_at, days in rows:
        day = timezone.localtime(observed_at).date()
        last = mastered_on.pop((learner, competency), None)
        is_mastered = (value or 0) >= MASTERED
        if last is not None and day >= last + datetime.timedelta(days=days):
            rechecked += 1
            kept += is_mastered
        if is_mastered:
            mastered_on[learner, competency] = day
    today = timezone.localtime(now).date()
    return Retention(rechecked, kept, sum(len(each.due(today)) for each in standings))


def _away(people: Mapping[int, Learner], *, now: datetime.datetime, days: int) -> tuple[Away, ...]:
    """Whom nobody has seen for so many days, longest first; those never seen lead."""
    seen: dict[int, datetime.datetime] = {}
    for rows in (
        Attendance.objects.filter(
            enrollment__application__learner__in=people, status=Attendance.Status.PRESENT
        )
        .values_list("enrollment__application__learner")
        .annotate(Max("lesson__starts_at")),
        WalkIn.objects.standing()
        .filter(learner__in=people)
        .values_list("learner")
        .annotate(Max("lesson__starts_at")),
        Assessment.objects.standing_of(people).values_list("learner").annotate(Max("observed_at")),
    ):
        for pk, moment in rows.order_by():
            seen[pk] = max(moment, seen.get(pk, moment))
    limit = now - datetime.timedelta(days=days)
    away = [
        Away(learner, timezone.localtime(seen[pk]).date() if pk in seen else None)
        for pk, learner in people.items()
        if learner.deceased_on is None and seen.get(pk, limit) <= limit
    ]
    return tuple(sorted(away, key=lambda each: each.last_seen or datetime.date.min))


def _months(
    standings: Iterable[Progress], levels: Sequence[int], now: datetime.datetime
) -> tuple[Month, ...]:
    """How many reached each level in each of the last twelve months."""
    day = timezone.localtime(now).date().replace(day=1)
    firsts = [day]
    while len(firsts) < MONTHS:
        firsts.append((firsts[-1] - datetime.timedelta(days=1)).replace(day=1))
    reached: Counter[tuple[datetime.date, int]] = Counter()
    for standing in standings:
        for level in standing.levels:
            if level.reached_since is not None:
                month = timezone.localtime(level.reached_since).date().replace(day=1)
                reached[month, level.step.level_pk] += 1
    return tuple(
        Month(first, tuple(reached[first, pk] for pk in levels)) for first in reversed(firsts)
    )
