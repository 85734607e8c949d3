"""Two records found to be one person: every relation repointed, each change noted, undoable."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext

from learners import birth_dates, search
from learners.models import Learner, LearnerMerge, MergeRecord, PhoneNumber, SearchKey
from learners.people import FIELDS
from staff.models import StaffMember

# What stands in MergeRecord.old_value of a row that could not move, because the survivor has one
# like it already.
STAYED = "stayed"
CONSENT_FIELDS = ("sms_consent", "consent_given_by", "consent_at", "consent_noted_by")
LEARNER, PHONE = Learner._meta.label, PhoneNumber._meta.label


class CannotMerge(ValueError):
    """These two records cannot become one; the message, translated, says why."""


class CannotUndo(ValueError):
    """The merge cannot be taken back (now); the message, translated, says why."""


def merge_rows(
    survivor: Learner,
    absorbed: Learner,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
    reason: str,
) -> LearnerMerge:
    """Let everything that points to `absorbed` point to `survivor`; fill what the survivor lacks.

    Rows that would collide with one of the survivor's stay where they are and are noted too.
    Raises CannotMerge for one and the same record, or one that was merged or anonymised before.
    """
    with transaction.atomic():
        people = Learner.objects.select_for_update().in_bulk(sorted({survivor.pk, absorbed.pk}))
        if len(people) < 2:
            raise CannotMerge(gettext("Choose two different records."))
        survivor, absorbed = people[survivor.pk], people[absorbed.pk]
        if any(p.merged_into_id or p.anonymised_at for p in (survivor, absorbed)):
            raise CannotMerge(gettext("One of the two was merged or anonymised meanwhile."))
        merge = LearnerMerge.objects.create(
            survivor=survivor, absorbed=absorbed, merged_at=now, merged_by=by, reason=reason
        )
        records = [
            record
            for field in relations()
            for record in _repoint(merge, field, survivor.pk, absorbed.pk)
        ]
        records += _take_later_consents(merge)
        records += _fill_blanks(merge, survivor, absorbed, by=by, now=now)
        absorbed.merged_into = survivor
        _save(absorbed, ["merged_into"], by=by, now=now)
        MergeRecord.objects.bulk_create(records)
        search.refresh_keys(absorbed)
        search.refresh_keys(survivor)
    return merge


def undo_merge(merge: LearnerMerge, *, by: StaffMember | None, now: datetime.datetime) -> None:
    """Give back what still stands as the merge left it; what moved on since stays where it is.

    Raises CannotUndo if it was undone before, or if the survivor itself was merged since.
    """
    with transaction.atomic():
        merge = LearnerMerge.objects.select_for_update().get(pk=merge.pk)
        pks = sorted({merge.survivor_id, merge.absorbed_id})
        people = Learner.objects.select_for_update().in_bulk(pks)
        survivor, absorbed = people[merge.survivor_id], people[merge.absorbed_id]
        if merge.undone_at is not None:
            raise CannotUndo(gettext("This was undone already."))
        if absorbed.merged_into_id != survivor.pk:
            raise CannotUndo(
                gettext("The record was merged once more since. Undo the later merge first.")
            )
        _return_rows(merge)
        _return_consents(merge)
        _empty_again(merge, survivor, absorbed, by=by, now=now)
        absorbed.merged_into = None
        _save(absorbed, ["merged_into"], by=by, now=now)
        merge.undone_at = now
        merge.undone_by = by
        merge.save(update_fields=["undone_at", "undone_by"])
        search.refresh_keys(survivor)
        search.refresh_keys(absorbed)


def relations() -> Iterator["models.ForeignKey[Any, Any]"]:
    """Every foreign key of every app that points to a learner and moves with a merge.

    Not keys (they are made anew), histories (they tell what was) and the merges themselves.
    """
    for relation in Learner._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel):
            continue
        field = relation.field
        model = relation.related_model
        is_history = hasattr(model, "instance_type")
        if not isinstance(field, models.ForeignKey) or is_history:
            continue
        if model not in (SearchKey, LearnerMerge):
            yield field


def counts(learner: Learner) -> list[tuple[str, int]]:
    """What belongs to a learner and would move: the rows' name in words, and how many."""
    found = []
    for field in relations():
        number = field.model._base_manager.filter(**{field.name: learner}).count()
        if number:
            found.append((str(field.model._meta.verbose_name_plural), number))
    return found


