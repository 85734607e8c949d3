"""Until when an offer may be answered, as a letter or a text names it (rule 29)."""

import datetime

from django.conf import settings

from classes.models import Intake

HOUR = datetime.timedelta(hours=1)


def post_time() -> datetime.timedelta:
    """How long a letter counts as being on its way (rule 29)."""
    return datetime.timedelta(days=settings.POSTED_DAYS)


def in_letter(intake: Intake, *, now: datetime.datetime) -> datetime.datetime:
    """The deadline a letter names: time for the post, then the offer period, to the full hour."""
    return in_text(intake, goes_at=now + post_time())


def in_text(intake: Intake, *, goes_at: datetime.datetime) -> datetime.datetime:
    """The deadline an SMS names that goes out then: the offer period, to the full hour after."""
    late = goes_at + HOUR * intake.offer_hours
    return late.replace(minute=0, second=0, microsecond=0) + HOUR
