"""The next class that fits: the first level not reached that an open intake teaches (rule 46),
then device, venue and time, each with its reason. Staff may choose otherwise."""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import desk, waitlist
from classes.desk import ClassRow
from classes.models import Application, Attendance, ClassSession, Intake, WalkIn
from learners.models import Learner
from skill_levels import progress
from skill_levels.models import Competency, SkillLevel
from skill_levels.progress import Progress

NOON = 12


@dataclass(frozen=True)
class Fit:
    """One class that fits, and why."""

    row: ClassRow
    reasons: tuple[str, ...]

    @property
    def class_session(self) -> ClassSession:
        return self.row.class_session


@dataclass(frozen=True)
class Recommendation:
    """What to offer one person next."""

    progress: Progress
    # None at the top of the ladder, or where no open intake teaches what is missing.
    level: SkillLevel | None
    # "Accounts reached, Payments not yet", in the language of the screen.
    why: str
    fits: tuple[Fit, ...]
    # What to mind before giving a seat at this level.
    warnings: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether anything is known of this person's level, by observation or by phone."""
        return self.progress.is_known

    @property
    def best(self) -> Fit | None:
        return self.fits[0] if self.fits else None


@dataclass(frozen=True)
class Habits:
    """Where and when somebody came before."""

    venues: Counter[int]
    times: Counter[tuple[int, bool]]


def recommend(
    learner: Learner,
    *,
    now: datetime.datetime,
    intake: Intake | None = None,
    rows: Sequence[ClassRow] | None = None,
    standing: Progress | None = None,
) -> Recommendation:
    """The level and the classes that fit, best first, in a constant number of queries.

    Of one intake where it is named, with its rows where they are at hand; else of all that take
    applications now. Classes in which the person has a seat or waits are left out.
    """
    if standing is None:
        standing = progress.of_one(learner.pk)
    if rows is None:
        intakes = [intake] if intake else list(Intake.objects.open_at(now))
        rows = [row for each in intakes for row in rows_of(each, now=now)]
    open_rows = [row for row in rows if can_join(row, now=now)]
    levels = {row.class_session.course.level_id: row.class_session.course.level for row in rows}
    level_pk = first_taught(standing, {row.class_session.course.level_id for row in open_rows})
    level = levels.get(level_pk) if level_pk else None
    if level is None:
        return Recommendation(standing, None, _why(standing), ())
    taken = _classes_of(learner)
    habits = habits_of([learner.pk]).get(learner.pk) or Habits(Counter(), Counter())
    fits = [
        Fit(row, _reasons(row, learner, habits))
        for row in open_rows
        if row.class_session.course.level_id == level.pk and row.class_session.pk not in taken
    ]
    fits.sort(key=lambda fit: rank(fit.row, learner, habits))
    return Recommendation(
        standing, level, _why(standing), tuple(fits), warnings_before(level, standing)
    )


def warnings_before(level: SkillLevel, standing: Progress) -> tuple[str, ...]:
    """What was seen below 3 and matters at this level, as the ladder says."""
    asked = Competency.objects.current().filter(current__warns_before__number__lte=level.number)
    return tuple(
        _("Before %(level)s: “%(competency)s” is not yet done alone.")
        % {"level": level.title, "competency": competency.title}
        for competency in asked
        if (ability := standing.abilities.get(competency.pk)) and not ability.is_mastered
    )


def rows_of(intake: Intake, *, now: datetime.datetime) -> list[ClassRow]:
    """The classes of an intake with their seats, each with its intake."""
    rows = desk.class_rows(intake, now=now)
    for row in rows:
        row.class_session.intake = intake
    return rows


def can_join(row: ClassRow, *, now: datetime.datetime) -> bool:
    """Whether somebody may still come into this class."""
    session = row.class_session
    return waitlist.joining_times(session, session.intake).can_join(now)


def first_taught(standing: Progress, taught: Iterable[int]) -> int | None:
    """The first level not reached that an open intake teaches (rule 46)."""
    pks = set(taught)
    return next(
        (
            level.step.level_pk
            for level in standing.levels
            if not level.is_reached and level.step.level_pk in pks
        ),
        None,
    )


