"""The first-come round that is under way: the morning it opened, the evening after, and now."""

import datetime
from collections.abc import Iterable, Iterator

from classes import calls, places, posting, steering, waitlist, work
from classes.call_attempts import Answer
from classes.demo import messages, past_rounds
from classes.demo.calendar import Calendar
from classes.demo.people import BY_FAX, COUPLES, DECEASED, NO_CALLS, OUT_OF_TOWN, Person
from classes.demo.reception import MINUTE, Outcome, Reception, Source
from classes.models import (
    Application,
    CallAttempt,
    CallTask,
    Choice,
    ClassSession,
    Notice,
    WaitlistEntry,
)
from classes.outcomes import Enrolled, Waitlisted

NEW_CALLERS = range(146, 226)
RETURNING = 32
# They ask for A2 in the evening, when one seat is about to become free: a line of two.
WAITING_AS_TWO = 160
# They stand first in line for N2: the next single person goes past them (rule 27).
FIRST_IN_LINE_AS_TWO = 147
# Their date of birth is told in the afternoon.
AGE_TOLD_LATER = 151
SPARE_SEATS = 4
HOUR = 60 * MINUTE


def play(reception: Reception, dates: Calendar) -> None:
    """Everything that happened in this intake until now."""
    opens = dates.current.opens_at
    for minutes in (-260, -180, -60, -32, -11, -3):
        reception.hang_up(Outcome.BEFORE_OPENING, now=opens + minutes * MINUTE)
    _rush(reception, opens)
    _afternoon(reception, opens)
    _evening(reception, opens)
    messages.remind_since(dates, until=dates.now - 125 * MINUTE)
    _until_now(reception, dates.now)


def ask_too_early(reception: Reception, *, now: datetime.datetime) -> None:
    """Two callers ask for the round that is not open yet."""
    for minutes in (63, 29):
        reception.hang_up(Outcome.BEFORE_OPENING, now=now - minutes * MINUTE)


def callers(reception: Reception) -> list[list[Person]]:
    """New callers and some who came before, in the order in which they get through."""
    city = reception.city
    kept_back = {WAITING_AS_TWO, FIRST_IN_LINE_AS_TWO, OUT_OF_TOWN, DECEASED, *NO_CALLS}
    again = city.dice.sample(range(NEW_CALLERS.start), RETURNING)
    first = {i - 1 if i - 1 in COUPLES else i for i in (*NEW_CALLERS, *again)} - kept_back
    parties = [city.party(index) for index in sorted(first)]
    city.dice.shuffle(parties)
    return parties


def _rush(reception: Reception, opens: datetime.datetime) -> None:
    """The morning: three telephones ring without a pause."""
    moments = past_rounds.ringing(reception, opens, pause=95)
    classes = list(reception.opened.classes.values())
    a_couple_waits = False
    for number, party in enumerate(callers(reception), start=1):
        answer = reception.register(party, _wishes(reception, party), now=next(moments))
        if number % 6 == 0:
            reception.hang_up(
                Outcome.INQUIRY, now=next(moments), about=reception.dice.choice(classes)
            )
        if number % 8 == 0:
            _no_seat_wanted(reception, moments)
        if number % 29 == 0:
            reception.hang_up(Outcome.INELIGIBLE, now=next(moments))
        if number == 11:
            _slip(reception, answer, next(moments))
        if not a_couple_waits and _is_full(reception, "N2"):
            a_couple_waits = True
            couple = reception.city.party(FIRST_IN_LINE_AS_TWO)
            reception.register(couple, [reception.opened.classes["N2"]], now=next(moments))
    _by_fax_and_letter(reception, next(moments))


def _wishes(reception: Reception, party: list[Person]) -> list[ClassSession]:
    """A class of the level, sometimes a second. A2 fills up and then nobody asks for it; in P2
    some seats stay free."""
    classes = reception.opened.classes
    wishes = past_rounds.wishes_of(reception, party[0])
    for first, second, spare in (("A1", "A2", 0), ("P1", "P2", SPARE_SEATS)):
        if wishes[0] in (classes[first], classes[second]):
            has_room = _free(reception, second) >= spare + len(party)
            return [classes[second if has_room and reception.dice.random() < 0.5 else first]]
    return wishes


def _free(reception: Reception, code: str) -> int:
    session = reception.opened.classes[code]
    return session.capacity - session.enrollments.filter(ended_at=None).count()


def _is_full(reception: Reception, code: str) -> bool:
    return _free(reception, code) <= 0


def _no_seat_wanted(reception: Reception, moments: Iterator[datetime.datetime]) -> None:
    full = [c for code, c in reception.opened.classes.items() if _is_full(reception, code)]
    if full:
        reception.hang_up(
            Outcome.NO_SEAT_WANTED, now=next(moments), about=reception.dice.choice(full)
        )


def _slip(reception: Reception, answer: object, now: datetime.datetime) -> None:
    """The wrong person of the same name, taken back at once."""
    if isinstance(answer, Enrolled | Waitlisted):
        for application in answer.applications:
            application.intake = reception.intake
            reception.retract(application, now=now)


