"""What the desk shows: figures, classes with their seats and lines, a caller's card, past answers.

Every function costs the same number of queries however many rows there are.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import get_language

from classes import call_log, seats, standing
from classes.models import (
    Application,
    CallLog,
    Choice,
    ClassSession,
    Enrollment,
    Intake,
    Lesson,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)
from learners import birth_dates
from learners.models import Learner, PhoneNumber

RECENT_CALLS = 3
INTAKE_STAYS_DAYS = 90
PAST_SENTENCES = 20


@dataclass(frozen=True)
class Figures:
    """The intake at a glance; calls and people are two things (rule 18)."""

    calls: int
    held: int
    capacity: int
    waiting_people: int


@dataclass(frozen=True)
class ClassRow:
    """One class of the list, with what a caller would get now."""

    class_session: ClassSession
    count: seats.SeatCount
    waiting: seats.Waiting
    bookable: int
    awaits_draw: bool
    applications: int = 0

    @property
    def course_name(self) -> str:
        """The course in the language of the screen."""
        course = self.class_session.course
        english = (get_language() or "").startswith("en")
        return course.name_en or course.name if english else course.name

    @property
    def lessons(self) -> list[Lesson]:
        """The lessons that take place, in time order."""
        running = [x for x in self.class_session.lessons.all() if x.cancelled_at is None]
        return sorted(running, key=lambda lesson: lesson.starts_at)

    @property
    def words(self) -> str:
        return filter_words(self.class_session)

    @property
    def next_position(self) -> int:
        """Where the next party would stand in line."""
        return self.waiting.parties + 1

    @property
    def has_room(self) -> bool:
        """Whether the page promises a seat (then `register` is told so)."""
        return self.bookable > 0 and not self.awaits_draw


@dataclass(frozen=True)
class LastRound:
    """How the latest earlier intake ended for a person."""

    intake: Intake
    result: str


@dataclass(frozen=True)
class Card:
    """Everything the operator needs to know of a caller."""

    learner: Learner
    phones: tuple[PhoneNumber, ...]
    age: int | None
    era_year: str
    last_round: LastRound | None
    seats_before: int
    standing: standing.Standing | None
    undoable: Application | None

    @property
    def not_asked(self) -> PhoneNumber | None:
        """The first mobile of which nobody knows yet whether SMS may go there (rule 11)."""
        capable = (number for number in self.phones if number.sms_capable)
        return next((number for number in capable if not number.sms_consent), None)


@dataclass(frozen=True)
class RecentCall:
    """One of the operator's last calls, and what U would do about it; U does the next of them."""

    call: CallLog
    undo: str
    is_next: bool = False

    @property
    def can_undo(self) -> bool:
        return bool(self.undo)


@dataclass(frozen=True)
class Result:
    """One line of the search: what tells people of one name apart (rule 5)."""

    learner: Learner
    age: int | None
    era_year: str
    phone_tails: tuple[str, ...]
    application: Application | None


def choose_intake(
    asked: str | None, *, now: datetime.datetime
) -> tuple[Intake | None, list[Intake]]:
    """The intake to work on, and all that may be chosen: asked for, open, next, or the last."""
    recent = now - datetime.timedelta(days=INTAKE_STAYS_DAYS)
    intakes = list(Intake.objects.filter(closes_at__gt=recent).order_by("opens_at", "code"))
    for candidates in (
        [intake for intake in intakes if intake.code == asked],
        [intake for intake in intakes if intake.takes_applications_at(now)],
        [intake for intake in intakes if intake.opens_at > now],
        intakes[-1:],
    ):
        if candidates:
            return candidates[0], intakes
    return None, []


def results(
    intake: Intake,
    learners: Iterable[Learner],
    receipt: Application | None,
    *,
    now: datetime.datetime,
) -> list[Result]:
    """Search results with age, town, numbers and an application that stands here already."""
    people = list(learners)
    if receipt is not None:
        people = [receipt.learner, *(x for x in people if x.pk != receipt.learner_id)]
    prefetch_related_objects(people, "phone_numbers")
    applications = applications_here(intake, people) if people else {}
    if receipt is not None:
        applications[receipt.learner_id] = receipt
    today = timezone.localtime(now).date()
    return [
        Result(
            learner=learner,
            age=learner.age_on(today),
            era_year=birth_dates.format_era(learner.birth_date) if learner.birth_date else "",
            phone_tails=tuple(number.e164[-4:] for number in learner.phone_numbers.all()),
            application=applications.get(learner.pk),
        )
        for learner in people
    ]


def class_rows(intake: Intake, *, now: datetime.datetime) -> list[ClassRow]:
    """The running classes of an intake by code, with course, venue and lessons loaded."""
    sessions = list(
        ClassSession.objects.running()
        .filter(intake=intake)
        .select_related("course__level__current", "venue")
        .prefetch_related("lessons")
        .order_by("code")
    )
    return _rows(intake, sessions, now=now)


