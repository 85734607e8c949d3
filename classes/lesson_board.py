"""The class-day board: people × competencies, attendance on the same row, what was seen before.

A constant number of queries, however many people and competencies there are.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from classes import announced, teaching
from classes.models import (
    Attendance,
    Enrollment,
    Lesson,
    LessonAssessment,
    LessonCompetency,
    Notice,
    WalkIn,
)
from learners.models import Learner
from skill_levels.models import Assessment, Competency
from staff.models import StaffMember

# How long a transaction may take from its clock to its commit.
COMMIT_TIME = datetime.timedelta(seconds=15)


@dataclass(frozen=True)
class Seen:
    """One observation as a cell shows it."""

    pk: int
    value: int
    observed_at: datetime.datetime
    by_pk: int | None
    by_name: str
    note: str = ""
    device: str = ""
    setting: str = ""


@dataclass(frozen=True)
class Cell:
    """One person and one competency: what was seen in this lesson, and last before it."""

    learner_pk: int
    competency_pk: int
    today: tuple[Seen, ...] = ()
    before: Seen | None = None
    # Whose board it is shown on, to know what they may take back.
    who_pk: int | None = None

    @property
    def key(self) -> str:
        """What the page calls this cell."""
        return f"{self.learner_pk}-{self.competency_pk}"

    @property
    def mine(self) -> int | None:
        """What this instructor tapped in this lesson."""
        return self.own.value if self.own else None

    @property
    def own(self) -> Seen | None:
        """This instructor's observation in this lesson, with its note."""
        return next((seen for seen in reversed(self.today) if seen.by_pk == self.who_pk), None)

    @property
    def now(self) -> Seen | None:
        """What stands of this lesson: the latest, whoever tapped it."""
        return self.today[-1] if self.today else None

    @property
    def by_whom(self) -> list[Seen]:
        """The latest of each instructor in this lesson."""
        return list({seen.by_pk: seen for seen in self.today}.values())

    @property
    def differs(self) -> bool:
        """Whether two instructors saw two things in this lesson."""
        return len({seen.value for seen in self.today}) > 1


@dataclass(frozen=True)
class Row:
    """One person of the lesson."""

    learner: Learner
    enrollment: Enrollment | None
    attendance: Attendance | None
    cells: tuple[Cell, ...]
    # They wrote that they come (nothing asks for it, rule 61).
    says_coming: bool = False

    @property
    def is_walk_in(self) -> bool:
        return self.enrollment is None

    @property
    def status(self) -> str:
        """Present, absent told, absent, or empty; who walked in is present."""
        if self.enrollment is None:
            return Attendance.Status.PRESENT
        return self.attendance.status if self.attendance else ""

    @property
    def is_looked_at(self) -> bool:
        """Whether anything was observed of this person in this lesson."""
        return any(cell.today for cell in self.cells)

    @property
    def is_missed(self) -> bool:
        """Here today, and nobody has looked at what they can do."""
        return self.status == Attendance.Status.PRESENT and not self.is_looked_at


@dataclass(frozen=True)
class Board:
    """One lesson at one moment."""

    lesson: Lesson
    competencies: tuple[Competency, ...]
    rows: tuple[Row, ...]
    # Grows with whatever changed; a page that has it has seen everything up to there.
    version: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


def of(lesson_pk: int, *, who: StaffMember, now: datetime.datetime) -> Board | None:
    """The board of one lesson for somebody who may open it, else None (rule 65)."""
    lesson = (
        teaching.lessons_of(who, now=now)
        .select_related("class_session__course__level__current", "class_session__intake", "venue")
        .filter(pk=lesson_pk)
        .first()
    )
    if lesson is None:
        return None
    # Before the rows: what is tapped between the two is looked for once more, never missed.
    seen_up_to = version(lesson)
    competencies = competencies_of(lesson)
    people = _people(lesson)
    cells = _cells(lesson, competencies, [row.learner.pk for row in people], who.pk)
    said = announced.answers_for([lesson])
    coming = {
        learner_pk
        for (learner_pk, _lesson), notice in said.items()
        if notice.answer == Notice.Answer.CONFIRMED
    }
    rows = tuple(
        Row(
            person.learner,
            person.enrollment,
            person.attendance,
            tuple(cells[person.learner.pk, competency.pk] for competency in competencies),
            says_coming=person.learner.pk in coming,
        )
        for person in people
    )
    counts = {
        "present": sum(row.status == Attendance.Status.PRESENT for row in rows),
        "told": sum(row.status == Attendance.Status.ABSENT_TOLD for row in rows),
        "absent": sum(row.status == Attendance.Status.ABSENT for row in rows),
        "walk_ins": sum(row.is_walk_in for row in rows),
        "missed": sum(row.is_missed for row in rows),
    }
    return Board(lesson, competencies, rows, seen_up_to, counts)


def competencies_of(lesson: Lesson) -> tuple[Competency, ...]:
    """What this lesson looks at: as chosen for it, else all of the course's level."""
    chosen = LessonCompetency.objects.filter(lesson=lesson).values("competency")
    of_level = Q(level=lesson.class_session.course.level_id)
    current = Competency.objects.current().exclude(current=None)
    picked = tuple(current.filter(pk__in=chosen))
    return picked or tuple(current.filter(of_level))


