"""People and days for tests of what time alone makes due."""

import datetime
import itertools
from typing import Any

from classes import reminders
from classes.models import Attendance, ClassSession, Enrollment, Lesson, Notice
from learners.models import Learner, PhoneNumber
from tests import factories

DAY = datetime.timedelta(days=1)
_mobiles = itertools.count(1)


def texter(*, number: str | None = None, **fields: Any) -> Learner:
    """Somebody with a mobile who agreed to messages."""
    e164 = number or f"+8190{next(_mobiles):08d}"
    person = factories.learner(phone=e164, **fields)
    PhoneNumber.objects.filter(learner=person).update(sms_consent=PhoneNumber.Consent.GIVEN)
    return person


def caller(**fields: Any) -> Learner:
    """Somebody with a landline only."""
    return factories.learner(phone="+81426263111", **fields)


def reader(**fields: Any) -> Learner:
    """Somebody who wants no calls and has no mobile."""
    return factories.learner(no_phone_calls=True, **fields)


def seat(session: ClassSession, person: Learner) -> Enrollment:
    """A seat that was given on 1 September."""
    factories.registered(session, person)
    return Enrollment.objects.held().get(class_session=session, application__learner=person)


def mark(
    enrollment: Enrollment, lesson: Lesson, status: str, *, at: datetime.datetime | None = None
) -> Attendance:
    return Attendance.objects.create(
        enrollment=enrollment, lesson=lesson, status=status, marked_at=at or lesson.ends_at
    )


def planned(*purposes: str, at: datetime.datetime) -> list[Notice]:
    """What planning at this moment adds, of these purposes, by learner."""
    before = set(Notice.objects.values_list("pk", flat=True))
    reminders.plan(now=at)
    new = Notice.objects.exclude(pk__in=before).select_related("message", "lesson", "learner")
    return list(new.filter(purpose__in=purposes).order_by("learner", "pk"))