def _why(standing: Progress) -> str:
    """What is reached and what is not yet, in one short sentence."""
    titles = {level.pk: level.title for level in SkillLevel.objects.taught()}
    reached, missing = standing.highest_reached, standing.next_level
    words = {
        "reached": titles.get(reached.step.level_pk, "") if reached else "",
        "next": titles.get(missing.step.level_pk, "") if missing else "",
    }
    if missing is None:
        return _("Every step is reached.")
    if reached is None:
        return _("%(next)s not yet.") % words
    return _("%(reached)s reached, %(next)s not yet.") % words


def _classes_of(learner: Learner) -> set[int]:
    """Class sessions in which this person holds a seat or waits, in one query."""
    if learner.pk is None:
        return set()
    mine = Application.objects.active().filter(learner=learner)
    return set(
        ClassSession.objects.filter(
            Q(enrollments__application__in=mine, enrollments__ended_at__isnull=True)
            | Q(
                waitlist_entries__party__applications__in=mine,
                waitlist_entries__ended_at__isnull=True,
            )
        ).values_list("pk", flat=True)
    )


def habits_of(learner_pks: Iterable[int]) -> dict[int, Habits]:
    """Venues, weekdays and half-days of the lessons these people came to; one query."""
    pks = {pk for pk in learner_pks if pk is not None}
    habits = {pk: Habits(Counter(), Counter()) for pk in pks}
    if not pks:
        return habits
    with_seat = (
        Attendance.objects.filter(
            enrollment__application__learner__in=pks, status=Attendance.Status.PRESENT
        )
        .order_by()
        .values_list(
            "enrollment__application__learner", "lesson", "lesson__venue", "lesson__starts_at"
        )
    )
    walked_in = (
        WalkIn.objects.standing()
        .filter(learner__in=pks)
        .order_by()
        .values_list("learner", "lesson", "lesson__venue", "lesson__starts_at")
    )
    for learner_pk, _lesson_pk, venue_pk, starts_at in with_seat.union(walked_in):
        habits[learner_pk].venues[venue_pk] += 1
        habits[learner_pk].times[half_day(starts_at)] += 1
    return habits


def half_day(moment: datetime.datetime) -> tuple[int, bool]:
    """The weekday, and whether it is in the morning."""
    local = timezone.localtime(moment)
    return local.weekday(), local.hour < NOON


def _first_lesson(row: ClassRow) -> datetime.datetime | None:
    return row.lessons[0].starts_at if row.lessons else None


def rank(row: ClassRow, learner: Learner, habits: Habits) -> tuple[object, ...]:
    """Best first: the device it is made for, known venue, near home, known time, room, soonest."""
    first = _first_lesson(row)
    return (
        not _suits_device(row, learner),
        -habits.venues[row.class_session.venue_id],
        not _is_near(row, learner),
        -habits.times[half_day(first)] if first else 0,
        not row.has_room,
        first is None,
        first or datetime.datetime.max.replace(tzinfo=datetime.UTC),
        row.class_session.code,
    )


def _suits_device(row: ClassRow, learner: Learner) -> bool:
    devices = row.class_session.course.devices
    return not devices or not learner.device or learner.device in devices


def _is_near(row: ClassRow, learner: Learner) -> bool:
    venue = row.class_session.venue
    return bool(learner.town) and (learner.town in venue.address or learner.town in venue.name)


def _reasons(row: ClassRow, learner: Learner, habits: Habits) -> tuple[str, ...]:
    """Why this one, most telling first; what speaks against it is said too."""
    session = row.class_session
    reasons = []
    devices = session.course.devices
    if devices and learner.device:
        names = ", ".join(str(Learner.Device(each).label) for each in devices)
        reasons.append(
            _("made for %(devices)s") % {"devices": names}
            if learner.device in devices
            else _("made for another device (%(devices)s)") % {"devices": names}
        )
    if habits.venues[session.venue_id]:
        reasons.append(_("knows the hall"))
    elif _is_near(row, learner):
        reasons.append(_("near home"))
    first = _first_lesson(row)
    if first and habits.times[half_day(first)]:
        reasons.append(_("same weekday and time as before"))
    if row.has_room:
        reasons.append(_("a seat is free"))
    return tuple(reasons)
