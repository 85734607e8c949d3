"""What instructors tap in the classroom, recorded once each, in the order in which it was tapped.

A tap carries its own uuid and how long ago it was made, so that one which waited for the Wi-Fi to
return finds its place, and one that was sent twice is recorded once.
"""

import datetime
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from classes import teaching
from classes.models import (
    Attendance,
    Enrollment,
    Lesson,
    LessonAssessment,
    WalkIn,
)
from learners.models import Learner
from skill_levels.models import Assessment, Competency
from staff.models import StaffMember

# A tablet may have been without Wi-Fi for days; longer ago is a clock gone wrong.
OLDEST = datetime.timedelta(days=14)
# How long one request may be on its way through weak Wi-Fi.
IN_FLIGHT = datetime.timedelta(minutes=1)
# A substitute's right ends at midnight; what they tapped before it may arrive the day after, when
# the tablet is back in a network (rule 65 is about seeing, and nothing is shown for a tap).
LATE = datetime.timedelta(days=1)


class NoSuchLesson(LookupError):
    """Not a lesson of this instructor (rule 65), or none at all."""


class NotInThisLesson(ValueError):
    """The person neither holds a seat in the class nor came as a walk-in."""


class NothingToTakeBack(ValueError):
    """There is no tap of this person's own on the cell."""


@dataclass(frozen=True)
class Tap:
    """One press. `age` is how long ago it was made, by the tablet's own clock."""

    client_uuid: uuid.UUID
    learner_pk: int
    age: datetime.timedelta = datetime.timedelta()

    def made_at(self, lesson: Lesson, now: datetime.datetime) -> datetime.datetime:
        """When it was made: not in the future, not before the lesson's day."""
        morning = timezone.localtime(lesson.starts_at).replace(hour=0, minute=0, second=0)
        earliest = min(morning, now)
        age = min(max(self.age, datetime.timedelta()), OLDEST)
        return max(now - age, earliest)

    def allowed_at(self, now: datetime.datetime) -> datetime.datetime:
        """The moment by which it is judged who may fill in the lesson."""
        return now - min(max(self.age, datetime.timedelta()), LATE)


class CancelledByCity(ValueError):
    """The city cancelled this lesson: nobody is present or absent there (rule 63)."""


@dataclass(frozen=True)
class Rating(Tap):
    """One of the five values in one cell; None takes back this instructor's own (rule 44)."""

    competency_pk: int = 0
    value: int | None = None
    note: str = ""
    device: str = ""
    setting: str = ""


@dataclass(frozen=True)
class Presence(Tap):
    """Who came: an absolute status, empty for "not marked"."""

    status: str = ""


def rate(
    lesson_pk: int, rating: Rating, *, by: StaffMember, now: datetime.datetime
) -> Assessment | None:
    """Record one rating; None where it says what this instructor said already.

    A second rating of the same cell by the same instructor in one lesson corrects the first;
    another instructor's stands beside it. Raises NoSuchLesson, NotInThisLesson, NothingToTakeBack,
    and ValueError for a value outside 0–4 or a competency not taught.
    """
    if rating.value is not None and not 0 <= rating.value <= 4:
        raise ValueError("support is a number from 0 to 4")
    lesson = _lesson_with(lesson_pk, rating.learner_pk, by=by, now=rating.allowed_at(now))
    for _try in range(3):
        try:
            with transaction.atomic():
                return _append(lesson, rating, by=by, now=now)
        except IntegrityError:
            # The same tap, or a correction of the same row, came in between: look again.
            continue
    raise IntegrityError("an observation could not be appended")


def _append(
    lesson: Lesson, rating: Rating, *, by: StaffMember, now: datetime.datetime
) -> Assessment | None:
    competency = _competency(lesson, rating, by=by)
    known = competency.known_tap  # type: ignore[attr-defined]
    if known is not None:
        return Assessment.objects.get(pk=known)
    mine = competency.my_last  # type: ignore[attr-defined]
    if rating.value is None and mine is None:
        raise NothingToTakeBack
    if mine is not None and rating.value is not None and _says_the_same(competency, rating):
        return None
    made = Assessment(
        learner_id=rating.learner_pk,
        competency=competency,
        competency_version=competency.current,
        value=rating.value,
        observed_at=rating.made_at(lesson, now),
        recorded_at=now,
        recorded_by=by,
        client_uuid=rating.client_uuid,
        supersedes_id=mine,
        note=rating.note,
        device=rating.device,
        setting=rating.setting,
    )
    made.save(force_insert=True)
    LessonAssessment.objects.create(assessment=made, lesson=lesson)
    return made


def _competency(lesson: Lesson, rating: Rating, *, by: StaffMember) -> Competency:
    """The competency with what is known of this tap and of this instructor's last, in one query."""
    mine = (
        Assessment.objects.standing_of([rating.learner_pk])
        .filter(
            competency=OuterRef("pk"),
            recorded_by=by,
            lesson_link__lesson=lesson,
        )
        .order_by("-observed_at", "-pk")
    )
    known = Assessment.objects.filter(client_uuid=rating.client_uuid).order_by()
    found = (
        Competency.objects.filter(
            pk=rating.competency_pk, retired_at__isnull=True, current__isnull=False
        )
        .select_related("current")
        .annotate(
            known_tap=Subquery(known.values("pk")[:1]),
            my_last=Subquery(mine.values("pk")[:1]),
            my_value=Subquery(mine.values("value")[:1]),
            my_note=Subquery(mine.values("note")[:1]),
            my_device=Subquery(mine.values("device")[:1]),
            my_setting=Subquery(mine.values("setting")[:1]),
        )
        .first()
    )
    if found is None:
        raise ValueError("this is not taught any more")
    return found


