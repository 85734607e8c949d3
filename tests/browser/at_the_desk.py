"""Somebody at the desk in a browser: their hands on the keyboard, the city around them."""

import datetime
import uuid
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, Request, expect

from classes import desk_registration
from classes.desk_registration import Call, Caller
from classes.models import Application, ClassSession, Intake
from learners import people
from learners.models import Learner
from sms import phone_numbers
from tests import factories

DAY = datetime.timedelta(days=1)
SENTENCE = "#desk-sentence"
CARD = ".card-person"


class Operator:
    """Two hands on a keyboard: counts keys that are no text, and requests but refreshes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0
        self.typed = 0
        self.requests: list[str] = []
        page.on("request", self._note)
        page.goto("/desk/")
        expect(page.locator("#desk-q")).to_be_focused()
        self.requests.clear()

    def _note(self, request: Request) -> None:
        if "/desk/" in request.url and "/live/" not in request.url:
            self.requests.append(f"{request.method} {request.url.split('/desk/', 1)[1]}")

    def press(self, *keys: str) -> "Operator":
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1
        return self

    def type(self, text: str) -> "Operator":
        self.page.keyboard.type(text)
        self.typed += len(text)
        return self

    def find(self, text: str) -> "Operator":
        """Search, go to the first result, confirm the person (rule 5)."""
        self.type(text).press("Enter")
        expect(self.page.locator(".results .result").first).to_be_focused()
        self.press("Enter")
        expect(self.page.locator(CARD)).to_be_visible()
        return self

    def new(self, name: str, kana: str, phone: str) -> "Operator":
        self.press("F9")
        expect(self.page.locator("#id_first-name")).to_be_focused()
        return self.type(name).press("Enter").type(kana).press("Enter").type(phone).press("Enter")

    def sentence(self) -> str:
        expect(self.page.locator(SENTENCE)).to_be_visible()
        return self.page.locator(SENTENCE).inner_text()


def first_lesson(weekday: int, hour: int = 10) -> datetime.datetime:
    """A day in three weeks that is this weekday (0 = Monday)."""
    day = timezone.localdate() + 21 * DAY
    day += datetime.timedelta(days=(weekday - day.weekday()) % 7)
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))


def open_intake() -> Intake:
    now = timezone.now()
    return factories.intake(
        code="2026-10",
        opens_at=now - DAY,
        closes_at=now + 9 * DAY,
        min_age=60,
        residence="八王子市",
        undo_minutes=10,
    )


def three_classes(intake: Intake) -> dict[str, ClassSession]:
    """N1 with two seats on a Monday, N2 with five on a Wednesday, N3 full."""
    course = factories.course(name="はじめてのニュース", name_en="Reading the news")
    return {
        code: factories.class_session(
            intake=intake,
            course=course,
            code=code,
            capacity=capacity,
            venue=factories.venue(name=venue, short_name=venue),
            lessons=[first_lesson(weekday)],
        )
        for code, venue, capacity, weekday in (
            ("N1", "クリエイトホール", 2, 0),
            ("N2", "南大沢", 5, 2),
            ("N3", "浅川", 0, 4),
        )
    }


def known(name: str, kana: str, phone: str, **fields: Any) -> Learner:
    number = people.NumberInput(phone_numbers.parse(phone, area_code="042"))
    fields.setdefault("birth_date", datetime.date(1939, 5, 3))
    fields = {"name": name, "kana": kana, "address": "八王子市南大沢2-1", **fields}
    return people.create(fields, [number], by=None, now=timezone.now())


def take_a_seat(session: ClassSession) -> Application:
    """Somebody else registers meanwhile."""
    caller = Caller(uuid.uuid4(), factories.learner().pk)
    call = Call(uuid.uuid4(), (caller,), (session.pk,))
    by = factories.staff_member()
    answer = desk_registration.take(session.intake, call, by=by, now=timezone.now())
    application: Application = answer.applications[0]  # type: ignore[union-attr]
    return application
