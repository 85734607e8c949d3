"""Tasks that a registration leaves for staff: an unconfirmed age, an interpreter (rules 1, 20)."""

import datetime
from collections.abc import Iterable, Sequence

from django.utils import timezone

from classes.models import Application, ClassSession, StaffTask
from learners.models import Learner

INTERPRETER_DAYS = 14
_NEEDS = {
    Learner.SupportNeed.SIGN_LANGUAGE: StaffTask.Kind.SIGN_LANGUAGE,
    Learner.SupportNeed.CAPTIONING: StaffTask.Kind.CAPTIONING,
}


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
        for kind, due_on in _needed(application, first_day)
    ]
    if tasks:
        StaffTask.objects.bulk_create(tasks, ignore_conflicts=True)


def _needed(
    application: Application, first_day: datetime.date
) -> list[tuple[StaffTask.Kind, datetime.date]]:
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
