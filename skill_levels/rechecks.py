"""Whose re-checks have come, of everybody at once and without a look at each history (rule 48)."""

import datetime
import functools
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from skill_levels.models import MASTERED, Assessment, Competency


@dataclass(frozen=True)
class Overdue:
    """What one person mastered and nobody has looked at since."""

    count: int
    # The re-check that has waited longest, and the level it belongs to.
    since: datetime.date
    level_pk: int


def overdue(
    *, now: datetime.datetime, learner_pks: Collection[int] | None = None
) -> dict[int, Overdue]:
    """By learner, the mastered competencies whose day has come; three queries however many.

    The same as `Progress.due`, found by the database: the latest standing observation of each
    competency is mastery, and older than the days until its re-check.
    """
    days = dict(
        Competency.objects.filter(retired_at__isnull=True, level__is_taught=True)
        .exclude(current=None)
        .order_by()
        .values_list("pk", "current__recheck_days")
    )
    if not days:
        return {}
    today = timezone.localtime(now).date()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + datetime.timedelta(days=1)
    is_due = Q(pk__in=())
    for wait in sorted(set(days.values())):
        of_this_wait = [pk for pk, each in days.items() if each == wait]
        before = tomorrow - datetime.timedelta(days=wait)
        is_due |= Q(competency__in=of_this_wait, observed_at__lt=before)
    corrected = Assessment.objects.filter(supersedes__isnull=False).order_by().values("supersedes")
    standing = Assessment.objects.filter(value__isnull=False).exclude(pk__in=corrected)
    same = standing.filter(learner=OuterRef("learner"), competency=OuterRef("competency"))
    later = same.filter(
        Q(observed_at__gt=OuterRef("observed_at"))
        | Q(observed_at=OuterRef("observed_at"), pk__gt=OuterRef("pk"))
    )
    rows = standing.filter(is_due, value__gte=MASTERED).exclude(Exists(later))
    if learner_pks is not None:
        rows = rows.filter(learner__in=list(learner_pks))
    # People of one lesson were looked at in the same minutes.
    day_of = functools.cache(lambda moment: timezone.localtime(moment).date())
    found: dict[int, Overdue] = {}
    for learner, competency, level, observed_at in rows.order_by().values_list(
        "learner_id", "competency_id", "competency__level_id", "observed_at"
    ):
        day = day_of(observed_at) + datetime.timedelta(days=days[competency])
        if day > today:
            continue
        known = found.get(learner)
        if known is None:
            found[learner] = Overdue(1, day, level)
        elif day < known.since:
            found[learner] = Overdue(known.count + 1, day, level)
        else:
            found[learner] = Overdue(known.count + 1, known.since, known.level_pk)
    return found
