"""Merging two records of one person, under the locks of every intake in which they have places."""

import datetime
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from classes import notice_endings
from classes.events import event, log
from classes.locking import lock_intakes
from classes.models import Application, Intake, Notice, PlaceEvent
from learners import merge as rows
from learners.merge import CannotMerge, CannotUndo
from learners.models import Learner, LearnerMerge
from staff.models import StaffMember

__all__ = ["CannotMerge", "CannotUndo", "ConflictingApplications", "conflicts", "merge", "undo"]


class ConflictingApplications(CannotMerge):
    """Both have an active application in one intake; `receipts` names them, in pairs."""

    def __init__(self, receipts: Sequence[tuple[str, str]]) -> None:
        self.receipts = tuple(receipts)
        named = "、".join(f"{mine} / {theirs}" for mine, theirs in self.receipts)
        super().__init__(
            gettext(
                "Both have an application in the same intake: %(receipts)s. Cancel one of the two"
                " first."
            )
            % {"receipts": named}
        )


def conflicts(survivor_pk: int, absorbed_pk: int) -> list[tuple[str, str]]:
    """Receipts of the active applications that both have in one intake, the survivor's first."""
    active = list(
        Application.objects.active()
        .filter(learner__in=(survivor_pk, absorbed_pk))
        .select_related("intake")
        .order_by("intake", "number")
    )
    mine = {a.intake_id: a for a in active if a.learner_id == survivor_pk}
    return [
        (mine[a.intake_id].receipt, a.receipt)
        for a in active
        if a.learner_id == absorbed_pk and a.intake_id in mine
    ]


def merge(
    survivor_pk: int,
    absorbed_pk: int,
    *,
    reason: str,
    by: StaffMember | None,
    now: datetime.datetime,
) -> LearnerMerge:
    """Make two records one; whatever belonged to the absorbed one is the survivor's then.

    Raises ConflictingApplications, and CannotMerge where one is recorded as deceased and the
    other not, where one was merged before, or where they are the same.
    """
    with transaction.atomic():
        _lock(_intakes_of((survivor_pk, absorbed_pk)) | _open_intakes(now))
        people = Learner.objects.in_bulk((survivor_pk, absorbed_pk))
        if len(people) < 2:
            raise CannotMerge(gettext("Choose two different records."))
        if len({person.deceased_on is None for person in people.values()}) > 1:
            raise CannotMerge(
                gettext(
                    "One of the two is recorded as deceased. Record it for the other one first."
                )
            )
        receipts = conflicts(survivor_pk, absorbed_pk)
        if receipts:
            raise ConflictingApplications(receipts)
        done = rows.merge_rows(
            people[survivor_pk], people[absorbed_pk], by=by, now=now, reason=reason
        )
        # What the survivor is being told as well did not move: nobody hears it twice (rule 52).
        notice_endings.drop(Q(learner=absorbed_pk), by=by, now=now)
        _log(done, by=by, now=now, reason=reason)
    return done


def undo(merge_pk: int, *, by: StaffMember | None, now: datetime.datetime) -> LearnerMerge:
    """Take a merge back, as far as its rows have not moved on. Raises CannotUndo."""
    with transaction.atomic():
        done = LearnerMerge.objects.select_related("survivor", "absorbed").get(pk=merge_pk)
        _lock(_intakes_of((done.survivor_id, done.absorbed_id)) | _open_intakes(now))
        rows.undo_merge(done, by=by, now=now)
        notice_endings.restore(Q(learner=done.absorbed_id), done.merged_at, now=now)
        _log(done, by=by, now=now, reason="", undone=True)
    done.refresh_from_db()
    return done


def _lock(pks: Iterable[int]) -> None:
    lock_intakes(pks)


def _intakes_of(learner_pks: Iterable[int]) -> set[int]:
    applied = Application.objects.filter(learner__in=learner_pks).values_list("intake", flat=True)
    told = Notice.objects.filter(learner__in=learner_pks).values_list("intake", flat=True)
    return {*applied, *told}


def _open_intakes(now: datetime.datetime) -> set[int]:
    """Where either of the two could be registered while we look."""
    return set(Intake.objects.open_at(now).values_list("pk", flat=True))


def _log(
    done: LearnerMerge,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    reason: str,
    undone: bool = False,
) -> None:
    """One event for each application that changed hands."""
    moved = Application.objects.filter(pk__in=rows.moved_rows(done, Application))
    log(
        [
            event(
                PlaceEvent.Kind.MERGED,
                application,
                by=by,
                now=now,
                reason=reason,
                details={"merge": done.pk, "undone": undone},
            )
            for application in moved.order_by("pk")
        ]
    )
