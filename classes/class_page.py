"""What the page of one class shows: roster, line with every passing-over, offers, history."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from classes import (
    added_class,
    announced,
    histories,
    loan_phones,
    overlaps,
    seats,
    timetable,
    unreached,
    waitlist,
)
from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    Lesson,
    Notice,
    Offer,
    PlaceEvent,
    WaitlistEntry,
)
from classes.seats import SeatCount, Waiting
from staff import roles
from staff.models import StaffMember


@dataclass(frozen=True)
class Seat:
    """One line of the roster."""

    enrollment: Enrollment
    age: int | None
    together_with: tuple[str, ...]
    # What they wrote about the next lesson: a `Notice.Answer`, or nothing.
    answer: str = ""

    @property
    def application(self) -> Application:
        return self.enrollment.application


@dataclass(frozen=True)
class InLine:
    """One party in line: its position now, and why it was passed over."""

    entry: WaitlistEntry
    position: int
    members: tuple[Application, ...]
    has_offer: bool
    passed_over: tuple[PlaceEvent, ...]

    @property
    def size(self) -> int:
        return len(self.members)


@dataclass(frozen=True)
class OpenOffer:
    """An open offer with whom it is for and how far it got."""

    offer: Offer
    members: tuple[Application, ...]
    is_late: bool
    # A bad day: the time to answer stands still (rule 29).
    is_paused: bool
    waits_for_undo: bool
    # Calls in vain, beside what the rule of the intake asks for before it passes on.
    tries: unreached.Tries
    # How far its SMS has got, while nobody was told.
    texted: Notice | None = None


@dataclass(frozen=True)
class ClassPage:
    """One class session at one moment, for people of the desk."""

    class_session: ClassSession
    intake: Intake
    seats: SeatCount
    waiting: Waiting
    roster: Sequence[Seat]
    undoable: Sequence[Enrollment]
    line: Sequence[InLine]
    offers: Sequence[OpenOffer]
    room_elsewhere: Sequence[ClassSession]
    phones: Sequence[loan_phones.Usage]
    warnings: Sequence[str]
    passes_by_itself: bool
    can_join: bool
    # Seats are free that somebody without an offer fits (rule 29).
    is_unserved: bool
    # Seats are free, nobody waits here, and so many wait for other classes of the level.
    parties_elsewhere: int


def visible_to(who: StaffMember) -> QuerySet[ClassSession]:
    """Class sessions this person may see: the desk all, an instructor only their own (rule 65)."""
    sessions = ClassSession.objects.select_related("intake", "course__level__current", "venue")
    if who.has_role(roles.RECEPTION, roles.COORDINATOR, roles.ADMINISTRATOR):
        return sessions
    return sessions.filter(Q(instructors=who) | Q(assistants=who)).distinct()


def roster(class_session: ClassSession, *, next_lesson: Lesson | None = None) -> list[Seat]:
    """Who holds a seat, in order of receipt, with what they wrote about the next lesson; in a
    constant number of queries."""
    said = announced.answers_for([next_lesson] if next_lesson else [])
    held = list(
        Enrollment.objects.held()
        .filter(class_session=class_session)
        .select_related("application__learner", "application__intake")
        .prefetch_related("application__learner__phone_numbers")
        .order_by("application__number")
    )
    parties: dict[int, list[Enrollment]] = defaultdict(list)
    for seat in held:
        parties[seat.application.party_id].append(seat)
    first = min((lesson.day for lesson in class_session.lessons.all()), default=None)
    return [
        Seat(
            seat,
            seat.application.learner.age_on(first or class_session.intake.reference_date),
            tuple(
                other.application.learner.display_name
                for other in parties[seat.application.party_id]
                if other != seat
            ),
            _answer(said, seat, next_lesson),
        )
        for seat in held
    ]


def next_lesson(class_session: ClassSession, *, now: datetime.datetime) -> Lesson | None:
    """The next lesson that takes place; from lessons that are loaded already."""
    coming = [
        lesson
        for lesson in class_session.lessons.all()
        if lesson.starts_at > now and lesson.cancelled_at is None
    ]
    return min(coming, key=lambda lesson: lesson.starts_at, default=None)


def _answer(said: Mapping[tuple[int, int], Notice], seat: Enrollment, lesson: Lesson | None) -> str:
    notice = said.get((seat.application.learner_id, lesson.pk if lesson else 0))
    return notice.answer if notice else ""


def page(class_session: ClassSession, *, now: datetime.datetime) -> ClassPage:
    """Everything the desk sees of one class, in a constant number of queries."""
    intake = class_session.intake
    entries = list(waitlist.line(class_session))
    offers = list(
        Offer.objects.open().filter(class_session=class_session).order_by("made_at", "pk")
    )
    members = _members({e.party_id for e in entries} | {o.party_id for o in offers})
    passed = _passed_over(class_session, members)
    tries = unreached.tries_of(offers, intake)
    paused = set(
        Offer.objects.paused().filter(class_session=class_session).values_list("pk", flat=True)
    )
    texted = {
        notice.offer_id: notice
        for notice in Notice.objects.to_text()
        .filter(offer__class_session=class_session)
        .select_related("message")
    }
    sitting = roster(class_session, next_lesson=next_lesson(class_session, now=now))
    times = waitlist.joining_times(class_session, intake)
    count = seats.count_one(class_session, now=now)
    return ClassPage(
        class_session=class_session,
        intake=intake,
        seats=count,
        waiting=seats.waiting([class_session])[class_session.pk],
        roster=sitting,
        undoable=_undoable(class_session, intake, now),
        line=[
            InLine(
                entry,
                position,
                members.get(entry.party_id, ()),
                entry.has_offer,
                tuple(passed.get(entry.party_id, ())),
            )
            for position, entry in enumerate(entries, start=1)
        ],
        offers=[
            OpenOffer(
                offer,
                members.get(offer.party_id, ()),
                offer.expires_at is not None and offer.expires_at <= now and offer.pk not in paused,
                offer.pk in paused,
                offer.announce_after > now,
                tries[offer.pk],
                texted.get(offer.pk),
            )
            for offer in offers
        ],
        room_elsewhere=_room_elsewhere(class_session, intake, now),
        is_unserved=waitlist.smallest_unserved([class_session], now=now).get(
            class_session.pk, count.free + 1
        )
        <= count.free,
        parties_elsewhere=added_class.parties_elsewhere(class_session)
        if count.free and not entries and times.can_join(now)
        else 0,
        phones=loan_phones.usage(class_session, now=now),
        warnings=warnings(class_session),
        passes_by_itself=times.passes_by_itself(now),
        can_join=times.can_join(now),
    )


def warnings(class_session: ClassSession) -> list[str]:
    """What stands in the way of its lessons, and who is missing (rules 38 and 40)."""
    return [
        *_lesson_warnings(class_session),
        *(
            _("No. %(number)d: %(name)s is also in %(other)s at this time.")
            % {
                "number": overlap.lesson.number,
                "name": overlap.learner.display_name,
                "other": overlap.other.class_session,
            }
            for overlap in overlaps.of_class(class_session)
        ),
    ]


def _lesson_warnings(class_session: ClassSession) -> list[str]:
    # Learners are left to the overlaps, which name them.
    return [
        _("No. %(number)d: %(text)s") % {"number": conflict.number, "text": conflict.text}
        if conflict.number
        else conflict.text
        for conflict in timetable.conflicts_of(class_session)
        if conflict.kind != "learner"
    ]


def history(class_session: ClassSession) -> QuerySet[PlaceEvent]:
    """What happened to places in this class, the latest first; a cancellation names no class."""
    had_place = Application.objects.filter(
        Q(enrollments__class_session=class_session)
        | Q(party__waitlist_entries__class_session=class_session)
    ).values("pk")
    return (
        PlaceEvent.objects.filter(
            Q(class_session=class_session)
            | Q(
                class_session__isnull=True,
                intake=class_session.intake_id,
                application__in=had_place,
            )
        )
        .select_related("learner", "application__intake", "by")
        .order_by("-at", "-pk")
    )


def described(events: Sequence[PlaceEvent]) -> list[tuple[PlaceEvent, str]]:
    """Each event with what it says in words."""
    return [(event, histories.describe(event)) for event in events]


def _members(party_pks: set[int]) -> dict[int, tuple[Application, ...]]:
    found: dict[int, list[Application]] = defaultdict(list)
    applications = (
        Application.objects.active()
        .filter(party__in=party_pks)
        .select_related("learner", "intake")
        .prefetch_related("learner__phone_numbers")
        .order_by("number")
    )
    for application in applications:
        found[application.party_id].append(application)
    return {pk: tuple(members) for pk, members in found.items()}


def _passed_over(
    class_session: ClassSession, members: Mapping[int, Sequence[Application]]
) -> dict[int, list[PlaceEvent]]:
    """Every passing-over of those in line, told once a party although logged for each member."""
    first_of = {group[0].pk: party_pk for party_pk, group in members.items() if group}
    events = (
        PlaceEvent.objects.filter(
            class_session=class_session,
            application__in=first_of,
            kind__in=(PlaceEvent.Kind.PASSED_OVER, PlaceEvent.Kind.OVERTAKEN),
        )
        .select_related("by")
        .order_by("at", "pk")
    )
    found: dict[int, list[PlaceEvent]] = defaultdict(list)
    for event in events:
        event.words = histories.describe(event)  # type: ignore[attr-defined]
        found[first_of[event.application_id]].append(event)  # type: ignore[index]
    return found


def _undoable(
    class_session: ClassSession, intake: Intake, now: datetime.datetime
) -> list[Enrollment]:
    """Seats given up so lately that the cancellation can be taken back (rule 30)."""
    window = datetime.timedelta(minutes=intake.undo_minutes)
    return list(
        Enrollment.objects.filter(
            class_session=class_session,
            undo_until__gt=now,
            application__status=Application.Status.CANCELLED,
            application__ended_at__gt=now - window,
        )
        .select_related("application__learner", "application__intake")
        .order_by("undo_until")
    )


def _room_elsewhere(
    class_session: ClassSession, intake: Intake, now: datetime.datetime
) -> list[ClassSession]:
    """Classes of the intake with a seat that nobody waits for (rule 28)."""
    others = list(
        ClassSession.objects.running()
        .filter(intake=intake)
        .exclude(pk=class_session.pk)
        .select_related("course", "venue")
        .prefetch_related(Prefetch("lessons"))
    )
    for other in others:
        other.intake = intake
    counts = seats.count(others, now=now)
    unserved = waitlist.smallest_unserved(others, now=now)
    return [
        other
        for other in others
        if counts[other.pk].free
        and unserved.get(other.pk, counts[other.pk].free + 1) > counts[other.pk].free
        and waitlist.joining_times(other, intake).can_join(now)
    ]
