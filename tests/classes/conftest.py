"""The desk over HTTP: an operator who is signed in, an intake that is open now, a class in it."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from classes.models import ClassSession, Intake
from staff.models import StaffMember
from tests import factories

DAY = datetime.timedelta(days=1)


@pytest.fixture
def operator() -> StaffMember:
    return factories.staff_member()


@pytest.fixture
def desk_client(client: Client, operator: StaffMember) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def intake() -> Intake:
    now = timezone.now()
    return factories.intake(
        code="2026-10",
        opens_at=now - DAY,
        closes_at=now + 9 * DAY,
        min_age=60,
        residence="八王子市",
    )


@pytest.fixture
def session(intake: Intake) -> ClassSession:
    now = timezone.now()
    return factories.class_session(
        intake=intake, code="N1", capacity=2, lessons=[now + 20 * DAY, now + 27 * DAY]
    )
