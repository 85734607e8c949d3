"""Who must be told what of their places: by SMS, by a call, or by post for 電話不可 (rule 20)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from classes import channels, deadlines, sentences, telling
from classes.channels import Reach
from classes.models import (
    Application,
    ClassSession,
    Enrollment,
    Intake,
    LotteryDraw,
    MessageTemplate,
    Notice,
    Offer,
)
from classes.telling import ToTell
from sms import sending_hours
from staff.models import StaffMember

Kind = MessageTemplate.Kind
# What of a class an SMS names: its text, and the class (none for a draw to come).
About = tuple[MessageTemplate.Kind, ClassSession | None]
# After so long nobody cares for a confirmation any more.
WEEK = datetime.timedelta(days=7)
# Notices that say which place somebody has or may have: a new draw makes them untrue.
ABOUT_PLACES = (
    Notice.Purpose.RESULT,
    Notice.Purpose.OFFER,
    Notice.Purpose.SEATED,
    Notice.Purpose.MOVED,
)


@dataclass(frozen=True)
class Result:
    """What a draw gave a party, whom of it to tell, and the sentence that says so."""

    application: Application
    sentence: str
    about: tuple[About, ...]
    # They were told of another result before, and are called (rule 33).
    told_before: bool = False


def registered(
    applications: Sequence[Application],
    sentence: str,
    about: Sequence[About],
    *,
    spoken: bool,
    due_at: datetime.datetime,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Notice]:
    """The result of a registration, told to one of the party. What was told on the phone makes no
    task (rule 60), but is confirmed by SMS once it can no longer be undone."""
    reach = channels.of(each.learner_id for each in applications)
    told = next((each for each in applications if _gets_texts(each, reach)), applications[0])
    intake = told.intake
    # An application may be answered again when a wish is added: the moment tells them apart.
    occasion = f"application:{told.pk}:{now:%Y%m%dT%H%M%S%f}"
    was_spoken = spoken and not told.learner.no_phone_calls
    wanted = [
        ToTell(
            told,
            Notice.Purpose.REGISTERED,
            occasion if place == 0 else f"{occasion}:{place}",
            sentence,
            due_at=due_at,
            text=kind,
            class_session=session,
            until=_until(session, now),
            not_before=now + datetime.timedelta(minutes=intake.undo_minutes),
            was_spoken=was_spoken,
        )
        for place, (kind, session) in enumerate(_for_channel(about, told, reach))
    ]
    return telling.tell(wanted, now=now, by=by, reach=reach, is_new=True)


def seated(
    enrollments: Sequence[Enrollment], *, by: StaffMember | None, now: datetime.datetime
) -> list[Notice]:
    """A party said yes to its offer, on the phone: an SMS confirms it where one can go."""
    return _confirm(enrollments, Notice.Purpose.SEATED, Kind.SEATED, by=by, now=now)


def seated_in_writing(
    offer: Offer, members: Sequence[Application], sentence: str, *, now: datetime.datetime
) -> list[Notice]:
    """A party wrote that it takes its seats, and has not heard yet that they are theirs: one of
    them is told, by SMS, a call or a letter. Members carry their intake."""
    reach = channels.of(each.learner_id for each in members)
    told = choose(members, reach)
    wanted = ToTell(
        told,
        Notice.Purpose.SEATED,
        f"offer:{offer.pk}:accepted",
        sentence,
        due_at=now + datetime.timedelta(hours=told.intake.offer_hours),
        text=Kind.SEATED,
        class_session=offer.class_session,
        until=_until(offer.class_session, now),
    )
    return telling.tell([wanted], now=now, reach=reach)


def moved(seat: Enrollment, *, by: StaffMember | None, now: datetime.datetime) -> list[Notice]:
    """A seat in another class, as staff say to the person: an SMS confirms it."""
    return _confirm([seat], Notice.Purpose.MOVED, Kind.MOVED, by=by, now=now)


def offer_announced(intake: Intake, offer: Offer, *, now: datetime.datetime) -> Notice | None:
    """Tell a party of its offer: an SMS to whoever of them can receive one, else one call to
    whoever can be called, else one letter. A deadline that is written down is kept (rule 29)."""
    members = list(
        offer.party.applications.active().select_related("learner", "intake").order_by("number")
    )
    reach = channels.of(each.learner_id for each in members)
    members = [each for each in members if each.learner_id in reach]
    if not members:
        return None
    callable_one = next((m for m in members if not m.learner.no_phone_calls), members[0])
    told = next((each for each in members if _gets_texts(each, reach)), callable_one)
    by_text = reach[told.learner_id].by_text
    if by_text:
        goes_at = sending_hours.load().next_open(now)
        offer.printed_deadline = deadlines.in_text(intake, goes_at=goes_at)
    elif told.learner.no_phone_calls:
        offer.printed_deadline = deadlines.in_letter(intake, now=now)
    offer.save(update_fields=["printed_deadline"])
    made = telling.tell(
        [
            ToTell(
                told,
                Notice.Purpose.OFFER,
                f"offer:{offer.pk}",
                sentences.offer(
                    told.learner, offer.class_session, offer.seats, offer.printed_deadline
                ),
                due_at=now + datetime.timedelta(hours=intake.offer_hours),
                text=Kind.OFFER,
                class_session=offer.class_session,
                until=offer.printed_deadline,
                offer=offer,
            )
        ],
        now=now,
        reach=reach,
    )
    return made[0] if made else None


def tell_results(
    draw: LotteryDraw,
    results: Sequence[Result],
    *,
    reach: Mapping[int, Reach],
    due_at: datetime.datetime,
    now: datetime.datetime,
    batch_size: int,
) -> list[Notice]:
    """One notice a party about its result, in inserts of many rows.

    Whoever was told of an earlier result is called (rule 33).
    """
    until = {
        session.pk: _until(session, now)
        for result in results
        for _, session in result.about
        if session is not None
    }
    wanted = [
        ToTell(
            result.application,
            Notice.Purpose.RESULT,
            f"draw:{draw.pk}:{result.application.pk}" + (f":{place}" if place else ""),
            result.sentence,
            due_at=due_at,
            text="" if result.told_before else kind,
            class_session=session,
            until=until[session.pk] if session is not None else due_at,
        )
        for result in results
        for place, (kind, session) in enumerate(
            result.about[:1]
            if result.told_before
            else _for_channel(result.about, result.application, reach)
        )
    ]
    return telling.tell(wanted, now=now, reach=reach, batch_size=batch_size, is_new=True)


def choose(applications: Sequence[Application], reach: Mapping[int, Reach]) -> Application:
    """Whom of a party to tell: who can receive an SMS, else who can be called, else the first."""
    callable_one = next((a for a in applications if not a.learner.no_phone_calls), applications[0])
    return next((a for a in applications if _gets_texts(a, reach)), callable_one)


def reword_offer(notice: Notice, offer: Offer) -> None:
    """Put the printed deadline into a letter about an offer."""
    notice.sentence = sentences.offer(
        notice.learner, offer.class_session, offer.seats, offer.printed_deadline
    )
    notice.save(update_fields=["sentence"])


def _confirm(
    enrollments: Collection[Enrollment],
    purpose: Notice.Purpose,
    kind: MessageTemplate.Kind,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> list[Notice]:
    """Only for those whom an SMS reaches: what is read aloud is kept with the place's events."""
    seats = list(
        Enrollment.objects.filter(pk__in=[seat.pk for seat in enrollments])
        .select_related("application__learner", "application__intake")
        .select_related("class_session__course__level__current", "class_session__venue")
        .prefetch_related("class_session__lessons__venue")
        .order_by("application__number")
    )
    reach = channels.of(seat.application.learner_id for seat in seats)
    wanted = [
        ToTell(
            seat.application,
            purpose,
            f"seat:{seat.pk}",
            sentences.simple("moved", seat.application.learner, seat.class_session),
            due_at=now,
            text=kind,
            class_session=seat.class_session,
            until=_until(seat.class_session, now),
            not_before=now + datetime.timedelta(minutes=seat.application.intake.undo_minutes),
            was_spoken=True,
        )
        for seat in seats
        if _gets_texts(seat.application, reach)
    ]
    return telling.tell(wanted, now=now, by=by, reach=reach)


def _gets_texts(application: Application, reach: Mapping[int, Reach]) -> bool:
    found = reach.get(application.learner_id)
    return found is not None and found.by_text


def _for_channel(
    about: Sequence[About], told: Application, reach: Mapping[int, Reach]
) -> Sequence[About]:
    """A call says everything at once; an SMS names one class (rule 50), so each seat has its own,
    and of several lines the first is named."""
    seats = [each for each in about if each[0] not in (Kind.REGISTERED_LINE, Kind.DRAW_LINE)]
    return seats if seats and _gets_texts(told, reach) else about[:1]


def _until(session: ClassSession | None, now: datetime.datetime) -> datetime.datetime:
    """Until when it is of use to hear of a place: the next lesson, or a week."""
    if session is None:
        return now + WEEK
    coming = [
        lesson.starts_at
        for lesson in session.lessons.all()
        if lesson.cancelled_at is None and lesson.starts_at > now
    ]
    return min([now + WEEK, *coming])
