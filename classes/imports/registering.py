"""One judged step becomes rows: people made or matched, the party registered, the call counted."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext

from classes import places
from classes.imports import people_of_rows
from classes.imports.judging import Entry, Step
from classes.imports.problems import RowProblem, ordered
from classes.models import Application, CallLog, ImportRow, Intake
from classes.outcomes import AlreadyThere, Applied, Enrolled, Refused, Registration, Waitlisted
from learners.models import Learner
from staff.models import StaffMember

Status = ImportRow.Status
_NAMESPACE = uuid.UUID("6f1b5d5e-0c0f-4d8a-9b6e-4a54f0f4d9b1")
_CALL_OUTCOME = {
    "too_young": CallLog.Outcome.INELIGIBLE,
    "too_old": CallLog.Outcome.INELIGIBLE,
    "not_resident": CallLog.Outcome.INELIGIBLE,
    "wrong_level": CallLog.Outcome.INELIGIBLE,
    "before_opening": CallLog.Outcome.BEFORE_OPENING,
    "after_closing": CallLog.Outcome.AFTER_CLOSING,
}


@dataclass(frozen=True)
class Doer:
    """Who brings rows in, and when."""

    by: StaffMember | None
    now: datetime.datetime


@dataclass
class Made:
    """People that one step created or found on record."""

    created: set[int]
    matched: set[int]


def apply(step: Step, intake: Intake, doer: Doer, *, override_reason: str = "") -> Made:
    """Write one step under the intake's lock; each row ends in its status.

    What `places.register` refuses waits with its reasons; nothing of its people is kept.
    """
    made = Made(set(), set())
    accepted = step.accepted
    if accepted:
        _register(step, accepted, intake, doer, made, override_reason)
    for entry in step.entries:
        if entry.status == Status.DUPLICATE:
            _add_to_first(entry, doer, made)
        if entry.status != Status.ALREADY:
            _write_row(entry, doer)
    _count_calls(step.entries, intake, doer)
    return made


def _register(
    step: Step,
    accepted: tuple[Entry, ...],
    intake: Intake,
    doer: Doer,
    made: Made,
    override_reason: str,
) -> None:
    received_at = step.received_at
    assert received_at is not None
    with people_of_rows.kept_only_if() as keep:
        learners = [people_of_rows.bring_in(entry, by=doer.by, now=doer.now) for entry in accepted]
        answer = places.register(
            intake.pk,
            applicants=[
                _applicant(entry, learner, intake)
                for entry, learner in zip(accepted, learners, strict=True)
            ],
            wishes=[wish.pk for wish in step.wishes[: intake.max_choices]],
            by=doer.by,
            now=doer.now,
            received_at=received_at,
            source=Application.Source.IMPORT,
            override_reason=(
                override_reason if any(entry.was_waived for entry in accepted) else ""
            ),
            when_short=places.WhenShort.WAIT_TOGETHER,
            spoken=False,
        )
        if isinstance(answer, Enrolled | Waitlisted | Applied):
            keep()
    if isinstance(answer, Enrolled | Waitlisted | Applied):
        for entry, learner, application in zip(
            accepted, learners, answer.applications, strict=True
        ):
            known = entry.learner is not None
            (made.matched if known else made.created).add(learner.pk)
            entry.learner, entry.standing = learner, application
            entry.status = _status(answer)
            entry.problems = []
        return
    _did_not_go_in(accepted, answer)


def _status(answer: Enrolled | Waitlisted | Applied) -> str:
    if isinstance(answer, Enrolled):
        return Status.ENROLLED
    return Status.WAITLISTED if isinstance(answer, Waitlisted) else Status.APPLIED


def _did_not_go_in(accepted: Iterable[Entry], answer: Registration) -> None:
    """Somebody registered in the meantime, or a reason that only the lock shows."""
    there = (
        {application.learner_id: application for application in answer.applications}
        if isinstance(answer, AlreadyThere)
        else {}
    )
    for entry in accepted:
        pk = entry.learner.pk if entry.learner is not None else None
        if pk in there:
            entry.status, entry.standing = Status.DUPLICATE, there[pk]
            continue
        entry.status = Status.ATTENTION
        if isinstance(answer, Refused):
            for reason in answer.reasons:
                entry.wait(reason.kind, "name", reason.text or answer.sentence)
        else:
            entry.wait(
                "couple_incomplete", "companion",
                gettext("The partner was registered alone in the meantime. "
                        "Ask, then register this person alone."),
            )  # fmt: skip


def _applicant(entry: Entry, learner: Learner, intake: Intake) -> places.Applicant:
    reading = entry.reading
    return places.Applicant(
        learner=learner,
        client_uuid=uuid.uuid5(_NAMESPACE, f"application:{intake.pk}:{entry.row.identity}"),
        wants_loan_phone=reading.wants_loan_phone,
        proxy_relation=reading.proxy_relation,
        note=reading.note,
    )


def _add_to_first(entry: Entry, doer: Doer, made: Made) -> None:
    """The earliest row's wishes stand; what was said later goes into its note."""
    first = entry.first
    same_line = _is_same_line(entry)
    application = entry.standing or (first.standing if first is not None else None)
    if application is None and first is not None and not same_line:
        # The first call did not go in after all, so this one waits for the same reasons.
        entry.status = Status.ATTENTION
        entry.problems = ordered([*entry.problems, *_same_here(first, entry)])
        return
    entry.problems = []
    if application is None or same_line:
        entry.standing = application
        return
    entry.standing = application
    if entry.learner is not None:
        made.matched.add(entry.learner.pk)
    note = Application.objects.values_list("note", flat=True).get(pk=application.pk)
    Application.objects.filter(pk=application.pk).update(
        note="\n".join(filter(None, [note, _second_call_note(entry)]))
    )


