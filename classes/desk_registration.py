"""One press of Enter at the desk: whoever is new is written, the party registered, the call
counted and the access logged, in one transaction or not at all."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from classes import call_log, places, standing, wishes
from classes.events import log
from classes.models import Application, CallLog, Intake, PlaceEvent
from classes.outcomes import (
    AlreadyThere,
    Applied,
    Enrolled,
    Refused,
    Registration,
    Waitlisted,
)
from classes.places import Applicant, WhenShort
from learners import people
from learners.models import Learner, PhoneNumber
from skill_levels import placements
from sms.phone_numbers import ParsedNumber
from staff import access_log
from staff.models import StaffMember

SPOKEN = frozenset({Application.Source.PHONE, Application.Source.COUNTER})


@dataclass(frozen=True)
class NewPerson:
    """Somebody to be written with this press, as read from what was typed."""

    name: str
    kana: str = ""
    latin_name: str = ""
    birth_date: datetime.date | None = None
    postcode: str = ""
    address: str = ""
    device: str = ""
    phone: ParsedNumber | None = None
    phone_owner: str = PhoneNumber.Owner.SELF
    phone_owner_name: str = ""
    sms_consent: str = PhoneNumber.Consent.UNKNOWN
    no_phone_calls: bool = False
    notes: str = ""
    consent_given_by: str = ""

    def fields(self) -> dict[str, Any]:
        """What `people.create` writes of the person."""
        return {
            "name": self.name,
            "kana": self.kana,
            "latin_name": self.latin_name,
            "birth_date": self.birth_date,
            "postcode": self.postcode,
            "address": self.address,
            "device": self.device,
            "no_phone_calls": self.no_phone_calls,
            "notes": self.notes,
        }

    def numbers(self) -> list[people.NumberInput]:
        """The number as it was given, if there is one."""
        if self.phone is None:
            return []
        return [
            people.NumberInput(
                self.phone,
                owner=self.phone_owner,
                owner_name=self.phone_owner_name,
                sms_consent=self.sms_consent,
                consent_given_by=self.consent_given_by,
            )
        ]


@dataclass(frozen=True)
class Caller:
    """One person of the call: known, or new with what was typed."""

    client_uuid: uuid.UUID
    learner_pk: int | None = None
    new: NewPerson | None = None
    # What somebody new answered about their level ("yyn", skill_levels.placements).
    placement: str = ""
    wants_loan_phone: bool = False
    note: str = ""


@dataclass(frozen=True)
class Call:
    """Everything one press carries."""

    client_uuid: uuid.UUID
    callers: tuple[Caller, ...]
    wishes: tuple[int, ...]
    source: Application.Source = Application.Source.PHONE
    # The written time of paper and fax (rule 24).
    received_at: datetime.datetime | None = None
    override_reason: str = ""
    expects_seat: bool = False
    when_short: WhenShort = WhenShort.ASK
    proxy_name: str = ""
    proxy_relation: str = ""
    proxy_phone: str = ""
    route: str = "desk_register"


class NoSuchPerson(Exception):
    """The person was merged into another record, or anonymised, since the page was made."""


def take(intake: Intake, call: Call, *, by: StaffMember, now: datetime.datetime) -> Registration:
    """Answer one press (rules 18, 19 and 22). The same uuids get the same answer.

    Nobody new is kept unless the answer holds a place for them: not after a refusal, nor while
    the caller still has to choose. Raises NoSuchPerson, and ValueError as `places.register` does.
    """
    # Read before the transaction, which on SQLite keeps every other writer waiting from its start.
    chosen = wishes.read(intake.pk, call.wishes)
    on_record = _on_record(call)
    with transaction.atomic():
        if any(caller.new is not None for caller in call.callers):
            # What is written of somebody new can be taken back here without the rest.
            with transaction.atomic():
                learners, answer = _register(intake, call, chosen, on_record, by=by, now=now)
                if not _places_all(call, learners, answer):
                    transaction.set_rollback(True)
        else:
            learners, answer = _register(intake, call, chosen, on_record, by=by, now=now)
        _count(intake, call, chosen, answer, by=by, now=now)
        known = [
            learner
            for caller, learner in zip(call.callers, learners, strict=True)
            if caller.new is None
        ]
        if isinstance(answer, AlreadyThere):
            first = answer.applications[0]
            standing.read_aloud(intake, first, answer.sentence, by=by, now=now)
        elif isinstance(answer, Refused) and known and len(known) < len(learners):
            _keep_refusal(intake, call, answer, known[0], by=by, now=now)
        placed = [application.learner for application in _applications(answer)]
        if placed or known:
            access_log.record(
                who=by,
                now=now,
                route=call.route,
                method="POST",
                purpose="registration",
                subjects=placed or known,
            )
    return answer


def _register(
    intake: Intake,
    call: Call,
    chosen: wishes.Wishes,
    on_record: dict[int, Learner],
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> tuple[list[Learner], Registration]:
    learners = [
        on_record[caller.learner_pk or 0]
        if caller.new is None
        else _bring_in(caller, caller.new, by=by, now=now)
        for caller in call.callers
    ]
    answer = places.register(
        intake.pk,
        applicants=_applicants(call, learners),
        wishes=chosen,
        by=by,
        now=now,
        received_at=call.received_at,
        source=call.source,
        override_reason=call.override_reason,
        expects_seat=call.expects_seat,
        when_short=call.when_short,
        # Whoever wrote a letter or sent a fax did not hear the answer.
        spoken=call.source in SPOKEN,
    )
    return learners, answer


def _bring_in(
    caller: Caller, new: NewPerson, *, by: StaffMember, now: datetime.datetime
) -> Learner:
    learner = people.create(new.fields(), new.numbers(), by=by, now=now)
    if caller.placement:
        placements.place_as_answered(learner, caller.placement, by=by, now=now)
    return learner


def _places_all(call: Call, learners: list[Learner], answer: Registration) -> bool:
    """Whether everybody new got a place; a second press finds the first one's people."""
    placed = {application.learner_id for application in _applications(answer)}
    return all(
        learner.pk in placed
        for caller, learner in zip(call.callers, learners, strict=True)
        if caller.new is not None
    )


