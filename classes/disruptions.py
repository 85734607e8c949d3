"""A bad day: lessons cancelled or moved by one press, resumed or given a new day by another.

Nobody's attendance suffers (rule 63): a cancelled lesson counts nowhere. Offers stand still until
the day is over, for nobody can ring a town hall in a typhoon (rule 29).
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext

from classes import channels, lesson_notices, lessons, locking
from classes.models import (
    DisruptedLesson,
    Disruption,
    Enrollment,
    Intake,
    Lesson,
    Notice,
    Offer,
    OfferPause,
)
from classes.timetable import Planned
from staff.models import StaffMember

# These keep a whole city at home, and everybody from the telephone; an illness does not.
FOR_EVERYBODY = (Disruption.Cause.TYPHOON, Disruption.Cause.SNOW, Disruption.Cause.OTHER)
# Only a day that is here, or begins with the next morning, keeps anybody from answering: a hall
# known to be closed in six weeks does not.
NEAR = datetime.timedelta(days=1)
# The morning after, when the office opens, time runs again.
GOES_ON_AT = datetime.time(9)

Outcome = DisruptedLesson.Outcome


class NothingThere(ValueError):
    """None of these lessons can be stopped, moved or resumed; the message, translated, says so."""


@dataclass(frozen=True)
class Why:
    """What stopped the lessons; in words where none of the causes fits."""

    cause: Disruption.Cause
    reason: str = ""


@dataclass(frozen=True)
class Reach:
    """What a press would do: how many people are told, and how; how many offers stand still."""

    lessons: int
    seats: int
    by_text: int
    by_phone: int
    by_letter: int
    offers: int
    is_whole_day: bool


def lessons_of(day: datetime.date) -> QuerySet[Lesson]:
    """The lessons of a day that were to take place, cancelled ones among them."""
    begins = timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
    return Lesson.objects.filter(
        starts_at__gte=begins,
        starts_at__lt=begins + datetime.timedelta(days=1),
        class_session__cancelled_at__isnull=True,
    ).order_by("starts_at", "class_session__code", "pk")


def reach(chosen: Sequence[Lesson], why: Why, *, now: datetime.datetime) -> Reach:
    """What stopping these lessons means, before it is pressed; in a few queries."""
    told = [lesson for lesson in chosen if lesson.ends_at > now]
    seats = list(
        Enrollment.objects.held()
        .filter(class_session__in={lesson.class_session_id for lesson in told})
        .values_list("application__learner", flat=True)
    )
    ways = Counter(each.channel for each in channels.of(set(seats)).values())
    whole = _is_whole_day(chosen, why, now)
    return Reach(
        lessons=len(chosen),
        seats=len(seats),
        by_text=ways[Notice.Channel.SMS],
        by_phone=ways[Notice.Channel.CALL],
        by_letter=ways[Notice.Channel.POST],
        offers=_offers_concerned(chosen, is_whole_day=whole, now=now).count(),
        is_whole_day=whole,
    )


def stop(
    lesson_pks: Iterable[int], why: Why, *, by: StaffMember, now: datetime.datetime
) -> Disruption:
    """Cancel lessons of one day: everybody who holds a seat is told, offers stand still.

    What was cancelled before is left alone. Raises NothingThere if that leaves none.
    """
    with transaction.atomic():
        chosen = _lock(lesson_pks, why, now)
        made = _press(chosen, why, by=by, now=now)
        for lesson in chosen:
            lesson.cancelled_at = now
            with translation.override(settings.LANGUAGE_CODE):
                lesson.cancel_reason = made.cause_in_words
            _save(lesson, by)
        # Told when all of them are cancelled: what comes next is none of these.
        for lesson in _fresh(chosen):
            if lesson.ends_at > now:
                lesson_notices.cancelled(lesson, made, by=by, now=now)
        return made


def move(
    planned: Mapping[int, Planned], why: Why, *, by: StaffMember, now: datetime.datetime
) -> Disruption:
    """Move lessons of one day (primary keys) at once; everybody is told of the new day.

    Raises NothingThere, and lessons.LessonHeld for one that has begun.
    """
    with transaction.atomic():
        chosen = _lock(planned, why, now)
        made = _press(chosen, why, by=by, now=now)
        _give_new_days(made, chosen, planned, by=by, now=now)
        return made


def resume(disruption_pk: int, *, by: StaffMember, now: datetime.datetime) -> Disruption:
    """It takes place after all: lessons that have not begun stand again, and time runs again.

    Raises NothingThere where every lesson has begun or has a new day.
    """
    with transaction.atomic():
        made, chosen = _lock_disruption(disruption_pk)
        coming = [lesson for lesson in chosen if lesson.starts_at > now]
        if not coming:
            raise NothingThere(
                gettext("These lessons would have begun by now. Set a new day instead.")
            )
        for lesson in coming:
            lesson.cancelled_at, lesson.cancel_reason = None, ""
            _save(lesson, by)
        for lesson in _fresh(coming):
            lesson_notices.resumed(lesson, made, by=by, now=now)
        _mark(made, coming, Outcome.RESUMED)
        if len(coming) == len(chosen):
            _end(made, Disruption.Ending.RESUMED, by=by, now=now)
        return made


def reschedule(
    disruption_pk: int,
    planned: Mapping[int, Planned],
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> Disruption:
    """Give stopped lessons (primary keys) their new day; everybody is told of it.

    The day itself goes on: offers stand still until it is over. Raises NothingThere, and
    lessons.LessonHeld.
    """
    with transaction.atomic():
        made, stopped = _lock_disruption(disruption_pk)
        chosen = [lesson for lesson in stopped if lesson.pk in planned]
        if not chosen:
            raise NothingThere(gettext("These lessons have a new day already."))
        _give_new_days(made, chosen, planned, by=by, now=now)
        return made


def end_passed(*, now: datetime.datetime) -> int:
    """The morning after, time runs again for the offers; returns how many days ended."""
    ended = 0
    for waiting in list(Disruption.objects.running().filter(day__lt=timezone.localdate(now))):
        morning = datetime.datetime.combine(
            waiting.day + datetime.timedelta(days=1),
            GOES_ON_AT,
            tzinfo=timezone.get_default_timezone(),
        )
        if now < morning:
            continue
        with transaction.atomic():
            made, _ = _lock_disruption(waiting.pk)
            if made.ended_at is None:
                _end(made, Disruption.Ending.PASSED, by=None, now=now)
                ended += 1
    return ended


def waiting_for_a_day() -> QuerySet[DisruptedLesson]:
    """Lessons that were stopped, and have no new day yet."""
    return DisruptedLesson.objects.filter(
        outcome=Outcome.CANCELLED,
        lesson__cancelled_at__isnull=False,
        lesson__class_session__cancelled_at__isnull=True,
    )


def asked_about(*, now: datetime.datetime) -> list[DisruptedLesson]:
    """What callers ask about today and in the days to come: stopped, or moved; one query."""
    concerned = DisruptedLesson.objects.filter(disruption__day__gte=timezone.localdate(now))
    return list(
        concerned.exclude(outcome=Outcome.RESUMED)
        .select_related("disruption", "lesson__venue", "lesson__class_session__course")
        .order_by("starts_at", "pk")
    )


def _lock(lesson_pks: Iterable[int], why: Why, now: datetime.datetime) -> list[Lesson]:
    """Lock whatever these lessons touch; those that can still be stopped, as they stand now."""
    keys = list(lesson_pks)
    asked = list(Lesson.objects.filter(pk__in=keys).select_related("class_session"))
    whole = _is_whole_day(asked, why, now)
    offered = _offers_concerned(asked, is_whole_day=whole, now=now)
    locking.lock_intakes(
        [lesson.class_session.intake_id for lesson in asked]
        + list(offered.values_list("class_session__intake", flat=True))
    )
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    chosen = list(
        Lesson.objects.filter(
            pk__in=keys,
            cancelled_at__isnull=True,
            class_session__cancelled_at__isnull=True,
            starts_at__gte=today,
        )
        .select_related("class_session", "venue")
        .order_by("starts_at", "pk")
    )
    if not chosen:
        raise NothingThere(gettext("None of these lessons can be stopped any more."))
    if len({lesson.day for lesson in chosen}) > 1:
        raise NothingThere(gettext("A lesson has another day by now. Look at the day again."))
    return chosen


def _press(
    chosen: Sequence[Lesson], why: Why, *, by: StaffMember, now: datetime.datetime
) -> Disruption:
    made = Disruption.objects.create(
        day=chosen[0].day, cause=why.cause, reason=why.reason, started_at=now, started_by=by
    )
    DisruptedLesson.objects.bulk_create(
        DisruptedLesson(disruption=made, lesson=lesson, starts_at=lesson.starts_at)
        for lesson in chosen
    )
    whole = _is_whole_day(chosen, why, now)
    offers = _offers_concerned(chosen, is_whole_day=whole, now=now)
    OfferPause.objects.bulk_create(
        OfferPause(disruption=made, offer=offer, paused_at=now) for offer in offers
    )
    return made


def _is_whole_day(chosen: Sequence[Lesson], why: Why, now: datetime.datetime) -> bool:
    """Whether nothing of the day is left over, for a reason that keeps everybody at home."""
    if not chosen or why.cause not in FOR_EVERYBODY:
        return False
    left = lessons_of(chosen[0].day).filter(cancelled_at__isnull=True, ends_at__gt=now)
    return not left.exclude(pk__in=[lesson.pk for lesson in chosen]).exists()


def _offers_concerned(
    chosen: Sequence[Lesson], *, is_whole_day: bool, now: datetime.datetime
) -> QuerySet[Offer]:
    """Open offers: all of them where the whole day falls out, else those for these classes.

    None of them before the evening before.
    """
    if not chosen or chosen[0].day > timezone.localdate(now) + NEAR:
        return Offer.objects.none()
    if is_whole_day:
        return Offer.objects.open()
    return Offer.objects.open().filter(
        class_session__in={lesson.class_session_id for lesson in chosen}
    )


def _lock_disruption(pk: int) -> tuple[Disruption, list[Lesson]]:
    """Lock whatever it touches; the disruption with the lessons that are still without a day."""
    touched = Q(class_sessions__lessons__disruptions__disruption=pk)
    offered = Q(class_sessions__offers__pauses__disruption=pk)
    intakes = set(_intakes(touched)) | set(_intakes(offered))
    locking.lock_intakes(intakes)
    made = Disruption.objects.get(pk=pk)
    stopped = waiting_for_a_day().filter(disruption=made).values("lesson")
    chosen = Lesson.objects.filter(pk__in=stopped).select_related("class_session", "venue")
    return made, list(chosen.order_by("starts_at", "pk"))


def _intakes(which: Q) -> list[int]:
    return list(Intake.objects.filter(which).values_list("pk", flat=True))


def _give_new_days(
    made: Disruption,
    chosen: Sequence[Lesson],
    planned: Mapping[int, Planned],
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    for lesson in chosen:
        plan = planned[lesson.pk]
        if (plan.starts_at, plan.venue.pk) == (lesson.starts_at, lesson.venue_id):
            said = gettext("%(code)s: it was to be then and there. Choose another day or hall.")
            raise NothingThere(said % {"code": lesson.class_session.code})
        lessons.move(lesson, plan, by=by, now=now)
    _mark(made, chosen, Outcome.MOVED)


def _mark(made: Disruption, chosen: Iterable[Lesson], outcome: DisruptedLesson.Outcome) -> None:
    keys = [lesson.pk for lesson in chosen]
    made.disrupted_lessons.filter(lesson__in=keys).update(outcome=outcome)


def _save(lesson: Lesson, by: StaffMember) -> None:
    lesson.revision += 1
    lesson._history_user = by  # type: ignore[attr-defined]
    lesson.save()


def _fresh(chosen: Iterable[Lesson]) -> list[Lesson]:
    """Read anew, with everything their sentences name."""
    found = Lesson.objects.filter(pk__in=[lesson.pk for lesson in chosen])
    return list(
        found.select_related("venue", "class_session__venue")
        .select_related("class_session__course__level__current")
        .prefetch_related("class_session__lessons__venue")
        .order_by("starts_at", "pk")
    )


def _end(
    made: Disruption,
    ending: Disruption.Ending,
    *,
    by: StaffMember | None,
    now: datetime.datetime,
) -> None:
    made.ended_at, made.ended_by, made.ending = now, by, ending
    made.save(update_fields=["ended_at", "ended_by", "ending"])
    for pause in made.offer_pauses.filter(resumed_at__isnull=True).select_related("offer"):
        pause.resumed_at = now
        pause.save(update_fields=["resumed_at"])
        _run_again(pause, now)


def _run_again(pause: OfferPause, now: datetime.datetime) -> None:
    """The time that stood still is added, unless another bad day holds the offer still."""
    offer = pause.offer
    if offer.pauses.filter(resumed_at__isnull=True).exists():
        return
    if offer.status != Offer.Status.OPEN or offer.expires_at is None or offer.told_at is None:
        return
    together = offer.pauses.filter(Q(pk=pause.pk) | Q(resumed_at__gt=pause.paused_at))
    since = min(each.paused_at for each in together)
    stood_still = now - max(since, offer.told_at)
    if stood_still > datetime.timedelta():
        offer.expires_at += stood_still
        offer.save(update_fields=["expires_at"])