def choose_competencies(lesson: Lesson, pks: Iterable[int]) -> None:
    """Adjust what one lesson looks at; none at all means the whole level again."""
    wanted = set(Competency.objects.current().filter(pk__in=list(pks)).values_list("pk", flat=True))
    lesson.chosen_competencies.exclude(competency__in=wanted).delete()
    LessonCompetency.objects.bulk_create(
        [LessonCompetency(lesson=lesson, competency_id=pk) for pk in sorted(wanted)],
        ignore_conflicts=True,
    )


def version(lesson: Lesson) -> str:
    """Changes with every rating, attendance, walk-in and companion of the lesson; one query."""
    here = {"lesson": OuterRef("pk")}
    counted = (
        Lesson.objects.filter(pk=lesson.pk)
        .annotate(
            rated=_count(LessonAssessment.objects.filter(**here)),
            marked=_count(Attendance.history.filter(lesson_id=OuterRef("pk"))),
            walked_in=_count(WalkIn.objects.filter(**here)),
            withdrawn=_count(WalkIn.objects.filter(**here, withdrawn_at__isnull=False)),
        )
        .values_list("rated", "marked", "walked_in", "withdrawn", "companions")
    )
    return ".".join(str(number or 0) for number in counted.get())


def _count(rows: QuerySet[Any]) -> Subquery:
    counted = rows.order_by().values("lesson").annotate(number=Count("pk")).values("number")
    return Subquery(counted)


@dataclass(frozen=True)
class Changed:
    """Which cells were rated and whose attendance was marked since a moment, by their keys."""

    rated: frozenset[tuple[int, int]]
    marked: frozenset[int]


def changed_since(lesson: Lesson, since: datetime.datetime) -> Changed:
    """What was tapped since a moment, by the server's clock; to be asked before the board is read,
    so that the board holds at least all of it.

    A little more than asked for: a row written before that moment may be committed after it.
    """
    since -= COMMIT_TIME
    rated = LessonAssessment.objects.filter(lesson=lesson, assessment__recorded_at__gte=since)
    marked = Attendance.history.filter(lesson=lesson, history_date__gte=since)
    return Changed(
        frozenset(rated.values_list("assessment__learner_id", "assessment__competency_id")),
        frozenset(marked.values_list("enrollment_id", flat=True)),
    )


def changes(board: Board, changed: Changed) -> tuple[list[Cell], list[Row]]:
    """The cells and rows of a board that are to be shown anew."""
    cells = [
        cell
        for row in board.rows
        for cell in row.cells
        if (cell.learner_pk, cell.competency_pk) in changed.rated
    ]
    rows = [row for row in board.rows if row.enrollment and row.enrollment.pk in changed.marked]
    return cells, rows


@dataclass(frozen=True)
class _Person:
    learner: Learner
    enrollment: Enrollment | None = None
    attendance: Attendance | None = None


def _people(lesson: Lesson) -> list[_Person]:
    """Who holds a seat, by kana, then who walked in, in the order in which they came."""
    seats = (
        Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id)
        .select_related("application__learner")
        .order_by("application__learner__kana", "application__learner__name", "pk")
    )
    marks = {mark.enrollment_id: mark for mark in Attendance.objects.filter(lesson=lesson)}
    seated = [_Person(s.application.learner, s, marks.get(s.pk)) for s in seats]
    here = {person.learner.pk for person in seated}
    walk_ins = WalkIn.objects.standing().filter(lesson=lesson).select_related("learner")
    return seated + [
        _Person(walk_in.learner) for walk_in in walk_ins if walk_in.learner_id not in here
    ]


def _cells(
    lesson: Lesson, competencies: Sequence[Competency], learner_pks: Sequence[int], who_pk: int
) -> dict[tuple[int, int], Cell]:
    """Every cell with what was seen today and last before, in one query."""
    pks = [competency.pk for competency in competencies]
    today: dict[tuple[int, int], list[Seen]] = defaultdict(list)
    before: dict[tuple[int, int], Seen] = {}
    rows = (
        Assessment.objects.standing_of(learner_pks)
        .filter(competency__in=pks)
        .annotate(lesson_pk=F("lesson_link__lesson"), by_name=F("recorded_by__name"))
        .order_by("observed_at", "pk")
        .values_list(
            "learner_id",
            "competency_id",
            "lesson_pk",
            "pk",
            "value",
            "observed_at",
            "recorded_by_id",
            "by_name",
            "note",
            "device",
            "setting",
        )
    )
    for learner_pk, competency_pk, lesson_pk, *seen in rows:
        key = learner_pk, competency_pk
        if lesson_pk == lesson.pk:
            today[key].append(Seen(*seen))
        elif seen[2] < lesson.ends_at:
            before[key] = Seen(*seen)
    return {
        (learner_pk, pk): Cell(
            learner_pk,
            pk,
            tuple(today.get((learner_pk, pk), ())),
            before.get((learner_pk, pk)),
            who_pk,
        )
        for learner_pk in learner_pks
        for pk in pks
    }


def upcoming(who: StaffMember, *, now: datetime.datetime) -> list[Lesson]:
    """The lessons this person teaches today and in the next two weeks, and of the week past.

    Those that the city cancelled are among them: nobody should set out for one.
    """
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return list(
        teaching.lessons_of(who, now=now)
        .filter(
            starts_at__gte=today - datetime.timedelta(days=7),
            starts_at__lt=today + datetime.timedelta(days=15),
            class_session__cancelled_at__isnull=True,
        )
        .select_related("class_session__course", "class_session__intake", "venue")
        .order_by("starts_at", "pk")
    )
