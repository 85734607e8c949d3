"""Recording what was seen: observations are appended, superseded, taken back, never changed."""

import datetime
import uuid
from dataclasses import dataclass

from django.db import transaction

from learners.models import Learner
from skill_levels.models import Assessment, Competency
from staff.models import StaffMember


class NotTaught(ValueError):
    """The competency was retired, or has no wording yet."""


@dataclass(frozen=True)
class Observed:
    """One tap: an absolute value, or None to take back what `supersedes` names (rule 44)."""

    client_uuid: uuid.UUID
    learner_pk: int
    competency_pk: int
    value: int | None
    observed_at: datetime.datetime
    note: str = ""
    device: str = ""
    setting: str = ""


def record(
    observed: Observed,
    *,
    supersedes: Assessment | None = None,
    by: StaffMember | None,
    now: datetime.datetime,
) -> tuple[Assessment, bool]:
    """Append one observation; returns it and whether it is new.

    The same `client_uuid` is recorded once, however often it is sent. `supersedes` is corrected:
    if it was corrected already, its latest correction is. Raises NotTaught for a retired
    competency, ValueError for a value outside 0–4 or nothing to take back.
    """
    with transaction.atomic():
        # One person's observations are appended one at a time: a correction then never
        # supersedes what another press has superseded meanwhile.
        Learner.objects.select_for_update().only("pk").get(pk=observed.learner_pk)
        before = Assessment.objects.filter(client_uuid=observed.client_uuid).first()
        if before is not None:
            return before, False
        competency = _competency(observed.competency_pk)
        corrected = _latest_correction(supersedes) if supersedes else None
        if observed.value is None and (corrected is None or corrected.value is None):
            raise ValueError("there is nothing to take back")
        if observed.value is not None and not 0 <= observed.value <= 4:
            raise ValueError("support is a number from 0 to 4")
        made = Assessment(
            learner_id=observed.learner_pk,
            competency=competency,
            competency_version=competency.current,
            value=observed.value,
            observed_at=observed.observed_at,
            recorded_at=now,
            recorded_by=by,
            client_uuid=observed.client_uuid,
            supersedes=corrected,
            note=observed.note,
            device=observed.device,
            setting=observed.setting,
        )
        made.save()
    return made, True


def _competency(pk: int) -> Competency:
    found = Competency.objects.filter(pk=pk, retired_at__isnull=True).select_related("current")
    competency = found.first()
    if competency is None or competency.current is None:
        raise NotTaught("this is not taught any more")
    return competency


def _latest_correction(assessment: Assessment) -> Assessment:
    while (later := Assessment.objects.filter(supersedes=assessment).first()) is not None:
        assessment = later
    return assessment
