"""What brings people back: everything that time alone makes due, planned in one go.

Each kind has its room: lesson_reminders, follow_ups, absences, next_classes. A notice is made once
per learner, purpose and occasion (rule 52), however often and by however many workers this runs.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from classes import (
    absences,
    follow_ups,
    lesson_reminders,
    next_classes,
    outdated_notices,
    planned_notices,
    planned_tasks,
)
from classes.planned_notices import Due
from sms import sending_hours


@dataclass(frozen=True)
class Planned:
    """How many notices were made, taken back or missed, and staff tasks set."""

    reminders: int = 0
    follow_ups: int = 0
    absences: int = 0
    next_classes: int = 0
    dropped: int = 0
    missed: int = 0
    tasks: int = 0

    @property
    def made(self) -> int:
        """Notices made."""
        return self.reminders + self.follow_ups + self.absences + self.next_classes

    @property
    def did_something(self) -> bool:
        return bool(self.made or self.dropped or self.missed or self.tasks)


def plan(*, now: datetime.datetime) -> Planned:
    """Take back what no longer holds, then make what is due."""
    dropped = outdated_notices.drop(now=now)
    missed = outdated_notices.miss(now=now)
    hours = sending_hours.load()
    words = planned_notices.Words()

    def write(dues: Iterable[Due]) -> int:
        return planned_notices.write(dues, words=words, hours=hours, now=now)

    return Planned(
        reminders=write(lesson_reminders.due(hours=hours, now=now)),
        follow_ups=write(follow_ups.due(now=now)),
        absences=write(absences.due(now=now)),
        next_classes=write(next_classes.due(now=now)),
        dropped=dropped,
        missed=missed,
        tasks=planned_tasks.plan(now=now),
    )