def _by_fax_and_letter(reception: Reception, now: datetime.datetime) -> None:
    """電話不可: entered at noon with the written time; whom they overtake is logged (rule 24)."""
    classes = reception.opened.classes
    written = {157: ("N2", 25), 183: ("P2", 70), 222: ("N1", 140)}
    for index, (code, minutes) in written.items():
        reception.register(
            reception.city.party(index),
            [classes[code]],
            now=now + index * 2 * MINUTE / 100,
            source=Source.FAX if index in BY_FAX else Source.PAPER,
            received_at=reception.intake.opens_at + minutes * MINUTE,
            note="ファクスで受付" if index in BY_FAX else "はがきで受付",
        )


def _afternoon(reception: Reception, opens: datetime.datetime) -> None:
    """Cancellations, an exception, a move, and the first offers."""
    classes = reception.opened.classes
    outsider = reception.city.party(OUT_OF_TOWN)
    refused = opens + 4 * HOUR
    reception.register(outsider, [classes["P1"]], now=refused)
    reception.register(
        outsider,
        [classes["P1"]],
        now=refused + 6 * MINUTE,
        override_reason="市内の長女宅に滞在中(課長承認)",
    )
    undone = reception.cancel_one_seat("N1", now=opens + 4.2 * HOUR)
    if undone is not None:
        reception.undo(undone, now=opens + 4.2 * HOUR + 5 * MINUTE)
    reception.cancel_one_seat("N1", now=opens + 4.5 * HOUR)
    work.do_round(steps=work.WITHOUT_PLANNING, now=opens + 4.5 * HOUR + 11 * MINUTE)
    reached = CallAttempt.Outcome.REACHED
    reception.try_to_reach(
        reception.call_about_offer("N1"), reached, answer=Answer.ACCEPTS, now=opens + 5 * HOUR
    )
    # Two single seats in N2: past the couple, to the fax and to the next one after it.
    for hours in (5.2, 5.9):
        reception.cancel_one_seat("N2", now=opens + hours * HOUR)
        work.do_round(steps=work.WITHOUT_PLANNING, now=opens + hours * HOUR + 11 * MINUTE)
    reception.cancel_one_seat("N1", now=opens + 6.2 * HOUR)
    work.do_round(steps=work.WITHOUT_PLANNING, now=opens + 6.2 * HOUR + 11 * MINUTE)
    _pass_over(reception, now=opens + 6.5 * HOUR)
    _send_first_letter(reception, now=opens + 7 * HOUR)
    told = reception.city.people[AGE_TOLD_LATER]
    past_rounds.confirm_age(reception, told, now=opens + 7.1 * HOUR)
    _ask_and_change(reception, opens + 7.2 * HOUR)


def _pass_over(reception: Reception, *, now: datetime.datetime) -> None:
    """The first in line is in hospital: staff serve the next one this once, with the reason."""
    offer = reception.newest_offer("N1")
    if offer is None:
        return
    # By SMS or by telephone, it was the family that heard of it.
    reception.try_to_reach(
        reception.call_about_offer("N1"),
        CallAttempt.Outcome.LEFT_WORD,
        now=now,
        note="ご家族:入院中、来週退院とのこと",
    )
    steering.pass_over(
        reception.intake.pk,
        offer.entry_id,
        reason="入院中のため今回は次の方へ(ご家族のご希望)",
        by=reception.operator(),
        now=now + 4 * MINUTE,
    )
    work.do_round(steps=work.WITHOUT_PLANNING, now=now + 5 * MINUTE)


def _send_first_letter(reception: Reception, *, now: datetime.datetime) -> None:
    """One of the answers on paper left already; the others wait on the 発送一覧."""
    answers = [n for n in reception.open_letters() if n.purpose == Notice.Purpose.REGISTERED]
    how = Notice.Outcome.FAXED
    posting.mark_sent([n.pk for n in answers[:1]], how=how, by=reception.operator(), now=now)


def _ask_and_change(reception: Reception, now: datetime.datetime) -> None:
    """Some call again: are they registered, can they have a second wish, is it their turn."""
    waiting = _waiting(reception, "A1")
    for offset, application in enumerate(waiting[2:5]):
        reception.ask(application, now=now + offset * 9 * MINUTE)
    for application in _waiting(reception, "N1")[-2:]:
        if not Choice.objects.filter(
            party=application.party_id, class_session=reception.opened.classes["N2"]
        ).exists():
            places.add_wish(
                reception.intake.pk,
                application.pk,
                reception.opened.classes["N2"].pk,
                by=reception.operator(),
                now=now + 31 * MINUTE,
            )
            break


