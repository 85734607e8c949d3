"""Operators at work in one intake: each call goes through the desk's own procedures, so that every
row says what really happened."""

import datetime
import random
import uuid
from collections.abc import Sequence

from classes import (
    call_attempts,
    call_log,
    calls,
    cancelling,
    desk_actions,
    loan_phones,
    places,
    posting,
    standing,
    work,
)
from classes.call_attempts import Answer, Try
from classes.demo.catalogue import Opened
from classes.demo.people import City, Person
from classes.models import (
    Application,
    CallAttempt,
    CallLog,
    CallTask,
    ClassSession,
    Enrollment,
    Notice,
    Offer,
)
from classes.outcomes import AlreadyThere, Applied, Enrolled, Refused, Registration, Waitlisted
from learners.models import Learner
from staff.models import StaffMember

Outcome = CallLog.Outcome
Source = Application.Source
MINUTE = datetime.timedelta(minutes=1)


class Reception:
    """The desk of one intake, with its operators and everybody who may call."""

    def __init__(self, city: City, opened: Opened, operators: Sequence[StaffMember]) -> None:
        self.city = city
        self.opened = opened
        self.intake = opened.intake
        self.operators = operators

    @property
    def dice(self) -> random.Random:
        return self.city.dice

    def operator(self) -> StaffMember:
        return self.dice.choice(self.operators)

    def register(
        self,
        people: Sequence[Person],
        wishes: Sequence[ClassSession],
        *,
        now: datetime.datetime,
        source: Source = Source.PHONE,
        received_at: datetime.datetime | None = None,
        override_reason: str = "",
        by: StaffMember | None = None,
        note: str = "",
    ) -> Registration:
        """One person or couple asks for classes; a couple waits together where seats are short."""
        by = by or self.operator()
        spoken = source in (Source.PHONE, Source.COUNTER)
        proxy = people[0].proxy if spoken else None
        applicants = [
            places.Applicant(
                learner=self.city.learner(person, by=by, now=now),
                client_uuid=self._uuid(),
                wants_loan_phone=person.fields["device"] == Learner.Device.NONE,
                proxy_name=proxy[0] if proxy else "",
                proxy_relation=proxy[1] if proxy else "",
                proxy_phone=proxy[2] if proxy else "",
                note=note,
            )
            for person in people
        ]
        answer = places.register(
            self.intake.pk,
            applicants=applicants,
            wishes=[wish.pk for wish in wishes],
            by=by,
            now=now,
            received_at=received_at,
            source=source,
            override_reason=override_reason,
            when_short=places.WhenShort.WAIT_TOGETHER,
            spoken=spoken,
        )
        if source == Source.PHONE:
            self._count(answer, applicants[0].learner, wishes[0], by=by, now=now)
        if isinstance(answer, Enrolled):
            self._promise_phones(answer, by=by, now=now)
        return answer

    def hang_up(
        self,
        outcome: CallLog.Outcome,
        *,
        now: datetime.datetime,
        by: StaffMember | None = None,
        about: ClassSession | None = None,
    ) -> None:
        """A call that ended without a registration: one key (rule 18)."""
        call_log.record(
            self.intake,
            client_uuid=self._uuid(),
            outcome=outcome,
            by=by or self.operator(),
            now=now,
            class_session_pk=about.pk if about else None,
        )

    def cancel(
        self, application: Application, *, now: datetime.datetime, by: StaffMember | None = None
    ) -> None:
        """Somebody calls to cancel."""
        by = by or self.operator()
        desk_actions.cancel(self.intake, application, call_uuid=self._uuid(), by=by, now=now)

    def cancel_one_seat(self, code: str, *, now: datetime.datetime) -> Application | None:
        """Somebody who came alone and holds a seat here gives it up; None if nobody did."""
        seated = self.seated_alone(code)
        if not seated:
            return None
        application = self.dice.choice(seated)
        self.cancel(application, now=now)
        return application

    def ask(self, application: Application, *, now: datetime.datetime) -> None:
        """ "Was I registered?" The answer is kept; the call is counted as a second one."""
        by = self.operator()
        desk_actions.tell_standing(self.intake, application, by=by, now=now)
        call_log.record(
            self.intake,
            client_uuid=self._uuid(),
            outcome=Outcome.SECOND_CALL,
            by=by,
            now=now,
            learner=application.learner,
            application=application,
        )

    def undo(self, application: Application, *, now: datetime.datetime) -> None:
        """The cancellation was a misunderstanding; within the undo window it never was."""
        desk_actions.restore(self.intake, application, by=self.operator(), now=now)

    def retract(self, application: Application, *, now: datetime.datetime) -> None:
        """The operator had the wrong person of the same name: taken back, the number not reused."""
        by = application.registered_by
        cancelling.retract(
            self.intake.pk, application.pk, reason="同姓同名の別の方", by=by, now=now
        )

    def try_to_reach(
        self,
        task: CallTask | None,
        outcome: CallAttempt.Outcome,
        *,
        now: datetime.datetime,
        answer: Answer | None = None,
        counts_as_told: bool = False,
        note: str = "",
        call_back_at: datetime.datetime | None = None,
    ) -> None:
        """Claim one call to make, and make it; nothing where there is none."""
        if task is None:
            return
        task.refresh_from_db(fields=["claimed_by", "claimed_at"])
        # Whoever talked to one of a couple talks to the other as well.
        on_the_line = task.claimed_by if calls.is_claimed(task, now=now) else None
        by = on_the_line or self.operator()
        calls.claim(task.pk, by=by, now=now)
        task = CallTask.objects.select_related(*calls.PANEL).get(pk=task.pk)
        numbers = calls.numbers(task)
        entered = Try(
            client_uuid=self._uuid(),
            outcome=outcome,
            number=numbers[0].e164 if numbers else "",
            note=note,
            sentence=calls.sentence(task, now=now),
            call_back_at=call_back_at,
            counts_as_told=counts_as_told,
            answer=answer if task.notice.offer_id else None,
        )
        call_attempts.record_attempt(task.pk, entered, by=by, now=now)

    def serve_line(self, days: Sequence[datetime.datetime]) -> None:
        """At each of these times the worker's round, the letters, and every call to make; on the
        last day everybody is reached."""
        for now in days:
            work.do_round(steps=work.WITHOUT_PLANNING, now=now)
            open_notices = self.open_letters()
            if open_notices:
                pks = [notice.pk for notice in open_notices]
                outcome = Notice.Outcome.POSTED
                posting.mark_sent(pks, how=outcome, by=self.operator(), now=now)
            moment = now
            for task in self.open_calls(now=now):
                moment += 3 * MINUTE
                if not CallTask.objects.open().filter(pk=task.pk).exists():
                    continue
                if now != days[-1] and self.dice.random() < 0.3:
                    self.try_to_reach(task, CallAttempt.Outcome.NO_ANSWER, now=moment)
                    continue
                answer = Answer.ACCEPTS if self.dice.random() < 0.7 else Answer.DECLINES
                self.try_to_reach(task, CallAttempt.Outcome.REACHED, answer=answer, now=moment)

    def is_settled(self) -> bool:
        """Whether no offer, call or letter of this intake is open any more."""
        offers = Offer.objects.open().filter(class_session__intake=self.intake)
        notices = Notice.objects.filter(intake=self.intake, settled_at__isnull=True)
        return not offers.exists() and not notices.exists()

    def open_calls(self, *, now: datetime.datetime) -> list[CallTask]:
        return list(calls.open_tasks(now=now).filter(notice__intake=self.intake))

    def open_letters(self) -> list[Notice]:
        return list(Notice.objects.to_post().filter(intake=self.intake))

    def newest_offer(self, code: str) -> Offer | None:
        """The last announced offer in this class that is still open."""
        offers = Offer.objects.open().filter(class_session=self.opened.classes[code])
        return offers.filter(announced_at__isnull=False).order_by("pk").last()

    def call_about_offer(self, code: str) -> CallTask | None:
        """The call that must tell of the newest announced offer in this class."""
        return (
            CallTask.objects.open()
            .filter(notice__offer__class_session=self.opened.classes[code])
            .select_related("notice__offer")
            .order_by("pk")
            .last()
        )

    def seated_alone(self, code: str) -> list[Application]:
        """Who holds a seat in this class without a companion, in order of receipt."""
        held = Enrollment.objects.held().filter(class_session=self.opened.classes[code])
        found = (
            Application.objects.active()
            .filter(enrollments__in=held)
            .select_related("learner", "registered_by")
            .order_by("number")
        )
        alone = [a for a in found if a.party.applications.count() == 1]
        for application in alone:
            application.intake = self.intake
        return alone

    def _count(
        self,
        answer: Registration,
        learner: Learner,
        wish: ClassSession,
        *,
        by: StaffMember,
        now: datetime.datetime,
    ) -> None:
        application = None
        if isinstance(answer, AlreadyThere):
            outcome, application = Outcome.SECOND_CALL, answer.applications[0]
            standing.read_aloud(self.intake, application, answer.sentence, by=by, now=now)
        elif isinstance(answer, Enrolled | Waitlisted | Applied):
            outcome, application = Outcome.REGISTERED, answer.applications[0]
        elif isinstance(answer, Refused):
            outcome = Outcome.INELIGIBLE
        else:
            outcome = Outcome.OTHER
        call_log.record(
            self.intake,
            client_uuid=self._uuid(),
            outcome=outcome,
            by=by,
            now=now,
            learner=learner,
            application=application,
            class_session_pk=wish.pk,
        )

    def _promise_phones(self, answer: Enrolled, *, by: StaffMember, now: datetime.datetime) -> None:
        wanting = {a.pk for a in answer.applications if a.wants_loan_phone}
        for seat in answer.enrollments:
            if seat.application_id in wanting:
                try:
                    loan_phones.promise(seat.pk, by=by, now=now)
                except loan_phones.NoLoanPhoneLeft:
                    continue

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)
