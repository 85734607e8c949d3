"""Half a set of credentials is refused at the start, with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from sms import credentials

ROOT = Path(__file__).resolve().parent.parent.parent
NONE = dict.fromkeys(("account", "token", "key", "secret", "service", "sender", "public_url"), "")
WHOLE = NONE | {"account": "AC1", "token": "t", "sender": "CITY"}


@pytest.mark.parametrize(
    "whole",
    [
        NONE,
        NONE | {"public_url": "https://desk.example.jp"},
        WHOLE,
        WHOLE | {"token": "", "key": "SK1", "secret": "s"},
        WHOLE | {"sender": "", "service": "MG1", "public_url": "https://desk.example.jp"},
    ],
)
def test_a_whole_set_or_none_is_taken(whole: dict[str, str]) -> None:
    assert credentials.problem(**whole) == ""


@pytest.mark.parametrize(
    ("half", "names"),
    [
        (NONE | {"token": "t"}, "TWILIO_ACCOUNT_SID"),
        (NONE | {"sender": "CITY"}, "TWILIO_ACCOUNT_SID"),
        (WHOLE | {"token": ""}, "TWILIO_AUTH_TOKEN"),
        (WHOLE | {"key": "SK1"}, "TWILIO_API_SECRET"),
        (WHOLE | {"secret": "s"}, "TWILIO_API_KEY"),
        (WHOLE | {"sender": ""}, "TWILIO_SENDER"),
        (WHOLE | {"service": "MG1"}, "not both"),
        (WHOLE | {"token": "", "key": "SK1", "secret": "s", "public_url": "https://a"}, "signed"),
        (WHOLE | {"public_url": "desk.example.jp"}, "whole address"),
    ],
)
def test_half_a_set_is_refused_with_a_sentence(half: dict[str, str], names: str) -> None:
    assert names in credentials.problem(**half)


def test_the_desk_does_not_start_with_half_a_set() -> None:
    environment = os.environ | {"TWILIO_AUTH_TOKEN": "t", "DATABASE_URL": "sqlite://:memory:"}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert "Set TWILIO_ACCOUNT_SID too" in started.stderr


def test_the_tests_themselves_run_without_an_account() -> None:
    assert not settings.TWILIO_ACCOUNT_SID
