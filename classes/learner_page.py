"""What one person's page shows: applications with their places, tasks, notices, calls, 経過."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from classes import histories, waitlist
from classes.lottery import why
from classes.models import (
    Application,
    CallLog,
    CallTask,
    Choice,
    ClassSession,
    Enrollment,
    Notice,
    Offer,
    PlaceEvent,
    StaffTask,
    WaitlistEntry,
)
from learners import birth_dates, duplicates
from learners.models import Learner, LearnerMerge, PhoneNumber

EVENTS = 100
CALLS = 30


@dataclass(frozen=True)
class Row:
    """One line of the list of people."""

    learner: Learner
    age: int | None
    era_year: str
    phone_tails: tuple[str, ...]
    has_sms: bool


@dataclass(frozen=True)
class InLine:
    """One place in line of an application, with its position while it stands."""

    entry: WaitlistEntry
    position: int | None


@dataclass(frozen=True)
class Applied:
    """One application with its wishes, seats, places in line, offers and companions."""

    application: Application
    wishes: tuple[Choice, ...]
    seats: tuple[Enrollment, ...]
    lines: tuple[InLine, ...]
    offers: tuple[Offer, ...]
    together_with: tuple[Application, ...]
    # How the draw of its intake went for it, as staff read it out; empty where there was none.
    why: str


@dataclass(frozen=True)
class Happening:
    """One event of a place, with what it says besides its kind."""

    event: PlaceEvent
    words: str


@dataclass(frozen=True)
class Page:
    """Everything known of one person."""

    learner: Learner
    phones: tuple[PhoneNumber, ...]
    age: int | None
    era_date: str
    support_needs: tuple[str, ...]
    applications: tuple[Applied, ...]
    tasks: tuple[StaffTask, ...]
    notices: tuple[Notice, ...]
    calls: tuple[CallLog, ...]
    happenings: tuple[Happening, ...]
    duplicates: tuple[duplicates.Duplicate, ...]
    merges: tuple[LearnerMerge, ...]


def rows(learners: Iterable[Learner], *, now: datetime.datetime) -> list[Row]:
    """The list's lines; `phone_numbers` should be prefetched."""
    today = timezone.localtime(now).date()
    return [
        Row(
            learner=learner,
            age=learner.age_on(today),
            era_year=birth_dates.format_era(learner.birth_date) if learner.birth_date else "",
            phone_tails=tuple(number.e164[-4:] for number in learner.phone_numbers.all()),
            has_sms=any(number.may_receive_sms for number in learner.phone_numbers.all()),
        )
        for learner in learners
    ]


def page(learner: Learner, *, now: datetime.datetime) -> Page:
    """Everything known of one person, in a number of queries that does not grow with it but for
    the position in each line where the person waits now, and for each draw they were in."""
    phones = tuple(learner.phone_numbers.select_related("consent_noted_by"))
    today = timezone.localtime(now).date()
    is_current = learner.merged_into_id is None and learner.anonymised_at is None
    likely = duplicates.of(learner) if is_current else []
    needs = dict(Learner.SupportNeed.choices)
    return Page(
        learner=learner,
        phones=phones,
        age=learner.age_on(today),
        era_date=birth_dates.format_era_date(learner.birth_date) if learner.birth_date else "",
        support_needs=tuple(str(needs.get(need, need)) for need in learner.support_needs),
        applications=tuple(_applied(application) for application in _applications(learner)),
        tasks=tuple(StaffTask.objects.filter(learner=learner).select_related("intake", "done_by")),
        notices=tuple(_notices(learner)),
        calls=tuple(
            CallLog.objects.filter(learner=learner).select_related("operator", "intake")[:CALLS]
        ),
        happenings=tuple(
            Happening(event, histories.describe(event)) for event in _events(learner)[:EVENTS]
        ),
        duplicates=tuple(likely),
        merges=tuple(learner.merges.select_related("absorbed", "merged_by", "undone_by")),
    )


def _applications(learner: Learner) -> "QuerySet[Application]":
    classes = ClassSession.objects.select_related("course", "venue", "intake")
    session = Prefetch("class_session", classes)
    parts = (
        ("enrollments", Enrollment.objects.order_by("held_at", "pk")),
        ("party__choices", Choice.objects.order_by("rank")),
        ("party__waitlist_entries", WaitlistEntry.objects.order_by("received_at", "pk")),
        ("party__offers", Offer.objects.order_by("made_at", "pk")),
    )
    return (
        Application.objects.filter(learner=learner)
        .select_related("intake", "party", "registered_by")
        .prefetch_related(
            *(Prefetch(path, found.prefetch_related(session)) for path, found in parts),
            Prefetch(
                "party__applications", Application.objects.select_related("learner", "intake")
            ),
        )
        .order_by("-received_at", "-pk")
    )


def _applied(application: Application) -> Applied:
    party = application.party
    run = why.latest(application) if application.intake.drawn_at else None
    stands = application.status == Application.Status.ACTIVE
    return Applied(
        application=application,
        wishes=tuple(party.choices.all()),
        seats=tuple(application.enrollments.all()),
        lines=tuple(
            InLine(entry, waitlist.position(entry) if stands and entry.ended_at is None else None)
            for entry in party.waitlist_entries.all()
        ),
        offers=tuple(party.offers.all()),
        together_with=tuple(
            other
            for other in party.applications.all()
            if other.pk != application.pk and other.status == application.status
        ),
        why=why.sentence(run, application) if run else "",
    )


def _notices(learner: Learner) -> "QuerySet[Notice]":
    """Told, posted or called, with each try."""
    tasks = CallTask.objects.prefetch_related("attempts__by")
    return (
        Notice.objects.filter(learner=learner)
        .select_related("intake", "class_session", "settled_by", "message")
        .prefetch_related(Prefetch("call_task", tasks))
        .order_by("-created_at", "-pk")
    )


def _events(learner: Learner) -> "QuerySet[PlaceEvent]":
    return (
        PlaceEvent.objects.filter(learner=learner)
        .select_related("by", "intake", "application__intake", "class_session")
        .order_by("-at", "-pk")
    )