def _evening(reception: Reception, opens: datetime.datetime) -> None:
    """Five o'clock and after: a couple lines up for one seat; the first evening of calls."""
    classes = reception.opened.classes
    couple = reception.city.party(WAITING_AS_TWO)
    reception.register(couple, [classes["A2"]], now=opens + 8.1 * HOUR)
    reception.cancel_one_seat("A2", now=opens + 8.4 * HOUR)
    work.do_round(steps=work.WITHOUT_PLANNING, now=opens + 8.6 * HOUR)
    now = opens + 8.7 * HOUR
    for task in reception.open_calls(now=now)[:4]:
        now += 4 * MINUTE
        if CallTask.objects.open().filter(pk=task.pk).exists():
            reception.try_to_reach(task, CallAttempt.Outcome.NO_ANSWER, now=now)


def _nobody_picks_up(reception: Reception, now: datetime.datetime) -> None:
    """Called in vain the first evening and today: the rules let this offer pass on (rule 27)."""
    called = CallAttempt.objects.filter(outcome=CallAttempt.Outcome.NO_ANSWER)
    task = (
        CallTask.objects.open()
        .filter(notice__offer__class_session=reception.opened.classes["N1"])
        .filter(notice__offer__told_at__isnull=True, pk__in=called.values("task"))
        .order_by("pk")
        .first()
    )
    for minutes in (110, 62):
        reception.try_to_reach(task, CallAttempt.Outcome.NO_ANSWER, now=now - minutes * MINUTE)


def _until_now(reception: Reception, now: datetime.datetime) -> None:
    """The last two hours: one offer told, one to be told, one claimed, one still undoable."""
    work.do_round(steps=work.WITHOUT_PLANNING, now=now - 121 * MINUTE)
    _nobody_picks_up(reception, now)
    thinks = _think_it_over(reception, "N2", now=now - 118 * MINUTE)
    for minutes, outcome in ((57, Outcome.INQUIRY), (44, Outcome.NO_SEAT_WANTED)):
        about = reception.opened.classes["N1"]
        reception.hang_up(outcome, now=now - minutes * MINUTE, about=about)
    reception.cancel_one_seat("A1", now=now - 75 * MINUTE)
    reception.cancel_one_seat("N1", now=now - 66 * MINUTE)
    work.do_round(steps=work.WITHOUT_PLANNING, now=now - 55 * MINUTE)
    reception.try_to_reach(
        reception.call_about_offer("A1"),
        CallAttempt.Outcome.REACHED,
        answer=Answer.DECLINES,
        now=now - 48 * MINUTE,
    )
    work.do_round(steps=work.WITHOUT_PLANNING, now=now - 47 * MINUTE)
    if not thinks:
        # Before the morning's messages go out, whoever is called now is the first to be told.
        any(_think_it_over(reception, code, now=now - 46 * MINUTE) for code in ("N2", "N1", "A1"))
    _three_more_tries(reception, now)
    reception.cancel_one_seat("A1", now=now - 4 * MINUTE)
    work.do_round(steps=work.WITHOUT_PLANNING, now=now - 3 * MINUTE)
    _claim_one(reception, now - 2 * MINUTE)


def _think_it_over(reception: Reception, code: str, *, now: datetime.datetime) -> bool:
    """Whether somebody was called who must be told of a seat there, and asked for time."""
    task = reception.call_about_offer(code)
    reception.try_to_reach(
        task,
        CallAttempt.Outcome.REACHED,
        answer=Answer.THINKS,
        note="ご主人と相談してから",
        now=now,
    )
    return task is not None


def _three_more_tries(reception: Reception, now: datetime.datetime) -> None:
    """Calls of the last hour: the pace by which the evening is reckoned."""
    attempts: Iterable[tuple[int, CallAttempt.Outcome, str]] = (
        (41, CallAttempt.Outcome.NO_ANSWER, ""),
        (26, CallAttempt.Outcome.CALL_BACK, "買い物中、夕方にとのこと"),
    )
    at_first = reception.open_calls(now=now - 45 * MINUTE)
    for (minutes, outcome, note), task in zip(attempts, at_first[1:], strict=False):
        back = now + 90 * MINUTE if outcome == CallAttempt.Outcome.CALL_BACK else None
        reception.try_to_reach(
            task, outcome, now=now - minutes * MINUTE, note=note, call_back_at=back
        )


def _claim_one(reception: Reception, now: datetime.datetime) -> None:
    """One operator is on the telephone this minute."""
    # What is planned by the clock alone may be overtaken by the worker's round of this minute.
    lasting = (Notice.Purpose.OFFER, Notice.Purpose.RESULT, Notice.Purpose.CANCELLED)
    tasks = list(calls.open_tasks(now=now).filter(notice__purpose__in=lasting))
    if tasks:
        calls.claim(tasks[-1].pk, by=reception.operators[1], now=now)


def _waiting(reception: Reception, code: str) -> list[Application]:
    entries = WaitlistEntry.objects.waiting().filter(class_session=reception.opened.classes[code])
    parties = [entry.party_id for entry in waitlist.with_sizes(entries)]
    found = {
        a.party_id: a
        for a in Application.objects.active().filter(party__in=parties).select_related("learner")
    }
    for application in found.values():
        application.intake = reception.intake
    return [found[pk] for pk in parties]
