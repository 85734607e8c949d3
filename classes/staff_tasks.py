"""Tasks that a registration leaves for staff: an unconfirmed age, an interpreter (rules 1, 20)."""

import datetime
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from classes.models import Application, ClassSession, StaffTask
from learners.models import Learner
from staff.models import StaffMember

INTERPRETER_DAYS = 14
_NEEDS = {
    Learner.SupportNeed.SIGN_LANGUAGE: StaffTask.Kind.SIGN_LANGUAGE,
    Learner.SupportNeed.CAPTIONING: StaffTask.Kind.CAPTIONING,
}

# What a registration asks for, and its end no longer does.
RAISED = (StaffTask.Kind.CONFIRM_AGE, StaffTask.Kind.CONFIRM_ADDRESS, *_NEEDS.values())


def raise_for(
    applications: Sequence[Application],
    class_sessions: Iterable[ClassSession],
    *,
    now: datetime.datetime,
) -> None:
    """Create what is missing for these applications; doing it twice changes nothing."""
    first_day = _first_day(class_sessions) or timezone.localtime(now).date()
    tasks = [
        StaffTask(
            learner_id=application.learner_id,
            intake_id=application.intake_id,
            kind=kind,
            due_on=due_on,
            created_at=now,
        )
        for application in applications
        for kind, due_on in needed(application, first_day)
    ]
    if tasks:
        StaffTask.objects.bulk_create(tasks, ignore_conflicts=True)


def ask_for_number(learner_pk: int, intake_pk: int, *, now: datetime.datetime) -> None:
    """Somebody else answers at the number on record: ask for the right one, today."""
    StaffTask.objects.update_or_create(
        learner_id=learner_pk,
        intake_id=intake_pk,
        kind=StaffTask.Kind.CONFIRM_NUMBER,
        defaults={"done_at": None, "done_by": None},
        create_defaults={"due_on": timezone.localtime(now).date(), "created_at": now},
    )


def drop_for(application: Application) -> None:
    """The application ended: what was still to be done for it is not, unless they have another."""
    again = Application.objects.active().filter(
        learner=application.learner_id, intake=application.intake_id
    )
    if not again.exists():
        StaffTask.objects.filter(
            learner=application.learner_id,
            intake=application.intake_id,
            kind__in=RAISED,
            done_at__isnull=True,
        ).delete()


def needed(
    application: Application, first_day: datetime.date
) -> list[tuple[StaffTask.Kind, datetime.date]]:
    """What must be done for this person, and by which day, if the first lesson is on that day."""
    learner = application.learner
    eve = first_day - datetime.timedelta(days=1)
    needed = []
    if learner.age_unconfirmed:
        needed.append((StaffTask.Kind.CONFIRM_AGE, eve))
    if application.intake.residence and not learner.address:
        needed.append((StaffTask.Kind.CONFIRM_ADDRESS, eve))
    booked_by = first_day - datetime.timedelta(days=INTERPRETER_DAYS)
    needed += [(kind, booked_by) for need, kind in _NEEDS.items() if need in learner.support_needs]
    return needed


def _first_day(class_sessions: Iterable[ClassSession]) -> datetime.date | None:
    days = [lesson.day for session in class_sessions for lesson in session.lessons.all()]
    return min(days, default=None)


class NotConfirmed(Exception):
    """What the task asks for is not on the person's record yet."""


def open_tasks() -> QuerySet[StaffTask]:
    """What is to be done, the earliest first; of people merged into another, nothing."""
    return (
        StaffTask.objects.filter(done_at__isnull=True, learner__merged_into__isnull=True)
        .select_related("learner", "intake")
        .prefetch_related("learner__phone_numbers")
        .order_by("due_on", "pk")
    )


def finish(task_pk: int, *, by: StaffMember, now: datetime.datetime) -> StaffTask:
    """The task is done. Raises NotConfirmed while the date of birth or address is missing."""
    task = StaffTask.objects.select_related("learner").get(pk=task_pk)
    missing = {
        StaffTask.Kind.CONFIRM_AGE: task.learner.birth_date is None,
        StaffTask.Kind.CONFIRM_ADDRESS: not task.learner.address,
    }
    if missing.get(StaffTask.Kind(task.kind), False):
        raise NotConfirmed
    if task.done_at is None:
        task.done_at = now
        task.done_by = by
        task.save(update_fields=["done_at", "done_by"])
    return task


def reopen(task_pk: int) -> StaffTask:
    """It was marked done by mistake."""
    task = StaffTask.objects.select_related("learner").get(pk=task_pk)
    task.done_at = task.done_by = None
    task.save(update_fields=["done_at", "done_by"])
    return task


def finish_answered(*, now: datetime.datetime) -> int:
    """End the tasks whose answer stands on the record already; returns how many."""
    answered = Q(kind=StaffTask.Kind.CONFIRM_AGE, learner__birth_date__isnull=False) | (
        Q(kind=StaffTask.Kind.CONFIRM_ADDRESS) & ~Q(learner__address="")
    )
    pks = list(
        StaffTask.objects.filter(answered, done_at__isnull=True).values_list("pk", flat=True)
    )
    return StaffTask.objects.filter(pk__in=pks, done_at__isnull=True).update(done_at=now)
