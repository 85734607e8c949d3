"""Staff tasks in time for the first lesson, also where it moved or the person's needs changed
(rules 1 and 20)."""

import datetime
from collections import defaultdict

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from classes import planned_notices, staff_tasks
from classes.models import Application, Enrollment, Lesson, StaffTask


def plan(*, now: datetime.datetime) -> int:
    """Raise what is missing for people with a seat in a class to come, and set each open task to
    the day by which it must be done; returns how many tasks were made or moved."""
    wanted: dict[tuple[int, int, str], datetime.date] = {}
    for application, first_day in _first_days(now):
        for kind, due_on in staff_tasks.needed(application, first_day):
            key = (application.learner_id, application.intake_id, str(kind))
            wanted[key] = min(due_on, wanted.get(key, due_on))
    known = {
        (task.learner_id, task.intake_id, task.kind): task
        for pks in planned_notices.chunks(sorted({key[0] for key in wanted}))
        for task in StaffTask.objects.filter(learner__in=pks, kind__in=staff_tasks.RAISED)
    }
    missing = [
        StaffTask(learner_id=learner, intake_id=intake, kind=kind, due_on=due_on, created_at=now)
        for (learner, intake, kind), due_on in wanted.items()
        if (learner, intake, kind) not in known
    ]
    StaffTask.objects.bulk_create(missing, batch_size=planned_notices.BATCH, ignore_conflicts=True)
    moved = defaultdict(list)
    for key, task in known.items():
        if key in wanted and task.done_at is None and task.due_on != wanted[key]:
            moved[wanted[key]].append(task.pk)
    changed = sum(
        StaffTask.objects.filter(pk__in=pks, done_at__isnull=True).update(due_on=day)
        for day, pks in moved.items()
    )
    return len(missing) + changed


def _first_days(now: datetime.datetime) -> list[tuple[Application, datetime.date]]:
    """Who holds a seat in a class with a lesson to come and may need something, and the day on
    which that class begins."""
    lessons = Lesson.objects.filter(class_session=OuterRef("class_session"), cancelled_at=None)
    needs = (
        Q(application__learner__birth_date=None)
        | (Q(application__learner__address="") & ~Q(application__intake__residence=""))
        | ~Q(application__learner__support_needs=[])
    )
    seats = (
        Enrollment.objects.held()
        .filter(
            needs,
            Exists(lessons.filter(starts_at__gt=now).order_by()),
            application__learner__deceased_on=None,
            application__learner__merged_into=None,
        )
        .annotate(begins=Subquery(lessons.order_by("starts_at").values("starts_at")[:1]))
        .select_related("application__learner", "application__intake")
        .order_by("pk")
    )
    begins = dict(seats.values_list("pk", "begins"))
    return [(seat.application, timezone.localdate(begins[seat.pk])) for seat in seats]
