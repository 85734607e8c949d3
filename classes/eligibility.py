"""Who may apply: age, residence, level and time, judged as of when the application came in."""

import datetime
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from classes.models import ClassSession, Intake
from classes.outcomes import Reason
from learners import residence
from learners.models import Learner
from skill_levels import progress

# Reasons that no exception (特例) can waive: there is nothing to hold a place in, or nobody.
NOT_WAIVED = frozenset({"before_opening", "after_closing", "deceased"})


def check(
    learner: Learner,
    intake: Intake,
    class_sessions: Iterable[ClassSession],
    *,
    received_at: datetime.datetime,
) -> tuple[Reason, ...]:
    """Every reason against this application, empty if none (rules 14 and 15)."""
    reasons = [
        *_time_reasons(intake, received_at),
        *_age_reasons(learner, intake),
        *_residence_reasons(learner, intake),
        *_level_reasons(learner, class_sessions),
    ]
    if learner.deceased_on is not None:
        reasons.append(Reason("deceased", _("This person has been recorded as deceased.")))
    return tuple(reasons)


def can_override(reasons: Iterable[Reason]) -> bool:
    """Whether staff may accept the application all the same, with a reason (rule 15)."""
    return all(reason.kind not in NOT_WAIVED for reason in reasons)


def _time_reasons(intake: Intake, received_at: datetime.datetime) -> list[Reason]:
    if received_at < intake.opens_at:
        opens = timezone.localtime(intake.opens_at)
        return [
            Reason(
                "before_opening",
                _("Reception opens on %(day)s at %(time)s.")
                % {"day": f"{opens.month}/{opens.day}", "time": f"{opens:%H:%M}"},
            )
        ]
    if received_at >= intake.closes_at:
        closes = timezone.localtime(intake.closes_at)
        return [
            Reason(
                "after_closing",
                _("Reception closed on %(day)s at %(time)s.")
                % {"day": f"{closes.month}/{closes.day}", "time": f"{closes:%H:%M}"},
            )
        ]
    return []


def _age_reasons(learner: Learner, intake: Intake) -> list[Reason]:
    age = learner.age_on(intake.reference_date)
    if age is None:
        return []
    day = intake.reference_date
    if intake.min_age is not None and age < intake.min_age:
        return [
            Reason(
                "too_young",
                _("For people of %(age)d or older on %(year)d/%(month)d/%(day)d.")
                % {"age": intake.min_age, "year": day.year, "month": day.month, "day": day.day},
            )
        ]
    if intake.max_age is not None and age > intake.max_age:
        return [
            Reason(
                "too_old",
                _("For people of up to %(age)d on %(year)d/%(month)d/%(day)d.")
                % {"age": intake.max_age, "year": day.year, "month": day.month, "day": day.day},
            )
        ]
    return []


def _residence_reasons(learner: Learner, intake: Intake) -> list[Reason]:
    if not intake.residence:
        return []
    if residence.is_resident(learner.address, learner.postcode, city=intake.residence) is False:
        return [
            Reason("not_resident", _("For residents of %(city)s.") % {"city": intake.residence})
        ]
    return []


def _level_reasons(learner: Learner, class_sessions: Iterable[ClassSession]) -> list[Reason]:
    """A level is refused only where the course says so (rule 15), and only when one is known."""
    strict = [session for session in class_sessions if session.course.refuses_other_levels]
    if not strict or learner.pk is None:
        return []
    ready_for = progress.of_one(learner.pk).ready_for
    if ready_for is None:
        return []
    return [
        Reason(
            "wrong_level",
            _("%(course)s asks for an earlier step first.") % {"course": session.course.name},
        )
        for session in strict
        if ready_for < session.course.level.number
    ]
