"""What happened in the classrooms: who came, what instructors saw, up to this minute."""

import datetime
import random
import uuid
from collections import defaultdict
from collections.abc import Sequence

from classes.demo.calendar import DAY
from classes.models import Attendance, Enrollment, Lesson, LessonAssessment, WalkIn
from learners.models import Learner
from skill_levels.models import Assessment, Competency
from staff.models import StaffMember

MINUTE = datetime.timedelta(minutes=1)
# How much of a level one lesson looks at.
LOOKED_AT = 4
Status = Attendance.Status


def teach(dice: random.Random, *, now: datetime.datetime) -> None:
    """Attendance and observations of every lesson that has begun; today's is still being filled."""
    competencies = defaultdict(list)
    for competency in Competency.objects.current():
        competencies[competency.level_id].append(competency)
    talent: dict[int, float] = {}
    attendances: list[Attendance] = []
    seen: list[tuple[Lesson, Assessment]] = []
    for lesson in _begun(now):
        people = _seated(lesson)
        here = _come(dice, lesson, people, attendances, now)
        level = lesson.class_session.course.level_id
        looked_at = _looked_at(lesson, competencies[level])
        by = next(iter(lesson.class_session.instructors.all()), None)
        # Of a lesson that still runs, the instructor has seen a few people so far.
        watched = here if lesson.ends_at < now else here[: len(here) // 2]
        for learner in watched:
            talent.setdefault(learner.pk, dice.gauss(0.3, 0.7))
            for competency in looked_at:
                value = _value(dice, lesson.number, talent[learner.pk])
                moment = min(lesson.starts_at + dice.randrange(20, 110) * MINUTE, now)
                seen.append((lesson, _observation(dice, learner, competency, value, moment, by)))
        Lesson.objects.filter(pk=lesson.pk).update(companions=dice.choice((0, 0, 0, 1, 2)))
    Attendance.objects.bulk_create(attendances)
    made = Assessment.objects.bulk_create([assessment for _lesson, assessment in seen])
    LessonAssessment.objects.bulk_create(
        LessonAssessment(lesson=lesson, assessment=assessment)
        for (lesson, _), assessment in zip(seen, made, strict=True)
    )
    _walk_ins(dice, now=now)


def _begun(now: datetime.datetime) -> list[Lesson]:
    return list(
        Lesson.objects.filter(
            starts_at__lt=now, cancelled_at__isnull=True, class_session__cancelled_at__isnull=True
        )
        .select_related("class_session__course")
        .prefetch_related("class_session__instructors")
        .order_by("starts_at", "pk")
    )


def _seated(lesson: Lesson) -> list[Enrollment]:
    return list(
        Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id, held_at__lt=lesson.starts_at)
        .select_related("application__learner")
        .order_by("pk")
    )


def _come(
    dice: random.Random,
    lesson: Lesson,
    people: Sequence[Enrollment],
    attendances: list[Attendance],
    now: datetime.datetime,
) -> list[Learner]:
    here = []
    for enrollment in people:
        if lesson.ends_at > now and dice.random() < 0.25:
            continue  # not marked yet
        status = dice.choices((Status.PRESENT, Status.ABSENT_TOLD, Status.ABSENT), (86, 10, 4))[0]
        learner = enrollment.application.learner
        if learner.deceased_on is not None:
            continue
        attendances.append(
            Attendance(
                enrollment=enrollment,
                lesson=lesson,
                status=status,
                marked_at=min(lesson.starts_at + 5 * MINUTE, now),
                marked_by=next(iter(lesson.class_session.instructors.all()), None),
            )
        )
        if status == Status.PRESENT:
            here.append(learner)
    return here


def _looked_at(lesson: Lesson, competencies: Sequence[Competency]) -> list[Competency]:
    """The next few of the level, going round: the last lesson comes back to the first ones."""
    if not competencies:
        return []
    start = (lesson.number - 1) * LOOKED_AT
    return [competencies[(start + step) % len(competencies)] for step in range(LOOKED_AT + 1)]


def _value(dice: random.Random, lesson: int, talent: float) -> int:
    return min(4, max(0, round(1.2 + 0.6 * lesson + talent + dice.gauss(0, 0.6))))


def _observation(
    dice: random.Random,
    learner: Learner,
    competency: Competency,
    value: int,
    moment: datetime.datetime,
    by: StaffMember | None,
) -> Assessment:
    return Assessment(
        learner=learner,
        competency=competency,
        competency_version_id=competency.current_id or 0,
        value=value,
        observed_at=moment,
        recorded_at=moment,
        recorded_by=by,
        client_uuid=uuid.UUID(int=dice.getrandbits(128), version=4),
        device=dice.choice(("", "", Assessment.Device.OWN, Assessment.Device.LOAN)),
        setting=dice.choice(("", "", Assessment.Setting.PRACTICE)),
    )


def _walk_ins(dice: random.Random, *, now: datetime.datetime) -> None:
    """Now and then somebody of an earlier round comes by (rule 41)."""
    lessons = _begun(now)[::5]
    everybody = list(Learner.objects.current().filter(deceased_on__isnull=True).order_by("pk")[:60])
    for lesson in lessons:
        learner = dice.choice(everybody)
        seated = Enrollment.objects.held().filter(
            class_session=lesson.class_session_id, application__learner=learner
        )
        if lesson.starts_at > now - DAY or seated.exists():
            continue
        WalkIn.objects.create(
            lesson=lesson,
            learner=learner,
            client_uuid=uuid.UUID(int=dice.getrandbits(128), version=4),
            came_at=lesson.starts_at,
        )
