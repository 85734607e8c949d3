"""One of a party is told for all of it; when that one leaves, the next of them is (rule 26)."""

import datetime
from collections.abc import Iterable, Sequence

from classes import standing
from classes.models import Application, Notice
from classes.telling import ToTell, tell
from staff.models import StaffMember

FOR_THE_PARTY = (Notice.Purpose.REGISTERED, Notice.Purpose.RESULT)


def open_of(applications: Iterable[Application]) -> list[Notice]:
    """What these were still to be told for their parties; ask before it is dropped."""
    return list(
        Notice.objects.filter(
            application__in=[each.pk for each in applications],
            purpose__in=FOR_THE_PARTY,
            settled_at__isnull=True,
        )
        .exclude(facts__has_key="spoken")
        .select_related("application", "class_session__course__level__current")
        .select_related("class_session__venue")
        .prefetch_related("class_session__lessons__venue")
        .order_by("pk")
    )


def pass_on(
    notices: Sequence[Notice], *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """Whoever is left of each party hears it, as things stand for them now."""
    wanted = []
    for notice in notices:
        left = notice.application
        if left is None:
            continue
        others = Application.objects.active().filter(party=left.party_id).exclude(pk=left.pk)
        other = others.select_related("learner", "intake").order_by("number").first()
        if other is not None:
            wanted.append(
                ToTell(
                    other,
                    Notice.Purpose(notice.purpose),
                    f"{notice.occasion}:{other.pk}",
                    standing.of(other.intake, other).sentence,
                    due_at=max(notice.due_at, now),
                    text=notice.text,
                    class_session=notice.class_session,
                )
            )
    return tell(wanted, now=now, by=by) if wanted else []
