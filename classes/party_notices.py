"""One of a party is told for all of it; when that one leaves, the next of them is (rule 26)."""

import datetime
from collections.abc import Collection, Iterable, Sequence

from classes import standing
from classes.models import Application, Notice, Party
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
    return _tell([(n, n.application.party_id) for n in notices if n.application], by=by, now=now)


def tell_part(
    notices: Sequence[Notice],
    new: Party,
    going: Collection[int],
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Notice]:
    """A party was split before it heard: who was to hear it hears it for one part alone now, and
    somebody of the other part is told as well. `going`: the applications of the new party."""
    parts = [
        (n, n.application.party_id if n.application_id in going else new.pk)
        for n in notices
        if n.application
    ]
    return _tell(parts, by=by, now=now)


def _tell(
    parts: Iterable[tuple[Notice, int]], *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """The first of each party, other than who was told, hears the same."""
    wanted = []
    for notice, party_pk in parts:
        party = Application.objects.active().filter(party=party_pk).order_by("number")
        others = party.exclude(learner=notice.learner_id).select_related("learner", "intake")
        other = others.first()
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
