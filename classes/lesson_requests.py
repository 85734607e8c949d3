"""Reading what a tablet sends: taps as JSON, each with its uuid and its age."""

import datetime
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from classes.lesson_taps import Presence, Rating, Tap

# A queue is sent in portions; more at once is not from our page.
MOST_TAPS = 50
LARGEST_KEY = 10**15


@dataclass(frozen=True)
class Companions:
    """A headcount tapped on the board."""

    client_uuid: uuid.UUID
    number: int


class Unreadable(ValueError):
    """Not what our page sends."""


def read_taps(body: bytes) -> list[Tap | Companions]:
    """The taps in the order in which they were made. Raises Unreadable."""
    try:
        sent = json.loads(body)["taps"]
        if not isinstance(sent, list) or not 0 < len(sent) <= MOST_TAPS:
            raise Unreadable("from 1 to 50 taps")
        return list(_taps(sent))
    except (KeyError, TypeError, ValueError, RecursionError) as problem:
        raise Unreadable(str(problem)) from problem


def _taps(sent: list[object]) -> Iterator[Tap | Companions]:
    for one in sent:
        if not isinstance(one, dict):
            raise Unreadable("a tap is an object")
        client_uuid = uuid.UUID(str(one["uuid"]))
        kind = one["kind"]
        if kind == "companions":
            yield Companions(client_uuid, _number(one["number"]))
            continue
        learner = _number(one["learner"])
        age = datetime.timedelta(seconds=min(_number(one.get("age", 0)), 10**8))
        if kind == "rate":
            value = one["value"]
            yield Rating(
                client_uuid,
                learner,
                age,
                competency_pk=_number(one["competency"]),
                value=None if value is None else _number(value),
                note=str(one.get("note", ""))[:200].replace("\x00", ""),
                device=_word(one.get("device", ""), ("own", "loan")),
                setting=_word(one.get("setting", ""), ("practice", "real")),
            )
        elif kind == "attend":
            yield Presence(client_uuid, learner, age, status=str(one["status"]))
        else:
            raise Unreadable("no such tap")


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 16:
        raise Unreadable("a whole number is wanted")
    number = int(value)
    if not 0 <= number <= LARGEST_KEY:
        raise Unreadable("a whole number is wanted")
    return number


def _word(value: object, words: tuple[str, ...]) -> str:
    return value if isinstance(value, str) and value in words else ""
