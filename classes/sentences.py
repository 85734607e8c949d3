"""What staff read aloud: sentences in the learner's language (templates/classes/spoken/)."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone

from classes.models import Application, ClassSession, Intake, Lesson
from classes.outcomes import LinePosition, Reason
from learners.models import Learner

WEEKDAYS_JA = "月火水木金土日"
MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS_EN = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class SpokenClass:
    """A class session the way it is said on the phone."""

    course: str
    venue: str
    code: str
    day: str
    clock: str
    lessons: int


def spoken_day(moment: datetime.datetime | datetime.date, language: str) -> str:
    """「10月6日火曜」 or "Tuesday 6 October", in the city's time zone."""
    local = timezone.localtime(moment) if isinstance(moment, datetime.datetime) else moment
    if language == "en":
        return f"{WEEKDAYS_EN[local.weekday()]} {local.day} {MONTHS_EN[local.month - 1]}"
    return f"{local.month}月{local.day}日{WEEKDAYS_JA[local.weekday()]}曜"


def spoken_clock(moment: datetime.datetime, language: str) -> str:
    """「朝10時」「午後1時半」 or "10 a.m.", "1:30 p.m."."""
    local = timezone.localtime(moment)
    if language == "en":
        half = "a.m." if local.hour < 12 else "p.m."
        hour = local.hour % 12 or 12
        return f"{hour}:{local.minute:02d} {half}" if local.minute else f"{hour} {half}"
    minutes = {0: "", 30: "半"}.get(local.minute, f"{local.minute}分")
    if local.hour < 11:
        return f"朝{local.hour}時{minutes}"
    if local.hour < 13:
        return f"{'お昼の12' if local.hour == 12 else '午前11'}時{minutes}"
    return f"午後{local.hour - 12}時{minutes}"


def spoken_class(class_session: ClassSession, language: str) -> SpokenClass:
    """How to say a class session; its lessons should be prefetched."""
    lessons = running_lessons(class_session)
    course = class_session.course
    if language == "en":
        name = course.name_en or course.level.title_in("en")
    else:
        name = course.short_name or course.name
    first = lessons[0].starts_at if lessons else None
    return SpokenClass(
        course=name,
        venue=class_session.venue.short_name or class_session.venue.name,
        code=class_session.code,
        day=spoken_day(first, language) if first else "",
        clock=spoken_clock(first, language) if first else "",
        lessons=len(lessons),
    )


def render(purpose: str, learner: Learner, **context: Any) -> str:
    """Fill the sentence of this purpose in the learner's language; one line, no markup."""
    return fill(purpose, learner.language, learner=learner, **context)


def fill(purpose: str, language: str, **context: Any) -> str:
    """Fill the sentence of this purpose, of whoever it is read to; one line, no markup."""
    template = get_template(f"classes/spoken/{purpose}.{language}.txt")
    city = settings.CITY_NAME_EN if language == "en" else settings.CITY_NAME
    filled = template.template.render(  # type: ignore[attr-defined]
        Context({"city": city, **context}, autoescape=False)
    )
    joiner = " " if language == "en" else ""
    return joiner.join(part.strip() for part in filled.split("\n") if part.strip())


def enrolled(
    intake: Intake,
    applications: Sequence[Application],
    class_sessions: Sequence[ClassSession],
    positions: Sequence[LinePosition] = (),
) -> str:
    """「お席が決まりました」, with the lines the party still stands in, if any."""
    return _about(intake, applications, "enrolled", class_sessions, positions)


def waitlisted(
    intake: Intake, applications: Sequence[Application], positions: Sequence[LinePosition]
) -> str:
    """「キャンセル待ちの32番目で…」."""
    sessions = [position.class_session for position in positions]
    return _about(intake, applications, "waitlisted", sessions, positions)


def one_seated_one_waits(
    intake: Intake,
    applications: Sequence[Application],
    class_session: ClassSession,
    positions: Sequence[LinePosition],
) -> str:
    """A pair with one seat: the first is seated, the second waits (rule 27)."""
    return _about(intake, applications, "one_seated", [class_session], positions)


def applied(
    intake: Intake, applications: Sequence[Application], class_sessions: Sequence[ClassSession]
) -> str:
    """「お申込みを受け付けました。抽選の結果は…」."""
    return _about(intake, applications, "applied", class_sessions)


def refused(intake: Intake, learner: Learner, reasons: Iterable[Reason]) -> str:
    """Why this cannot be accepted, kindly."""
    here = intake.residence in ("", settings.CITY_NAME)
    return render(
        "refused",
        learner,
        intake=intake,
        residence=settings.CITY_NAME_EN if here else intake.residence,
        kinds=[r.kind for r in reasons],
        **_times(intake, learner),
    )


def choose_split(learner: Learner, class_session: ClassSession, free: int) -> str:
    """One seat is left for two: ask them."""
    spoken = spoken_class(class_session, learner.language)
    return render("choose_split", learner, klass=spoken, free=free)


def seat_gone(
    learner: Learner,
    class_session: ClassSession,
    alternatives: Sequence[ClassSession],
    position: int,
) -> str:
    """The seat went while we talked: a polite re-offer."""
    return render(
        "seat_gone",
        learner,
        klass=spoken_class(class_session, learner.language),
        alternatives=[spoken_class(other, learner.language) for other in alternatives],
        position=position,
    )


