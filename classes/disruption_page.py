"""What became of a bad day: its lessons, who was told, who teaches there, what stands still."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from classes.models import DisruptedLesson, Disruption, Enrollment, Lesson, Notice, Offer
from learners.models import Learner
from sms.models import OutboundMessage
from staff.models import StaffMember

PURPOSES = (Notice.Purpose.CANCELLED, Notice.Purpose.CHANGED, Notice.Purpose.RESUMED)
INTERPRETED = (Learner.SupportNeed.SIGN_LANGUAGE, Learner.SupportNeed.CAPTIONING)


@dataclass(frozen=True)
class Telling:
    """How many people were told of one lesson, and on which way the others are."""

    told: int = 0
    # The SMS has left, and nobody knows that it arrived (rule 55).
    sent: int = 0
    by_text: int = 0
    by_phone: int = 0
    by_letter: int = 0
    # Its hour came before anybody was told.
    missed: int = 0

    @property
    def to_tell(self) -> int:
        return self.by_text + self.by_phone + self.by_letter


@dataclass(frozen=True)
class Row:
    """One lesson that was stopped or moved, and how far telling has got."""

    disrupted: DisruptedLesson
    telling: "Telling"
    staff: tuple[StaffMember, ...]

    @property
    def lesson(self) -> Lesson:
        return self.disrupted.lesson

    @property
    def waits_for_a_day(self) -> bool:
        stopped = self.disrupted.outcome == DisruptedLesson.Outcome.CANCELLED
        return stopped and self.lesson.cancelled_at is not None

    @property
    def has_moved(self) -> bool:
        """Another day or hall, by this page or by the class's own."""
        return self.lesson.cancelled_at is None and not self.has_resumed

    @property
    def has_resumed(self) -> bool:
        return self.disrupted.outcome == DisruptedLesson.Outcome.RESUMED


@dataclass(frozen=True)
class DisruptionPage:
    """One bad day for the people who work through it."""

    disruption: Disruption
    rows: tuple[Row, ...]
    offers_paused: int
    interpreters: Sequence[Learner]
    may_resume: bool

    @property
    def waiting(self) -> list[Row]:
        return [row for row in self.rows if row.waits_for_a_day]

    @property
    def to_tell(self) -> int:
        return sum(row.telling.to_tell for row in self.rows)

    @property
    def to_call(self) -> int:
        return sum(row.telling.by_phone for row in self.rows)

    @property
    def staff(self) -> list[StaffMember]:
        """Each of those who teach there, once."""
        return list(dict.fromkeys(who for row in self.rows for who in row.staff))


def of(disruption: Disruption, *, now: datetime.datetime) -> DisruptionPage:
    """The page, in a constant number of queries."""
    disrupted = list(
        disruption.disrupted_lessons.select_related(
            "lesson__venue", "lesson__class_session__course", "lesson__class_session__intake"
        ).prefetch_related(
            "lesson__class_session__instructors",
            "lesson__class_session__assistants",
            "lesson__substitutes__instructor",
        )
    )
    told = _told(disrupted, disruption.started_at)
    rows = tuple(Row(each, told[each.lesson_id], _staff(each.lesson)) for each in disrupted)
    seats = Enrollment.objects.held().filter(
        class_session__in={each.lesson.class_session_id for each in disrupted}
    )
    people = Learner.objects.filter(pk__in=seats.values("application__learner"))
    return DisruptionPage(
        disruption=disruption,
        rows=rows,
        offers_paused=Offer.objects.open()
        .filter(pauses__disruption=disruption, pauses__resumed_at__isnull=True)
        .count(),
        interpreters=[who for who in people if set(INTERPRETED) & set(who.support_needs)],
        may_resume=any(row.waits_for_a_day and row.lesson.starts_at > now for row in rows),
    )


def _told(disrupted: Sequence[DisruptedLesson], since: datetime.datetime) -> dict[int, Telling]:
    """Lesson → how far telling has got since the press."""
    counts: dict[int, Counter[str]] = {each.lesson_id: Counter() for each in disrupted}
    about = Notice.objects.filter(
        purpose__in=PURPOSES,
        created_at__gte=since,
        occasion__startswith="lesson:",
        intake__in={each.lesson.class_session.intake_id for each in disrupted},
    ).exclude(outcome=Notice.Outcome.DROPPED)
    for occasion, outcome, channel, status in about.values_list(
        "occasion", "outcome", "channel", "message__status"
    ):
        lesson_pk = int(occasion.split(":")[1])
        if lesson_pk in counts:
            counts[lesson_pk][_way(outcome, channel, status)] += 1
    return {pk: Telling(**counted) for pk, counted in counts.items()}


def _way(outcome: str, channel: str, status: str | None) -> str:
    """Which count of `Telling` a notice belongs to."""
    if outcome == Notice.Outcome.MISSED:
        return "missed"
    if outcome and outcome != Notice.Outcome.SENT:
        return "told"
    if outcome or (channel == Notice.Channel.SMS and status in OutboundMessage.LEFT):
        return "sent"
    ways = {Notice.Channel.SMS: "by_text", Notice.Channel.POST: "by_letter"}
    return ways.get(Notice.Channel(channel), "by_phone")


def _staff(lesson: Lesson) -> tuple[StaffMember, ...]:
    session = lesson.class_session
    substitutes = [one.instructor for one in lesson.substitutes.all()]
    return (*session.instructors.all(), *session.assistants.all(), *substitutes)