def _count(
    intake: Intake,
    call: Call,
    chosen: wishes.Wishes,
    answer: Registration,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """Count the call by what it ended in; who came or wrote did not call (rule 18)."""
    if call.source != Application.Source.PHONE:
        return
    if isinstance(answer, AlreadyThere):
        outcome, first = CallLog.Outcome.SECOND_CALL, answer.applications[0]
    elif _applications(answer):
        outcome, first = CallLog.Outcome.REGISTERED, _applications(answer)[0]
    else:
        return
    call_log.record(
        intake,
        client_uuid=call.client_uuid,
        outcome=outcome,
        by=by,
        now=now,
        learner=first.learner,
        application=first,
        class_session_pk=chosen.first,
    )


def _keep_refusal(
    intake: Intake,
    call: Call,
    answer: Refused,
    learner: Learner,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """What was said to somebody known stays, although the new partner was not written (rule 19)."""
    log(
        [
            PlaceEvent(
                intake=intake,
                learner=learner,
                class_session_id=call.wishes[0],
                kind=PlaceEvent.Kind.REFUSED,
                at=now,
                by=by,
                sentence=answer.sentence,
                details={"kinds": [reason.kind for reason in answer.reasons]},
            )
        ]
    )


def _on_record(call: Call) -> dict[int, Learner]:
    """The known people of the call; that they still stand is checked under the lock."""
    wanted = [caller.learner_pk or 0 for caller in call.callers if caller.new is None]
    if not wanted:
        return {}
    found = Learner.objects.current().in_bulk(wanted)
    if any(pk not in found for pk in wanted):
        raise NoSuchPerson
    return found


def _applicants(call: Call, learners: list[Learner]) -> list[Applicant]:
    return [
        Applicant(
            learner=learner,
            client_uuid=caller.client_uuid,
            wants_loan_phone=caller.wants_loan_phone,
            proxy_name=call.proxy_name,
            proxy_relation=call.proxy_relation,
            proxy_phone=call.proxy_phone,
            note=caller.note,
        )
        for caller, learner in zip(call.callers, learners, strict=True)
    ]


def _applications(answer: Registration) -> tuple[Application, ...]:
    if isinstance(answer, Enrolled | Waitlisted | Applied):
        return answer.applications
    return ()
