"""Changing how many people a class takes, under the lock (rule 21)."""

import datetime

from django.db import transaction
from django.utils.translation import gettext

from classes import list_freeze, seats, waitlist
from classes.locking import lock_intake
from classes.models import ClassSession
from staff.models import StaffMember


class BelowHeld(ValueError):
    """Fewer seats than are held; the message, translated, says how many are."""


def change(
    class_session_pk: int, capacity: int, *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """Set the capacity; new seats are offered along the line at once. Raises BelowHeld and
    list_freeze.ListFrozen."""
    with transaction.atomic():
        class_session = ClassSession.objects.prefetch_related("lessons").get(pk=class_session_pk)
        intake = lock_intake(class_session.intake_id)
        class_session.refresh_from_db(fields=["capacity"])
        taken = seats.count_one(class_session, now=now).taken
        if capacity < taken:
            raise BelowHeld(
                gettext("%(taken)d seats are held, offered or may still be undone.")
                % {"taken": taken}
            )
        if capacity == class_session.capacity:
            return
        list_freeze.require_open(intake)
        class_session.capacity = capacity
        class_session._history_user = by  # type: ignore[attr-defined]
        class_session.save(update_fields=["capacity"])
        waitlist.offer_next(intake, class_session, by=by, now=now)