@dataclass(frozen=True)
class Compared:
    """One field of two records side by side, and what stands after the merge."""

    label: str
    survivor: str
    absorbed: str
    after: str

    @property
    def differs(self) -> bool:
        return bool(self.survivor and self.absorbed) and self.survivor != self.absorbed


def compare(survivor: Learner, absorbed: Learner) -> list[Compared]:
    """The fields that one of two records has; the emergency contact stays closed (rule 65)."""
    compared = []
    for name in FIELDS:
        if name.startswith("emergency_"):
            continue
        mine, theirs = _shown(survivor, name), _shown(absorbed, name)
        if mine or theirs:
            label = str(_field(survivor, name).verbose_name)
            compared.append(Compared(label, mine, theirs, mine or theirs))
    return compared


def moved_rows(merge: LearnerMerge, model: type[models.Model]) -> list[str]:
    """Keys of the rows of a model that this merge repointed."""
    return list(
        merge.records.filter(model_label=model._meta.label)
        .exclude(old_value=STAYED)
        .filter(field__in=[field.name for field in relations() if field.model is model])
        .values_list("key", flat=True)
    )


def _repoint(
    merge: LearnerMerge, field: "models.ForeignKey[Any, Any]", survivor: int, absorbed: int
) -> list[MergeRecord]:
    """Repoint the rows of one relation at once, or one by one where some of them collide."""
    rows = field.model._base_manager.filter(**{field.name: absorbed})
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    if not keys:
        return []
    moved = set(keys)
    if not _moves(rows, field, survivor):
        moved = {key for key in keys if _moves(rows.filter(pk=key), field, survivor)}
    return [
        MergeRecord(
            merge=merge,
            model_label=field.model._meta.label,
            key=str(key),
            field=field.name,
            old_value=absorbed if key in moved else STAYED,
        )
        for key in keys
    ]


def _moves(
    rows: "models.QuerySet[Any]", field: "models.ForeignKey[Any, Any]", survivor: int
) -> bool:
    try:
        with transaction.atomic():
            rows.update(**{field.name: survivor})
    except IntegrityError:
        return False
    return True


def _take_later_consents(merge: LearnerMerge) -> list[MergeRecord]:
    """Where both have a number, what was said last about messages to it stands (rule 11)."""
    records = []
    for mine, theirs in _numbers_of_both(merge):
        if theirs.consent_at is None or (mine.consent_at and mine.consent_at > theirs.consent_at):
            continue
        for name in CONSENT_FIELDS:
            records.append(_record(merge, mine, name))
            setattr(mine, name, getattr(theirs, name))
        mine.save(update_fields=CONSENT_FIELDS)
    return records


def _return_consents(merge: LearnerMerge) -> None:
    """The consents that still are the absorbed record's go back to what they were."""
    records = merge.records.filter(model_label=PHONE, field__in=CONSENT_FIELDS)
    taken: dict[str, dict[str, Any]] = {}
    for record in records:
        taken.setdefault(record.key, {})[record.field] = record.old_value
    for mine, theirs in _numbers_of_both(merge):
        old = taken.get(str(mine.pk))
        if old and all(_raw(mine, name) == _raw(theirs, name) for name in CONSENT_FIELDS):
            for name, value in old.items():
                _restore(mine, name, value)
            mine.save(update_fields=CONSENT_FIELDS)