def live_rows(intake: Intake, *, now: datetime.datetime) -> list[ClassRow]:
    """The same rows with their numbers only, for the refresh every few seconds."""
    sessions = list(ClassSession.objects.running().filter(intake=intake).order_by("code"))
    return _rows(intake, sessions, now=now)


def version(rows: Iterable[ClassRow]) -> str:
    """Changes when a class was added or cancelled, so that an open page takes the new list."""
    return "-".join(str(row.class_session.pk) for row in rows)


def figures(intake: Intake, rows: Iterable[ClassRow]) -> Figures:
    """Calls in, seats held and people waiting, in two queries."""
    counts = [row.count for row in rows]
    in_line = WaitlistEntry.objects.waiting().filter(party=OuterRef("party"))
    return Figures(
        calls=CallLog.objects.filter(intake=intake).count(),
        held=sum(count.held for count in counts),
        capacity=sum(count.capacity for count in counts),
        waiting_people=Application.objects.active().filter(Exists(in_line), intake=intake).count(),
    )


def filter_words(class_session: ClassSession) -> str:
    """By which words a class is found: code, course, venue, weekdays, half of the day."""
    starts = [
        timezone.localtime(lesson.starts_at)
        for lesson in class_session.lessons.all()
        if lesson.cancelled_at is None
    ]
    words = [
        class_session.code,
        class_session.course.name,
        class_session.course.short_name,
        class_session.course.name_en,
        class_session.venue.name,
        class_session.venue.short_name,
    ]
    for start in starts:
        day = start.weekday()
        words += ["月火水木金土日"[day], "月火水木金土日"[day] + "曜"]
        words += [("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day]]
        words += ["午前", "am"] if start.hour < 12 else ["午後", "pm"]
    folded = (unicodedata.normalize("NFKC", word).lower() for word in words if word)
    return " ".join(dict.fromkeys(folded))


def card(intake: Intake, learner: Learner, *, now: datetime.datetime) -> Card:
    """The caller's card; `learner.phone_numbers` should be prefetched."""
    today = timezone.localtime(now).date()
    applications = list(
        Application.objects.filter(learner=learner)
        .select_related("intake")
        .prefetch_related("enrollments")
        .order_by("-received_at", "-pk")
    )
    here = [application for application in applications if application.intake_id == intake.pk]
    active = next((a for a in here if a.status == Application.Status.ACTIVE), None)
    before = [a for a in applications if a.intake_id != intake.pk]
    for application in here:
        application.intake = intake
        application.learner = learner
    return Card(
        learner=learner,
        phones=tuple(learner.phone_numbers.all()),
        age=learner.age_on(today),
        era_year=birth_dates.format_era(learner.birth_date) if learner.birth_date else "",
        last_round=LastRound(before[0].intake, _result(before[0])) if before else None,
        seats_before=sum(bool(_seats_kept(application)) for application in before),
        standing=standing.of(intake, active) if active else None,
        undoable=None if active else _undoable(intake, here, now),
    )


def applications_here(intake: Intake, learners: Sequence[Learner]) -> dict[int, Application]:
    """Active applications of these people in the intake, by learner, in one query."""
    found = Application.objects.active().filter(intake=intake, learner__in=learners)
    applications = {application.learner_id: application for application in found}
    for application in applications.values():
        application.intake = intake
    return applications


_RECEIPT = re.compile(r"(?:(?P<intake>[0-9A-Za-z][0-9A-Za-z_-]*?)-)?(?P<number>[0-9]{1,6})")


def find_by_receipt(text: str, intake: Intake) -> Application | None:
    """The application of a receipt number as said: 42, 10-42, 10月の42番, 2026-10-0042, 受付42.

    A bare number is of this intake; "10" names the intake whose code ends in it.
    """
    plain = re.sub(r"[\s番号第の#№]|受付|no\.?|receipt", "", _ascii(text).lower())
    plain = plain.replace("月", "-")
    match = _RECEIPT.fullmatch(plain)
    if match is None or int(match["number"]) > 2_000_000_000:
        return None
    applications = Application.objects.select_related("intake", "learner").filter(
        number=int(match["number"])
    )
    named = match["intake"]
    if not named:
        return applications.filter(intake=intake).first()
    # 9月 is the intake 2026-09; of several years this one's, else the latest.
    codes = {named, named.zfill(2)} if named.isdigit() else {named}
    endings = Q()
    for code in codes:
        endings |= Q(intake__code__iexact=code) | Q(intake__code__iendswith=f"-{code}")
    found = list(applications.filter(endings).order_by("-intake__opens_at"))
    return next((a for a in found if a.intake_id == intake.pk), found[0] if found else None)


def past_sentences(learner: Learner) -> list[PlaceEvent]:
    """What was read aloud to a person before, latest first, with minute and operator (rule 19)."""
    return list(
        PlaceEvent.objects.filter(learner=learner)
        .exclude(sentence="")
        .select_related("by", "intake")
        .order_by("-at", "-pk")[:PAST_SENTENCES]
    )


def recent_calls(by: Any, intake: Intake, *, now: datetime.datetime) -> list[RecentCall]:
    """The operator's last calls, each with what can still be undone."""
    calls = call_log.recent(by, intake, limit=RECENT_CALLS)
    window = datetime.timedelta(minutes=intake.undo_minutes)
    undos = [_undo_of(call, window, now) for call in calls]
    following = next((at for at, undo in enumerate(undos) if undo), None)
    return [
        RecentCall(call, undo, is_next=at == following)
        for at, (call, undo) in enumerate(zip(calls, undos, strict=True))
    ]


def _rows(
    intake: Intake, sessions: list[ClassSession], *, now: datetime.datetime
) -> list[ClassRow]:
    counts = seats.count(sessions, now=now)
    lines = seats.waiting(sessions)
    wished = _applications_by_class(sessions) if intake.awaits_draw else {}
    doubtful = [s.pk for s in sessions if counts[s.pk].free > 0 and lines[s.pk].parties]
    fitting = _classes_where_somebody_fits(doubtful, counts) if doubtful else set()
    return [
        ClassRow(
            class_session=session,
            count=counts[session.pk],
            waiting=lines[session.pk],
            bookable=0 if session.pk in fitting else counts[session.pk].free,
            awaits_draw=intake.awaits_draw,
            applications=wished.get(session.pk, 0),
        )
        for session in sessions
    ]


def _applications_by_class(sessions: Iterable[ClassSession]) -> dict[int, int]:
    """How many people wish for each class of a lottery, whatever the rank."""
    people = Count(
        "party__applications",
        filter=Q(party__applications__status=Application.Status.ACTIVE),
    )
    rows = (
        Choice.objects.filter(class_session__in=sessions)
        .order_by()
        .values("class_session")
        .annotate(people=people)
        .values_list("class_session", "people")
    )
    return dict(rows)


def _classes_where_somebody_fits(
    pks: Iterable[int], counts: dict[int, seats.SeatCount]
) -> set[int]:
    """Classes whose free seats are for the line, not for the next caller (rule 28)."""
    open_offer = Offer.objects.open().filter(
        party=OuterRef("party"), class_session=OuterRef("class_session")
    )
    sizes = (
        WaitlistEntry.objects.waiting()
        .filter(~Exists(open_offer), class_session__in=pks)
        .order_by()
        .annotate(
            size=Count(
                "party__applications",
                filter=Q(party__applications__status=Application.Status.ACTIVE),
            )
        )
        .values_list("class_session", "size")
        .distinct()
    )
    return {pk for pk, size in sizes if 0 < size <= counts[pk].free}


def _seats_kept(application: Application) -> list[Enrollment]:
    given_up = {Enrollment.Ending.CANCELLED, Enrollment.Ending.MOVED, Enrollment.Ending.SUPERSEDED}
    return [e for e in application.enrollments.all() if e.ending not in given_up]


def _result(application: Application) -> str:
    """seated, cancelled, missed (a lottery) or no_seat."""
    if _seats_kept(application):
        return "seated"
    if application.status != Application.Status.ACTIVE:
        return "cancelled"
    return "missed" if application.intake.is_lottery else "no_seat"


def _undoable(
    intake: Intake, applications: Iterable[Application], now: datetime.datetime
) -> Application | None:
    """A cancellation of this person that can still be taken back (rule 30)."""
    window = datetime.timedelta(minutes=intake.undo_minutes)
    return next(
        (
            application
            for application in applications
            if application.status == Application.Status.CANCELLED
            and application.ended_at is not None
            and now < application.ended_at + window
        ),
        None,
    )


def _undo_of(call: CallLog, window: datetime.timedelta, now: datetime.datetime) -> str:
    """What U does about a call: retract, restore, unanswer, uncount; "" if its time is over."""
    application = call.application
    if application is None:
        return "uncount" if now < call.called_at + window else ""
    if application.status == Application.Status.CANCELLED and application.ended_at:
        return "restore" if now < application.ended_at + window else ""
    if application.status != Application.Status.ACTIVE:
        return ""
    if call.outcome == CallLog.Outcome.REGISTERED:
        return "retract" if now < application.registered_at + window else ""
    if call.outcome == CallLog.Outcome.OFFER_ANSWER:
        return "unanswer" if now < call.called_at + window else ""
    return ""


def _ascii(text: str) -> str:
    """Half-width digits and one kind of dash."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub("[‐‑‒–—―─━−ー]", "-", plain)
