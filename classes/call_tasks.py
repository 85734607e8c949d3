"""How pressing a notice is, and the row that puts it on the call list."""

import datetime

from classes.models import CallTask, Notice

DAY = datetime.timedelta(days=1)
# What is about to happen comes before everything that can wait until tomorrow.
AT_ONCE = 0
# Calls and messages are sorted by this first; offers nobody was told of head the list (rule 29).
URGENCY = {
    Notice.Purpose.OFFER: 1,
    # Within a day of the lesson these come before everything.
    Notice.Purpose.CANCELLED: 2,
    Notice.Purpose.RESUMED: 2,
    Notice.Purpose.CHANGED: 2,
    Notice.Purpose.MOVED: 3,
    Notice.Purpose.SEATED: 3,
    Notice.Purpose.RESULT: 3,
    Notice.Purpose.REPLY: 3,
    Notice.Purpose.REGISTERED: 4,
    Notice.Purpose.REMINDER: 5,
    Notice.Purpose.ABSENT: 6,
    Notice.Purpose.NEXT_CLASS: 7,
    Notice.Purpose.FOLLOW_UP: 8,
    Notice.Purpose.BULK: 7,
}
# Somebody may set out in vain who was not told of these.
ABOUT_LESSONS = (Notice.Purpose.CANCELLED, Notice.Purpose.CHANGED, Notice.Purpose.RESUMED)


def is_near(notice: Notice, *, now: datetime.datetime) -> bool:
    """Whether the lesson that it warns of is within a day, so that it cannot wait."""
    return notice.purpose in ABOUT_LESSONS and notice.due_at <= now + DAY


def urgency(notice: Notice, *, now: datetime.datetime) -> int:
    """Its place on the call list if it comes there now."""
    return AT_ONCE if is_near(notice, now=now) else URGENCY[Notice.Purpose(notice.purpose)]


def of(notice: Notice, *, now: datetime.datetime, sorted_by: int | None = None) -> CallTask:
    """The call about a notice, not yet written."""
    return CallTask(
        notice=notice,
        created_at=now,
        urgency=URGENCY[Notice.Purpose(notice.purpose)] if sorted_by is None else sorted_by,
        due_at=notice.due_at,
    )
