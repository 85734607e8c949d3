"""A small city for a simulated year: intakes, lessons, what people do, and what staff do for them.

Everything is decided by one seeded chance, so that a year that fails fails again.
"""

import datetime
import random
import uuid

from classes import call_attempts, lessons, outcomes_of_messages, places, posting, sending
from classes.call_attempts import Try
from classes.models import (
    Attendance,
    CallAttempt,
    CallTask,
    ClassSession,
    Enrollment,
    Lesson,
    Notice,
)
from classes.timetable import Planned
from learners.models import Learner
from skill_levels.models import Assessment, Competency, SkillLevel
from sms import sending_hours
from sms.models import OutboundMessage
from sms.verdicts import Send
from tests import factories
from tests.classes.planning_days import DAY, caller, reader, texter
from tests.factories import tokyo

FIRST_DAY = datetime.date(2026, 4, 1)
MONTHS = 12
LEVELS = ("news", "accounts", "payments")
Status = OutboundMessage.Status


class City:
    """One intake a month, always one of them open; two lessons of each class the month after."""

    def __init__(self, *, seed: int, people: int = 16) -> None:
        self.chance = random.Random(seed)
        self.staff = factories.staff_member()
        self.venue = factories.venue()
        levels = list(SkillLevel.objects.taught()[: len(LEVELS)])
        # A short ladder, so that its top is reached within the year.
        SkillLevel.objects.exclude(pk__in=[each.pk for each in levels]).update(is_taught=False)
        self.courses = [
            factories.course(level=level, short_name=level.code[:8], lesson_count=2)
            for level in levels
        ]
        self.competencies = {
            level.pk: list(Competency.objects.current().filter(level=level)) for level in levels
        }
        self.people = [self._person(number) for number in range(people)]
        # (learner → the class they mean to apply for, and the day on which they do)
        self.plans: dict[int, tuple[ClassSession, datetime.date]] = {}
        self.sent: list[tuple[datetime.datetime, OutboundMessage]] = []
        self.hours = sending_hours.load()

    def _person(self, number: int) -> Learner:
        if number % 11 == 10:
            return reader()
        if number % 5 == 4:
            return caller()
        # A couple with one mobile.
        return texter(number="+819099990000" if number in (0, 1) else None)

    def live(self, day: datetime.date) -> None:
        """What happens on a day but planning: reception, lessons, messages, letters."""
        if day.day == 1:
            self._open_intake(day)
        if day == FIRST_DAY:
            first = ClassSession.objects.filter(course=self.courses[0]).first()
            assert first is not None
            self.plans |= {person.pk: (first, day) for person in self.people}
        self._apply(day)
        self._teach(day)
        if day.day == 20:
            self._move_a_lesson(day)

    def _open_intake(self, day: datetime.date) -> None:
        opens = self.at(day, 9)
        following = (day.replace(day=1) + 32 * DAY).replace(day=1)
        intake = factories.intake(
            code=f"{day:%Y-%m}", opens_at=opens, closes_at=self.at(following + 2 * DAY, 17)
        )
        for place, course in enumerate(self.courses):
            begins = following + (7 + place) * DAY
            factories.class_session(
                intake=intake,
                course=course,
                venue=self.venue,
                capacity=18,
                lessons=[self.at(begins, 10), self.at(begins + 9 * DAY, 10)],
            )

    def _apply(self, day: datetime.date) -> None:
        for pk, (session, when) in list(self.plans.items()):
            if when > day:
                continue
            del self.plans[pk]
            person = Learner.objects.get(pk=pk)
            if person.deceased_on or not session.intake.takes_applications_at(self.at(day, 9, 30)):
                continue
            places.register(
                session.intake_id,
                applicants=[places.Applicant(person, uuid.uuid4())],
                wishes=[session.pk],
                by=self.staff,
                now=self.at(day, 9, 30),
                when_short=places.WhenShort.WAIT_TOGETHER,
                spoken=True,
            )

    def _teach(self, day: datetime.date) -> None:
        held = Lesson.objects.filter(
            cancelled_at=None, starts_at__gte=self.at(day, 0), starts_at__lt=self.at(day + DAY, 0)
        ).select_related("class_session__course")
        for lesson in held:
            seats = Enrollment.objects.held().filter(class_session=lesson.class_session_id)
            for seat in seats.select_related("application").order_by("pk"):
                status = self.chance.choices(list(Attendance.Status.values), (85, 7, 8))[0]
                Attendance.objects.create(
                    enrollment=seat, lesson=lesson, status=status, marked_at=lesson.ends_at
                )
                if status == Attendance.Status.PRESENT:
                    self._rate(seat.application.learner_id, lesson)

    def _rate(self, learner_pk: int, lesson: Lesson) -> None:
        Assessment.objects.bulk_create(
            Assessment(
                learner_id=learner_pk,
                competency=competency,
                competency_version=competency.current,
                value=self.chance.choices((2, 3, 4), (1, 12, 3))[0],
                observed_at=lesson.ends_at,
                recorded_at=lesson.ends_at,
            )
            for competency in self.competencies[lesson.class_session.course.level_id]
        )

    def _move_a_lesson(self, day: datetime.date) -> None:
        coming = Lesson.objects.filter(starts_at__gt=self.at(day + 5 * DAY, 0)).order_by("pk")
        rows = list(coming.select_related("class_session", "venue"))
        if rows:
            lesson = self.chance.choice(rows)
            start = lesson.starts_at + DAY
            plan = Planned(lesson.number, start, start + datetime.timedelta(hours=2), lesson.venue)
            lessons.move(lesson, plan, by=self.staff, now=self.at(day, 11))

    def send(self, now: datetime.datetime) -> None:
        """Hand over what is due, as the worker would; every phone receives it at once."""
        due = list(OutboundMessage.objects.due(now).order_by("priority", "pk"))
        verdicts = sending.still_holds(due, now) if due else {}
        for message in due:
            verdict = verdicts.get(message.pk)
            if isinstance(verdict, Send):
                self.sent.append((now, message))
                message.status = Status.DELIVERED
                message.sent_at = message.delivered_at = now
                message.body = verdict.body
            else:
                message.status = Status.CANCELLED
            message.save()
        OutboundMessage.objects.filter(status=Status.QUEUED, expires_at__lte=now).update(
            status=Status.EXPIRED
        )

    def settle(self, now: datetime.datetime) -> None:
        """What became of the day's messages comes back to their notices."""
        outcomes_of_messages.sweep(now=now)

    def call_everybody(self, now: datetime.datetime) -> None:
        """Staff call in the evening; some do not answer and are tried again the day after."""
        for task in CallTask.objects.open().filter(due_at__lte=now).order_by("pk"):
            reached = self.chance.random() < 0.9
            call_attempts.record_attempt(
                task.pk,
                Try(
                    client_uuid=uuid.uuid4(),
                    outcome=CallAttempt.Outcome.REACHED
                    if reached
                    else CallAttempt.Outcome.NO_ANSWER,
                ),
                by=self.staff,
                now=now,
            )

    def post_letters(self, now: datetime.datetime) -> None:
        due = Notice.objects.to_post().filter(due_at__lte=now)
        pks = list(due.values_list("pk", flat=True))
        if pks:
            posting.mark_sent(pks, how=Notice.Outcome.POSTED, by=self.staff, now=now)

    def think_it_over(self, day: datetime.date) -> None:
        """Whoever was told of a next class today mostly means to apply within three days."""
        told = Notice.objects.filter(
            purpose=Notice.Purpose.NEXT_CLASS,
            settled_at__gte=self.at(day, 0),
            settled_at__lt=self.at(day + DAY, 0),
        ).exclude(outcome__in=(Notice.Outcome.DROPPED, Notice.Outcome.MISSED))
        for notice in told.select_related("class_session__intake").order_by("pk"):
            if self.chance.random() < 0.8 and notice.class_session:
                when = day + self.chance.randint(1, 3) * DAY
                self.plans[notice.learner_id] = (notice.class_session, when)

    @staticmethod
    def at(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
        return tokyo(day.year, day.month, day.day, hour, minute)


def seats_of(day: datetime.date) -> list[tuple[Enrollment, Lesson]]:
    """Everybody with a seat in a lesson of this day, and the lesson."""
    return [
        (seat, lesson)
        for lesson in Lesson.objects.filter(cancelled_at=None, starts_at__date=day).order_by("pk")
        for seat in Enrollment.objects.held()
        .filter(class_session=lesson.class_session_id)
        .select_related("application__learner")
    ]
