"""Whether the database is a demo, whether it is empty, and whether the demo has gone stale."""

import datetime

from django.conf import settings
from django.db.models import Max

from classes.models import Intake
from learners.models import Learner

# Deadlines pass and lessons end: after so many days the city is no longer in the middle of things.
STALE_AFTER = datetime.timedelta(days=3)


def is_empty() -> bool:
    """No intake and no learner: nothing that anybody could lose."""
    return not Intake.objects.exists() and not Learner.objects.exists()


def is_demo() -> bool:
    """Every intake was made by the demo, and there is one."""
    return Intake.objects.exists() and not Intake.objects.filter(is_demo=False).exists()


def has_live_account() -> bool:
    """Messages go to real phones; the demo's numbers may be somebody's."""
    return bool(settings.TWILIO_ACCOUNT_SID)


def is_kept_from_phones() -> bool:
    """There is an account that reaches real phones, and people of a demo: nothing may be sent."""
    return has_live_account() and Intake.objects.filter(is_demo=True).exists()


def built_at() -> datetime.datetime | None:
    """When the demo was built; None where there is none. One small query."""
    # An intake keeps no birthday of its own; its history does.
    made = Intake.history.filter(
        history_type="+", id__in=Intake.objects.filter(is_demo=True).values("pk")
    )
    latest: datetime.datetime | None = made.aggregate(Max("history_date"))["history_date__max"]
    return latest


def stale_since(*, now: datetime.datetime) -> datetime.datetime | None:
    """When a demo was built whose dates have passed by since; None for a live one, or none."""
    built = built_at()
    return built if built is not None and now - built > STALE_AFTER else None
