"""Who saw, exported or changed whose data, when and what for (rule 64)."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from staff.models import AccessEvent, AccessSubject, StaffMember


# Inside somebody's transaction it needs no savepoint of its own.
@transaction.atomic(savepoint=False)
def record(
    *,
    who: StaffMember | AnonymousUser | None,
    now: datetime.datetime,
    route: str,
    purpose: str,
    subjects: Iterable[Model],
    field_names: Iterable[str] = (),
    method: str = "",
) -> AccessEvent:
    """Write one event with a row per subject; one result list is one event (rule 64).

    `purpose` and `field_names` are fixed words of the code, never what somebody typed.
    A command or the worker passes `who=None` and its own name as `route`.
    """
    event = AccessEvent.objects.create(
        who=who if isinstance(who, StaffMember) else None,
        at=now,
        route=route,
        method=method,
        purpose=purpose,
        field_names=sorted(field_names),
    )
    rows = {(subject._meta.label, str(subject.pk)) for subject in subjects}
    AccessSubject.objects.bulk_create(
        [AccessSubject(event=event, model_label=label, key=key) for label, key in sorted(rows)]
    )
    return event


def record_view(
    request: HttpRequest,
    subjects: Iterable[Model],
    purpose: str,
    field_names: Iterable[str] = (),
) -> AccessEvent:
    """Record what a view is about to show or has changed; the route is read from the request."""
    match = request.resolver_match
    return record(
        who=request.user,
        now=timezone.now(),
        route=match.view_name if match else "",
        method=request.method or "",
        purpose=purpose,
        subjects=subjects,
        field_names=field_names,
    )
