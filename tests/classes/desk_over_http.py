"""What a page of the desk sends: fields of a call, and presses as htmx makes them."""

import datetime
import uuid
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classes import desk_registration
from classes.desk_registration import Call, Caller
from classes.models import Application, ClassSession
from learners import people
from learners.models import Learner
from sms import phone_numbers
from staff.models import StaffMember

HTMX = {"HX-Request": "true"}
DAY = datetime.timedelta(days=1)


def known(phone: str = "090-3117-4912", **fields: Any) -> Learner:
    fields = {
        "name": "山田 節子",
        "kana": "ヤマダ セツコ",
        "address": "八王子市南大沢2-1",
        **fields,
    }
    number = people.NumberInput(phone_numbers.parse(phone, area_code="042"))
    return people.create(fields, [number], by=None, now=timezone.now())


def typed(session: ClassSession, learner: Learner | None = None, **more: Any) -> dict[str, Any]:
    ids = {"learner": learner.pk} if learner else {}
    return {
        "call_uuid": uuid.uuid4(),
        "application_uuid": uuid.uuid4(),
        "wishes": str(session.pk),
        **ids,
        **more,
    }


def new(**more: str) -> dict[str, str]:
    fields = {"name": "佐藤 花子", "kana": "さとう はなこ", "phone": "090-1234-5678", **more}
    return {f"first-{name}": value for name, value in fields.items()}


def post(client: Client, route: str, *args: Any, data: Any = None) -> Any:
    return client.post(reverse(route, args=["2026-10", *args]), data or {}, headers=HTMX)


def registered(session: ClassSession, operator: StaffMember, learner: Learner) -> Application:
    call = Call(uuid.uuid4(), (Caller(uuid.uuid4(), learner.pk),), (session.pk,))
    answer = desk_registration.take(session.intake, call, by=operator, now=timezone.now())
    application: Application = answer.applications[0]  # type: ignore[union-attr]
    return application