def _numbers_of_both(merge: LearnerMerge) -> Iterable[tuple[PhoneNumber, PhoneNumber]]:
    """Pairs of the survivor's and the absorbed record's row of one number."""
    theirs = {(row.e164, row.line): row for row in merge.absorbed.phone_numbers.all()}
    for mine in merge.survivor.phone_numbers.filter(e164__in=[e164 for e164, _line in theirs]):
        if (mine.e164, mine.line) in theirs:
            yield mine, theirs[mine.e164, mine.line]


def _fill_blanks(
    merge: LearnerMerge,
    survivor: Learner,
    absorbed: Learner,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[MergeRecord]:
    """What only the absorbed record knows comes along; nothing that stands is overwritten."""
    fields = [name for name in FIELDS if not getattr(survivor, name) and getattr(absorbed, name)]
    if "no_phone_calls" in fields:
        # How to write to somebody who is not called goes with not calling (rule 20).
        fields.append("postal_channel")
    records = []
    for name in fields:
        records.append(_record(merge, survivor, name))
        setattr(survivor, name, getattr(absorbed, name))
    if fields:
        _save(survivor, fields, by=by, now=now)
    return records


def _empty_again(
    merge: LearnerMerge,
    survivor: Learner,
    absorbed: Learner,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    """Fields that were filled from the absorbed record and still say the same are emptied."""
    filled = merge.records.filter(model_label=LEARNER, key=str(survivor.pk), field__in=FIELDS)
    fields = []
    for record in filled:
        if _raw(survivor, record.field) == _raw(absorbed, record.field):
            _restore(survivor, record.field, record.old_value)
            fields.append(record.field)
    if fields:
        _save(survivor, fields, by=by, now=now)


def _return_rows(merge: LearnerMerge) -> None:
    by_relation: dict[tuple[str, str], list[str]] = {}
    for record in merge.records.exclude(old_value=STAYED):
        by_relation.setdefault((record.model_label, record.field), []).append(record.key)
    for field in relations():
        keys = by_relation.get((field.model._meta.label, field.name))
        if keys:
            rows = field.model._base_manager.filter(pk__in=keys, **{field.name: merge.survivor_id})
            if not _moves(rows, field, merge.absorbed_id):
                for key in keys:
                    _moves(rows.filter(pk=key), field, merge.absorbed_id)


def _shown(learner: Learner, name: str) -> str:
    """A value in words; "" where nothing is said."""
    value = getattr(learner, name)
    if isinstance(value, bool):
        return gettext("yes") if value else ""
    if name == "support_needs":
        labels = dict(Learner.SupportNeed.choices)
        return "、".join(str(labels.get(need, need)) for need in value)
    if value and _field(learner, name).choices:
        return str(getattr(learner, f"get_{name}_display")())
    if isinstance(value, datetime.date):
        return birth_dates.format_era_date(value)
    return str(value) if value else ""


def _record(merge: LearnerMerge, row: models.Model, name: str) -> MergeRecord:
    """What stands in a field before the merge changes it."""
    value = _raw(row, name)
    if isinstance(value, datetime.date):
        value = value.isoformat()
    return MergeRecord(
        merge=merge, model_label=row._meta.label, key=str(row.pk), field=name, old_value=value
    )


def _field(row: models.Model, name: str) -> "models.Field[Any, Any]":
    return cast("models.Field[Any, Any]", row._meta.get_field(name))


def _raw(row: models.Model, name: str) -> Any:
    return getattr(row, _field(row, name).attname)


def _restore(row: models.Model, name: str, value: Any) -> None:
    field = _field(row, name)
    setattr(row, field.attname, field.to_python(value))


def _save(
    learner: Learner, fields: list[str], *, by: StaffMember | None, now: datetime.datetime
) -> None:
    """Save with a history row that names who and when."""
    learner._history_user = by  # type: ignore[attr-defined]
    learner._history_date = now  # type: ignore[attr-defined]
    learner.save(update_fields=fields)
