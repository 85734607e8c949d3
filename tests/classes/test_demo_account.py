"""A demo and an account that reaches real phones keep apart: its numbers may be somebody's."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from classes.demo import build
from classes.models import Intake
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("options", [(), ("--if-empty",), ("--fresh",), ("--fresh", "--force")])
def test_the_command_builds_no_demo_beside_an_account(settings, options):
    settings.TWILIO_ACCOUNT_SID = "AC0"
    with pytest.raises(CommandError, match="real phones"):
        call_command("demo", *options)
    assert not Intake.objects.exists()


def test_nobody_else_builds_one_either_and_what_stands_stays(settings):
    kept = factories.intake()
    settings.TWILIO_ACCOUNT_SID = "AC0"
    for make in (build.build, build.rebuild):
        with pytest.raises(build.LiveAccount):
            make(now=timezone.now())
    assert Intake.objects.get() == kept
