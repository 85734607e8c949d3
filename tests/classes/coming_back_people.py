"""People whose series lies behind them, for the tests of coming back."""

import datetime
from typing import Any

from classes.models import Application, Attendance, ClassSession, Enrollment
from learners.models import Learner, PhoneNumber
from skill_levels.models import Assessment, Competency
from tests import factories
from tests.factories import tokyo

NOW = tokyo(2026, 11, 20, 12)
DAY = datetime.timedelta(days=1)
PRESENT, ABSENT, TOLD = (
    Attendance.Status.PRESENT,
    Attendance.Status.ABSENT,
    Attendance.Status.ABSENT_TOLD,
)


def series(*starts: datetime.datetime, **fields: Any) -> ClassSession:
    """A class of an intake that is long closed."""
    first = min(starts)
    fields.setdefault(
        "intake",
        factories.intake(opens_at=first - 40 * DAY, closes_at=first - 10 * DAY),
    )
    return factories.class_session(lessons=list(starts), **fields)


def seat(session: ClassSession, learner: Learner | None = None) -> Enrollment:
    """A seat in it, as it was given when reception was open."""
    moment = session.intake.opens_at + DAY
    (application,) = factories.registered(session, learner or factories.learner(), at=moment)
    return Enrollment.objects.held().get(application=application, class_session=session)


def marks(enrollment: Enrollment, *statuses: str) -> None:
    """Attendance at its lessons, from the first on."""
    lessons = enrollment.class_session.lessons.order_by("number")
    for lesson, status in zip(lessons, statuses, strict=False):
        Attendance.objects.create(
            enrollment=enrollment, lesson=lesson, status=status, marked_at=lesson.starts_at
        )


def attended(session: ClassSession, learner: Learner | None = None) -> Learner:
    """Somebody who came to every lesson of it."""
    enrollment = seat(session, learner)
    marks(enrollment, *[PRESENT] * session.lessons.count())
    return enrollment.application.learner


def open_class(**fields: Any) -> ClassSession:
    """A class that can be applied for now."""
    intake = fields.pop("intake", None) or factories.intake(
        opens_at=NOW - 5 * DAY, closes_at=NOW + 20 * DAY
    )
    return factories.class_session(
        intake=intake, lessons=[NOW + 30 * DAY, NOW + 37 * DAY], **fields
    )


def applies(session: ClassSession, learner: Learner, at: datetime.datetime) -> Application:
    """The same person applies for a class."""
    (application,) = factories.registered(session, learner, at=at)
    return application


def texts(learner: Learner, e164: str) -> Learner:
    """A mobile that agreed to messages."""
    PhoneNumber.objects.create(
        learner=learner, e164=e164, as_spoken=e164, sms_consent=PhoneNumber.Consent.GIVEN
    )
    return learner


def seen(learner: Learner, competency: Competency, value: int, at: datetime.datetime) -> Assessment:
    """One observation."""
    assert competency.current is not None
    return Assessment.objects.create(
        learner=learner,
        competency=competency,
        competency_version=competency.current,
        value=value,
        observed_at=at,
        recorded_at=at,
    )
