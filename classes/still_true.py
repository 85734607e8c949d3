"""Whether what a notice says still holds; looked at anew before anything is sent (rule 53)."""

import datetime
import enum
from collections.abc import Collection, Sequence

from django.db.models import Q
from django.utils import timezone

from classes.models import (
    Application,
    Attendance,
    Choice,
    Enrollment,
    MessageTemplate,
    Notice,
    Offer,
    WaitlistEntry,
)

Kind = MessageTemplate.Kind
Purpose = Notice.Purpose

# What merely reminds: whoever asked for a pause is left in peace.
REMINDING = (
    Purpose.REMINDER,
    Purpose.FOLLOW_UP,
    Purpose.ABSENT,
    Purpose.NEXT_CLASS,
    Purpose.BULK,
)
# They speak of a lesson to come that stands just as it was when they were made.
OF_A_COMING_LESSON = (Purpose.REMINDER, Purpose.CHANGED, Purpose.CANCELLED, Purpose.RESUMED)
# They are told to whoever holds a seat in the class.
OF_A_SEAT = (
    Purpose.REMINDER,
    Purpose.FOLLOW_UP,
    Purpose.ABSENT,
    Purpose.CHANGED,
    Purpose.CANCELLED,
    Purpose.RESUMED,
    Purpose.SEATED,
    Purpose.MOVED,
)
SEAT_TEXTS = (Kind.REGISTERED_SEAT, Kind.DRAW_SEAT)
LINE_TEXTS = (Kind.REGISTERED_LINE, Kind.DRAW_LINE)

# Load notices with these; then `of` asks five questions however many there are.
NEEDS = (
    "learner",
    "intake",
    "application",
    "offer",
    "class_session",
    "lesson",
    "bulk",
)


class Truth(enum.Enum):
    """What has become of what a notice says."""

    HOLDS = "holds"
    # It never will hold again: moved, cancelled, answered, died.
    GONE = "gone"
    # Its day came before anybody was told.
    PASSED = "passed"


def of(notices: Sequence[Notice], *, now: datetime.datetime) -> dict[int, Truth]:
    """Notice → whether it still holds, for notices loaded with NEEDS."""
    seats = _seats(notices)
    lines = _lines(notices)
    absent = _announced_absences(notices)
    booked = _booked(notices)
    truths = {}
    for notice in notices:
        if (
            not _may_be_told(notice, now)
            or not _place_stands(notice, seats, lines)
            or (notice.learner_id, notice.lesson_id) in absent
            or (notice.learner_id, notice.class_session_id) in booked
        ):
            truths[notice.pk] = Truth.GONE
        else:
            truths[notice.pk] = _of_lesson(notice, now)
    return truths


def _may_be_told(notice: Notice, now: datetime.datetime) -> bool:
    """Alive, one record, not paused; the application stands, the offer is open (rules 42, 53)."""
    learner = notice.learner
    if learner.deceased_on or learner.merged_into_id or learner.anonymised_at:
        return False
    paused = learner.messages_paused_until
    if paused and paused > timezone.localdate(now) and notice.purpose in REMINDING:
        return False
    application = notice.application
    if (
        application is not None
        and notice.purpose not in (Purpose.NEXT_CLASS, Purpose.BULK)
        and application.status != Application.Status.ACTIVE
    ):
        return False
    if notice.offer is not None and notice.offer.status != Offer.Status.OPEN:
        return False
    return notice.bulk is None or notice.bulk.stopped_at is None


def _place_stands(
    notice: Notice, seats: Collection[tuple[int, int]], lines: Collection[tuple[int, int]]
) -> bool:
    session = notice.class_session
    if session is None:
        return notice.text != Kind.REGISTERED_LOTTERY or notice.intake.awaits_draw
    if session.cancelled_at is not None and notice.purpose != Purpose.CANCELLED:
        return False
    if notice.purpose in OF_A_SEAT or notice.text in SEAT_TEXTS:
        return (notice.learner_id, session.pk) in seats
    if notice.text in LINE_TEXTS and notice.application is not None:
        return (notice.application.party_id, session.pk) in lines
    return True


def _of_lesson(notice: Notice, now: datetime.datetime) -> Truth:
    """A lesson's revision stands in the occasion (rule 52)."""
    lesson = notice.lesson
    if notice.purpose not in OF_A_COMING_LESSON:
        return Truth.HOLDS
    if lesson is None:
        return Truth.GONE if notice.text else Truth.HOLDS
    _, _, revision = notice.occasion.removeprefix("lesson:").partition(":")
    if revision and revision.partition(":")[0] != str(lesson.revision):
        return Truth.GONE
    if (lesson.cancelled_at is not None) != (notice.purpose == Purpose.CANCELLED):
        return Truth.GONE
    return Truth.HOLDS if lesson.starts_at > now else Truth.PASSED


def _seats(notices: Sequence[Notice]) -> set[tuple[int, int]]:
    """(learner, class) of every held seat that these speak of."""
    held = Enrollment.objects.held().filter(
        class_session__in={notice.class_session_id for notice in notices},
        application__learner__in={notice.learner_id for notice in notices},
    )
    return set(held.values_list("application__learner", "class_session"))


def _lines(notices: Sequence[Notice]) -> set[tuple[int, int]]:
    """(party, class) of every place in line that these speak of."""
    spoken_of = [n for n in notices if n.text in LINE_TEXTS and n.application is not None]
    waiting = WaitlistEntry.objects.waiting().filter(
        class_session__in={notice.class_session_id for notice in spoken_of},
        party__in={n.application.party_id for n in spoken_of if n.application is not None},
    )
    return set(waiting.values_list("party", "class_session"))


def _announced_absences(notices: Sequence[Notice]) -> set[tuple[int, int | None]]:
    """(learner, lesson) of those who said they cannot come: nobody reminds them of it."""
    reminded = [notice for notice in notices if notice.purpose == Purpose.REMINDER]
    told = Attendance.objects.filter(
        lesson__in={notice.lesson_id for notice in reminded},
        enrollment__application__learner__in={notice.learner_id for notice in reminded},
        enrollment__ended_at__isnull=True,
        status=Attendance.Status.ABSENT_TOLD,
    )
    return set(told.values_list("enrollment__application__learner", "lesson"))


def _booked(notices: Sequence[Notice]) -> set[tuple[int, int | None]]:
    """(learner, class) of proposed classes for which somebody has applied meanwhile."""
    proposed = [notice for notice in notices if notice.purpose == Purpose.NEXT_CLASS]
    sessions = {notice.class_session_id for notice in proposed}
    chosen = Q(party__applications__learner__in={notice.learner_id for notice in proposed})
    active = Q(party__applications__status=Application.Status.ACTIVE)
    wished = Choice.objects.filter(chosen, active, class_session__in=sessions)
    return set(wished.values_list("party__applications__learner", "class_session"))