def _says_the_same(competency: Competency, rating: Rating) -> bool:
    return (rating.value, rating.note, rating.device, rating.setting) == tuple(
        getattr(competency, name) for name in ("my_value", "my_note", "my_device", "my_setting")
    )


def mark(
    lesson_pk: int, presence: Presence, *, by: StaffMember, now: datetime.datetime
) -> Attendance:
    """Note who came: present, absent told, absent, or not marked (rules 37 and 62).

    What was tapped last stands, whichever arrives last. Raises NoSuchLesson, NotInThisLesson for
    somebody without a seat, CancelledByCity, ValueError for another word.
    """
    if presence.status and presence.status not in Attendance.Status.values:
        raise ValueError("no such attendance")
    lesson = _lesson_with(lesson_pk, presence.learner_pk, by=by, now=presence.allowed_at(now))
    seat = lesson.seat  # type: ignore[attr-defined]
    if seat is None:
        raise NotInThisLesson
    if lesson.cancelled_at is not None and presence.status:
        raise CancelledByCity
    at = presence.made_at(lesson, now)
    with transaction.atomic():
        found, is_new = Attendance.objects.select_for_update().get_or_create(
            enrollment_id=seat,
            lesson=lesson,
            defaults={"status": presence.status, "marked_at": at, "marked_by": by},
        )
        # A tablet sends in order, and what was long on its way looks younger than it is: the next
        # tap of the same person is not older than it for that. Else the time of the tap decides.
        own = found.marked_by_id == by.pk
        is_later = found.marked_at <= at + (IN_FLIGHT if own else datetime.timedelta())
        if not is_new and is_later and found.status != presence.status:
            found.status, found.marked_by = presence.status, by
            found.marked_at = max(found.marked_at, at)
            found.save()
    return found


def count_companions(
    lesson_pk: int, number: int, *, by: StaffMember, now: datetime.datetime
) -> Lesson:
    """付添い: how many only came along (rule 41). Raises NoSuchLesson, ValueError outside 0–99."""
    if not 0 <= number <= 99:
        raise ValueError("companions are counted from 0 to 99")
    with transaction.atomic():
        lesson = teaching.lessons_of(by, now=now).select_for_update().filter(pk=lesson_pk).first()
        if lesson is None:
            raise NoSuchLesson
        if lesson.companions != number:
            lesson.companions = number
            lesson.save(update_fields=["companions"])
    return lesson


def walk_in(
    lesson_pk: int,
    learner_pk: int,
    *,
    client_uuid: uuid.UUID,
    by: StaffMember,
    now: datetime.datetime,
) -> WalkIn:
    """当日参加: somebody without a seat takes part (rule 41).

    Raises NoSuchLesson; NotInThisLesson for somebody who holds a seat here (their attendance is
    marked), or who is not on record.
    """
    lesson = teaching.lessons_of(by, now=now).filter(pk=lesson_pk).first()
    if lesson is None:
        raise NoSuchLesson
    is_seated = Enrollment.objects.held().filter(
        class_session=lesson.class_session_id, application__learner=learner_pk
    )
    with transaction.atomic():
        # One person's walk-ins come one at a time: two presses make one.
        person = Learner.objects.current().select_for_update().filter(pk=learner_pk).first()
        if person is None or is_seated.exists():
            raise NotInThisLesson
        standing = WalkIn.objects.standing().filter(lesson=lesson, learner=person).first()
        return standing or WalkIn.objects.create(
            lesson=lesson, learner=person, client_uuid=client_uuid, came_at=now, noted_by=by
        )


def withdraw_walk_in(
    lesson_pk: int, learner_pk: int, *, by: StaffMember, now: datetime.datetime
) -> None:
    """Noted by mistake; what was rated of them stays on record. Raises NoSuchLesson."""
    if not teaching.lessons_of(by, now=now).filter(pk=lesson_pk).exists():
        raise NoSuchLesson
    standing = WalkIn.objects.standing().filter(lesson=lesson_pk, learner=learner_pk)
    standing.update(withdrawn_at=now)


def _lesson_with(
    lesson_pk: int, learner_pk: int, *, by: StaffMember, now: datetime.datetime
) -> Lesson:
    """The lesson if this person may open it and the learner belongs to it, in one query."""
    seat = Enrollment.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=OuterRef("starts_at")),
        class_session=OuterRef("class_session"),
        application__learner=learner_pk,
    ).order_by("-held_at")
    walked_in = WalkIn.objects.standing().filter(lesson=OuterRef("pk"), learner=learner_pk)
    lesson = (
        teaching.lessons_of(by, now=now)
        .filter(pk=lesson_pk)
        .annotate(seat=Subquery(seat.values("pk")[:1]), is_walk_in=Exists(walked_in))
        .first()
    )
    if lesson is None:
        raise NoSuchLesson
    if lesson.seat is None and not lesson.is_walk_in:
        raise NotInThisLesson
    return lesson