def state(
    intake: Intake,
    application: Application,
    seated: Sequence[ClassSession],
    positions: Sequence[LinePosition],
    offered: Sequence[ClassSession] = (),
) -> str:
    """Where an application stands now: the answer to "was I registered?"."""
    learner = application.learner
    return render(
        "state",
        learner,
        intake=intake,
        application=application,
        received=spoken_day(application.received_at, learner.language),
        seated=[spoken_class(session, learner.language) for session in seated],
        offered=[spoken_class(session, learner.language) for session in offered],
        positions=_spoken_positions(positions, learner.language),
        **_receipts(intake, [application]),
    )


def offer(
    learner: Learner,
    class_session: ClassSession,
    seats: int,
    deadline: datetime.datetime | None,
) -> str:
    """「お席が空きました。…までにお返事をいただけますか」."""
    return render(
        "offer",
        learner,
        klass=spoken_class(class_session, learner.language),
        seats=seats,
        deadline_day=spoken_day(deadline, learner.language) if deadline else "",
        deadline_clock=spoken_clock(deadline, learner.language) if deadline else "",
    )


def simple(purpose: str, learner: Learner, class_session: ClassSession | None = None) -> str:
    """A sentence about at most one class: cancelled, undone, declined, left_line, moved."""
    klass = spoken_class(class_session, learner.language) if class_session else None
    return render(purpose, learner, klass=klass)


def why(
    application: Application,
    *,
    rank: int | None,
    seats: Sequence[str],
    missed: Sequence[tuple[str, int, int | None]],
    positions: Sequence[LinePosition],
    **details: Any,
) -> str:
    """「抽選の順番は57番目でした。N1は32番目で満席…」: how a draw went for one application.

    `missed` are class codes with the seats that were left at its turn, and the rank at which the
    last one had gone.
    """
    learner = application.learner
    return render(
        "why",
        learner,
        application=application,
        rank=rank,
        seats=seats,
        missed=[{"code": code, "left": left, "filled_at": at} for code, left, at in missed],
        positions=[
            {"code": place.class_session.code, "position": place.position} for place in positions
        ],
        **details,
    )


class DrawResults:
    """Sentences about a draw's result, for many parties: each class is put into words once."""

    def __init__(self, intake: Intake, sessions: Mapping[str, ClassSession]) -> None:
        self._intake = intake
        self._sessions = sessions
        self._spoken: dict[tuple[str, str], SpokenClass] = {}

    def sentence(
        self,
        told: Application,
        members: Sequence[Application],
        seats: Sequence[str],
        lines: Sequence[tuple[str, int]],
        *,
        again: bool,
    ) -> str:
        """「抽選の結果、お席が決まりました」 or 「抽選にもれました…補欠の6番目です」.

        `lines` are class codes with the place in each; `again` says that they had been told of
        another result before (rule 33).
        """
        language = told.learner.language
        return render(
            "draw_result",
            told.learner,
            intake=self._intake,
            people=len(members),
            again=again,
            classes=[self._class(code, language) for code in seats],
            positions=[
                {"klass": self._class(code, language), "position": place} for code, place in lines
            ],
            **_receipts(self._intake, members),
        )

    def _class(self, code: str, language: str) -> SpokenClass:
        known = self._spoken.get((code, language))
        if known is None:
            known = self._spoken[code, language] = spoken_class(self._sessions[code], language)
        return known


def _about(
    intake: Intake,
    applications: Sequence[Application],
    purpose: str,
    class_sessions: Sequence[ClassSession],
    positions: Sequence[LinePosition] = (),
) -> str:
    learner = applications[0].learner
    language = learner.language
    classes = [spoken_class(session, language) for session in class_sessions]
    draw_day = spoken_day(intake.draw_on, language) if intake.draw_on else ""
    return render(
        purpose,
        learner,
        intake=intake,
        draw_day=draw_day,
        people=len(applications),
        klass=classes[0] if classes else None,
        classes=classes,
        positions=_spoken_positions(positions, language),
        **_receipts(intake, applications),
    )


def _spoken_positions(positions: Sequence[LinePosition], language: str) -> list[dict[str, Any]]:
    return [
        {"klass": spoken_class(p.class_session, language), "position": p.position}
        for p in positions
    ]


def _receipts(intake: Intake, applications: Sequence[Application]) -> dict[str, Any]:
    return {
        "spoken_name": intake.spoken_name,
        "numbers": [application.number for application in applications],
        "receipts": [intake.receipt(application.number) for application in applications],
    }


def _times(intake: Intake, learner: Learner) -> dict[str, str | int | None]:
    language = learner.language
    day = intake.reference_date
    return {
        "opens_day": spoken_day(intake.opens_at, language),
        "opens_clock": spoken_clock(intake.opens_at, language),
        "closes_day": spoken_day(intake.closes_at, language),
        "reference_day": f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"
        if language == "en"
        else f"{day.year}年{day.month}月{day.day}日",
    }


def running_lessons(class_session: ClassSession) -> list[Lesson]:
    """The lessons in time order, from the prefetch where there is one."""
    running = [lesson for lesson in class_session.lessons.all() if lesson.cancelled_at is None]
    return sorted(running, key=lambda lesson: lesson.starts_at)
