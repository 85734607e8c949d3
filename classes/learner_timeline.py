"""One person's time with the classes: lessons, what was seen there, notices and calls."""

import datetime
from dataclasses import dataclass

from classes.models import Attendance, CallLog, Lesson, Notice, WalkIn
from learners.models import Learner
from skill_levels.models import Assessment

SHOWN = 40


@dataclass(frozen=True)
class Entry:
    """One line of the timeline: a lesson with its observations, a notice or a call."""

    at: datetime.datetime
    kind: str
    lesson: Lesson | None = None
    attendance: str = ""
    is_walk_in: bool = False
    observations: tuple[Assessment, ...] = ()
    notice: Notice | None = None
    call: CallLog | None = None


def of(learner: Learner) -> list[Entry]:
    """The latest first, in a constant number of queries."""
    entries = [*_lessons(learner), *_notices(learner), *_calls(learner)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:SHOWN]


def _lessons(learner: Learner) -> list[Entry]:
    attended = {
        each.lesson_id: each
        for each in Attendance.objects.filter(enrollment__application__learner=learner).exclude(
            status=""
        )
    }
    walked_in = set(
        WalkIn.objects.standing().filter(learner=learner).values_list("lesson", flat=True)
    )
    seen: dict[int, list[Assessment]] = {}
    elsewhere: dict[datetime.date, list[Assessment]] = {}
    rows = (
        Assessment.objects.standing_of([learner.pk])
        .select_related("competency_version", "competency__current", "lesson_link")
        .order_by("observed_at", "pk")
    )
    for row in rows:
        link = getattr(row, "lesson_link", None)
        if link is not None:
            seen.setdefault(link.lesson_id, []).append(row)
        else:
            elsewhere.setdefault(row.observed_at.date(), []).append(row)
    lessons = Lesson.objects.filter(pk__in={*attended, *walked_in, *seen}).select_related(
        "class_session__course", "class_session__intake", "venue"
    )
    entries = [
        Entry(
            at=lesson.starts_at,
            kind="lesson",
            lesson=lesson,
            attendance=str(attended[lesson.pk].get_status_display())
            if lesson.pk in attended
            else "",
            is_walk_in=lesson.pk in walked_in,
            observations=tuple(seen.get(lesson.pk, ())),
        )
        for lesson in lessons
    ]
    entries += [
        Entry(at=rows[0].observed_at, kind="observed", observations=tuple(rows))
        for rows in elsewhere.values()
    ]
    return entries


def _notices(learner: Learner) -> list[Entry]:
    notices = Notice.objects.filter(learner=learner).select_related("intake", "message")
    return [
        Entry(at=notice.settled_at or notice.created_at, kind="notice", notice=notice)
        for notice in notices.order_by("-created_at", "-pk")[:SHOWN]
    ]


def _calls(learner: Learner) -> list[Entry]:
    calls = CallLog.objects.filter(learner=learner).select_related("intake", "operator")
    return [
        Entry(at=call.called_at, kind="call", call=call)
        for call in calls.order_by("-called_at", "-pk")[:SHOWN]
    ]
