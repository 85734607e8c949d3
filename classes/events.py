"""Writing 経過: every change of a place leaves a PlaceEvent in the same transaction."""

import datetime
from collections.abc import Iterable
from typing import Any

from classes.models import Application, ClassSession, Offer, PlaceEvent
from staff.models import StaffMember


def event(
    kind: PlaceEvent.Kind,
    application: Application,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    class_session: ClassSession | None = None,
    offer: Offer | None = None,
    reason: str = "",
    sentence: str = "",
    details: dict[str, Any] | None = None,
) -> PlaceEvent:
    """An event about one application, not yet written."""
    return PlaceEvent(
        intake_id=application.intake_id,
        learner_id=application.learner_id,
        application=application,
        class_session=class_session,
        offer=offer,
        kind=kind,
        at=now,
        by=by,
        reason=reason,
        sentence=sentence,
        details=details or {},
    )


def log(events: Iterable[PlaceEvent]) -> None:
    """Append the events in one insert."""
    rows = list(events)
    if rows:
        PlaceEvent.objects.bulk_create(rows)
