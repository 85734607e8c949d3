"""Staff tasks in time for the first lesson, also where it moved or the person's needs changed
(rules 1 and 20)."""

import datetime
from collections import defaultdict

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from classes import planned_notices, staff_tasks
from classes.models import Application, Enrollment, Lesson, StaffTask


def plan(*, now: datetime.datetime) -> int:
    """Raise what is missing for people with a seat in a class to come, and set each open task to
    the day by which it must be done; returns how many tasks were made or moved."""
    first_days = _first_days(now)
    wanted: dict[tuple[int, int, str], datetime.date] = {}
    for pks in planned_notices.chunks(sorted(first_days)):
        applications = Application.objects.filter(pk__in=pks).select_related("learner", "intake")
        for application in applications:
            for kind, due_on in staff_tasks.needed(application, first_days[application.pk]):
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


def _first_days(now: datetime.datetime) -> dict[int, datetime.date]:
    """Application → the day of the next lesson of its seats, of people who may need something."""
    coming = Lesson.objects.filter(
        class_session=OuterRef("class_session"), cancelled_at=None, starts_at__gt=now
    )
    needs = Q(application__learner__birth_date=None) | Q(application__learner__address="")
    needs |= ~Q(application__learner__support_needs=[])
    seats = Enrollment.objects.held().filter(
        needs,
        Exists(coming.order_by()),
        application__learner__deceased_on=None,
        application__learner__merged_into=None,
    )
    rows = list(seats.order_by().values_list("application", "class_session"))
    starts: dict[int, datetime.datetime] = {}
    for pks in planned_notices.chunks(sorted({class_pk for _, class_pk in rows})):
        lessons = Lesson.objects.filter(class_session__in=pks, cancelled_at=None)
        # The latest first, so that the first lesson is what stays.
        ordered = lessons.order_by("-starts_at").values_list("class_session", "starts_at")
        starts |= dict(ordered)
    first: dict[int, datetime.date] = {}
    for application_pk, class_pk in rows:
        day = timezone.localdate(starts[class_pk])
        first[application_pk] = min(day, first.get(application_pk, day))
    return first