def _is_same_line(entry: Entry) -> bool:
    """Whether the workbook has this very line twice."""
    return entry.first is not None and entry.first.row.identity == entry.row.identity


def _same_here(first: Entry, entry: Entry) -> list[RowProblem]:
    return [
        RowProblem(problem.kind, entry.cells.ref(problem.field), problem.field, problem.message)
        for problem in first.problems
    ]


def _second_call_note(entry: Entry) -> str:
    """One line of what a second call said: when, which classes, and its remarks."""
    reading = entry.reading
    when = f"{timezone.localtime(reading.received_at):%m/%d %H:%M}" if reading.received_at else ""
    words = "、".join(reading.wish_words) or gettext("no class named")
    line = gettext("Called again %(when)s (%(cell)s): %(wishes)s") % {
        "when": when,
        "cell": f"{entry.row.sheet}!{entry.row.row_number}",
        "wishes": words,
    }
    return f"{line} / {reading.note}" if reading.note else line


def _write_row(entry: Entry, doer: Doer) -> None:
    row = entry.row
    row.status = entry.status
    row.problems = [problem.as_json() for problem in entry.problems]
    row.application = entry.standing
    row.received_at = entry.reading.received_at or row.received_at
    row.partner_row = entry.partner.row if entry.partner is not None else None
    row.settled_at = None if row.status == Status.ATTENTION else doer.now
    row.settled_by = None if row.status == Status.ATTENTION else doer.by


def _count_calls(entries: Iterable[Entry], intake: Intake, doer: Doer) -> None:
    """Every row is one call, but a couple that shares time and number called once (rule 18)."""
    calls: list[CallLog] = []
    spoken: list[Entry] = []
    for entry in entries:
        reading = entry.reading
        if entry.status == Status.ALREADY or _is_same_line(entry):
            continue
        if any(
            other.reading.received_at == reading.received_at
            and reading.received_at
            and other.phone_keys & entry.phone_keys
            for other in spoken
        ):
            continue
        spoken.append(entry)
        calls.append(
            CallLog(
                intake=intake,
                client_uuid=uuid.uuid5(_NAMESPACE, f"call:{intake.pk}:{entry.row.identity}"),
                called_at=reading.received_at or doer.now,
                outcome=_outcome(entry),
                learner_id=entry.standing.learner_id if entry.standing else None,
                application=entry.standing,
                class_session=reading.wishes[0] if reading.wishes else None,
            )
        )
    CallLog.objects.bulk_create(
        calls,
        update_conflicts=True,
        unique_fields=["client_uuid"],
        update_fields=["outcome", "learner", "application", "class_session"],
    )


def _outcome(entry: Entry) -> CallLog.Outcome:
    if entry.status in (Status.ENROLLED, Status.WAITLISTED, Status.APPLIED):
        return CallLog.Outcome.REGISTERED
    if entry.status == Status.DUPLICATE:
        return CallLog.Outcome.SECOND_CALL
    kind = entry.problems[0].kind if entry.problems else ""
    return _CALL_OUTCOME.get(kind, CallLog.Outcome.OTHER)
