"""What the demo city offers: four halls, three courses, nine rounds with their classes."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Model

from classes import timetable
from classes.demo import calendar
from classes.demo.calendar import DAY, Calendar, Round
from classes.models import ClassSession, Course, Intake, Lesson, Venue, VenueClosure
from skill_levels.models import SkillLevel
from staff.models import StaffMember

# name, short name, address, loan phones, closed weekdays, how to get there
VENUES = (
    ("生涯学習センター(クリエイトホール)", "クリエイト", "東町5-6", 6, (), "八王子駅北口 徒歩4分"),
    ("南大沢市民センター", "南大沢", "南大沢2-27", 4, (1,), "南大沢駅 徒歩3分"),
    ("浅川市民センター", "浅川", "高尾町1652", 3, (), "高尾駅北口 徒歩5分"),
    ("由井市民センター", "由井", "片倉町702", 3, (1,), "片倉駅 徒歩8分"),
)
# name, English, short name, level, lessons, minutes, what is done
COURSES = (
    (
        "ニュースを見る",
        "Reading the news",
        "ニュース",
        "news",
        3,
        120,
        "検索と偽の警告",
    ),
    (
        "アカウントを作る",
        "Getting an account",
        "アカウント",
        "accounts",
        4,
        120,
        "アプリと認証コード",
    ),
    (
        "スマホで支払う",
        "Paying by phone",
        "支払い",
        "payments",
        3,
        120,
        "練習用のレジと履歴",
    ),
)


@dataclass(frozen=True)
class Plan:
    """One class as it is planned; `weekday` is ISO (1 = Monday), venues by number."""

    code: str
    course: int
    venue: int
    weekday: int
    hour: int
    minute: int
    capacity: int
    instructor: str
    assistants: tuple[str, ...] = ("hojo1", "hojo2")


CURRENT = (
    Plan("N1", 0, 0, 2, 10, 0, 10, "koshi"),
    Plan("N2", 0, 1, 3, 13, 30, 12, "koshi2"),
    Plan("A1", 1, 2, 4, 10, 0, 10, "koshi"),
    Plan("A2", 1, 0, 5, 13, 30, 10, "koshi2"),
    Plan("P1", 2, 3, 2, 13, 30, 10, "koshi3"),
    Plan("P2", 2, 1, 6, 10, 0, 12, "koshi3"),
)
LOTTERY = (
    Plan("N1", 0, 0, 1, 10, 0, 10, "koshi", ("hojo3", "hojo4")),
    Plan("N2", 0, 3, 4, 13, 30, 12, "koshi2", ("hojo3", "hojo4")),
    Plan("A1", 1, 0, 3, 10, 0, 10, "koshi2", ("hojo3", "hojo4")),
    Plan("A2", 1, 2, 5, 10, 0, 10, "koshi", ("hojo3", "hojo4")),
    Plan("P1", 2, 1, 6, 13, 30, 12, "koshi3", ("hojo3", "hojo4")),
)
# Not everybody is found yet: what is lacking is warned of (rule 40).
# Second rounds of a month, drawn by lot in the late afternoon: few seats, many who apply.
DRAWN = (
    Plan("M1", 0, 0, 2, 16, 0, 8, "koshi", ("hojo3",)),
    Plan("M2", 1, 2, 3, 16, 0, 8, "koshi2", ("hojo3",)),
    Plan("M3", 2, 1, 4, 16, 0, 6, "koshi3", ("hojo3",)),
)
READY = (
    Plan("M1", 0, 0, 1, 16, 0, 8, "koshi", ("hojo4",)),
    Plan("M2", 1, 2, 5, 16, 0, 8, "koshi2", ("hojo4",)),
    Plan("M3", 2, 1, 6, 16, 0, 6, "koshi3", ("hojo4",)),
)
COMING = (
    Plan("N1", 0, 0, 1, 13, 30, 10, "koshi"),
    Plan("A1", 1, 3, 3, 10, 0, 10, "koshi3", ("hojo1",)),
    Plan("P1", 2, 2, 5, 13, 30, 10, "", ()),
)
PAST = (CURRENT[0], CURRENT[1], CURRENT[2])
PAST_WITH_PAYMENTS = (*PAST, CURRENT[4])


@dataclass(frozen=True)
class Opened:
    """An intake with its classes by code."""

    intake: Intake
    classes: dict[str, ClassSession]

    def of_level(self, number: int) -> list[ClassSession]:
        """The classes for somebody of this level, or the lowest taught here."""
        wanted = [s for s in self.classes.values() if s.course.level.number == max(number, 1)]
        return wanted or [s for s in self.classes.values() if s.course.level.number == 1]


class Planner:
    """The coordinator at work: what is made carries their name and a day that fits."""

    def __init__(self, calendar: Calendar, staff: Mapping[str, StaffMember]) -> None:
        self.calendar = calendar
        self.staff = staff
        self.venues: list[Venue] = []
        self.courses: list[Course] = []

    def furnish(self) -> None:
        """Halls with their closed days, and courses."""
        city = settings.CITY_NAME
        for name, short, address, phones, closed, access in VENUES:
            venue = Venue.objects.create(
                name=name,
                short_name=short,
                address=f"{city}{address}",
                loan_phones=phones,
                closed_weekdays=list(closed),
                access_note=access,
            )
            self.venues.append(venue)
        first = self.calendar.past[0].lessons_from
        days = [first + n * DAY for n in range((self.calendar.today - first).days + 200)]
        VenueClosure.objects.bulk_create(
            VenueClosure(venue=venue, day=day, reason="年末年始")
            for venue in self.venues
            for day in days
            if calendar.is_new_year(day)
        )
        for name, english, short, level, lessons, minutes, description in COURSES:
            course = Course.objects.create(
                name=name,
                name_en=english,
                short_name=short,
                level=SkillLevel.objects.get(code=level),
                lesson_count=lessons,
                lesson_minutes=minutes,
                description=description,
            )
            self.courses.append(course)

    def open(
        self, dates: Round, plans: Iterable[Plan], *, method: Intake.Method, now: datetime.datetime
    ) -> Opened:
        """One round with its classes; `now` is when it was planned."""
        by_lot = method == Intake.Method.LOTTERY
        intake = Intake(
            code=dates.code,
            title=f"{dates.spoken_name}募集",
            spoken_name=dates.spoken_name,
            opens_at=dates.opens_at,
            closes_at=dates.closes_at,
            method=method,
            min_age=60,
            residence=settings.CITY_NAME,
            reference_date=dates.reference_date,
            max_choices=3,
            unreached_attempts=3,
            unreached_days=2,
            notes="抽選(3希望まで)" if by_lot else "先着(電話・窓口・ファクス)",
            is_demo=True,
        )
        self._save(intake, now)
        classes = {
            plan.code: self._class(intake, plan, self._days(plan, dates.lessons_from), now)
            for plan in plans
        }
        return Opened(intake, classes)

    def open_running(self, dates: Round, *, now: datetime.datetime) -> Opened:
        """The round whose lessons are under way: one of them is today, whatever day it is."""
        opened = self.open(dates, (), method=Intake.Method.FIRST_COME, now=now)
        today = self.calendar.today
        weekday = today.isoweekday()
        hall = 0 if weekday == 1 else 1
        plan = Plan("N1", 0, hall, weekday, 13, 30, 10, "koshi")
        days = calendar.days_around(today, before=2, after=0)
        opened.classes["N1"] = self._class(opened.intake, plan, days, now)
        for code, course, later, hour, capacity, instructor in (
            ("N2", 0, 1, 10, 12, "koshi2"),
            ("A1", 1, 2, 10, 10, "koshi"),
            ("P1", 2, 4, 13, 10, "koshi3"),
        ):
            day = (weekday + later - 1) % 7 + 1
            hall = 2 if course == 1 else 0
            plan = Plan(code, course, hall, day, hour, 0, capacity, instructor)
            opened.classes[code] = self._class(
                opened.intake, plan, self._days(plan, dates.lessons_from), now
            )
        return opened

    def _days(self, plan: Plan, start: datetime.date) -> Sequence[datetime.date]:
        """Weekly days that are neither holidays nor days on which the hall is closed."""
        begins = datetime.time(plan.hour, plan.minute)
        proposals, _skipped = timetable.propose_dates(
            start=start,
            weekdays=[plan.weekday],
            count=self.courses[plan.course].lesson_count,
            venue=self.venues[plan.venue],
            begins=begins,
            ends=begins.replace(hour=begins.hour + 1),
        )
        return [proposal.starts_at.date() for proposal in proposals]

    def _class(
        self,
        intake: Intake,
        plan: Plan,
        days: Sequence[datetime.date],
        now: datetime.datetime,
    ) -> ClassSession:
        course, venue = self.courses[plan.course], self.venues[plan.venue]
        made = ClassSession(
            intake=intake, course=course, code=plan.code, venue=venue, capacity=plan.capacity
        )
        self._save(made, now)
        if plan.instructor:
            made.instructors.add(self.staff[plan.instructor])
        made.assistants.add(*(self.staff[name] for name in plan.assistants))
        for number, day in enumerate(days, start=1):
            starts = calendar.clock(day, plan.hour, plan.minute)
            ends = starts + datetime.timedelta(minutes=course.lesson_minutes)
            lesson = Lesson(
                class_session=made, number=number, venue=venue, starts_at=starts, ends_at=ends
            )
            self._save(lesson, now)
        return made

    def _save(self, row: Model, now: datetime.datetime) -> None:
        """Save with a history that says who planned it and when."""
        row._history_user = self.staff["tanto"]  # type: ignore[attr-defined]
        row._history_date = now  # type: ignore[attr-defined]
        row.save()
