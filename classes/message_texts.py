"""The texts of messages: wordings that ship or that administrators wrote, filled in at a moment.

A wording holds named placeholders, `{city}`, from a list per text, and is never read as the
template language: what staff type can name nothing but these.
"""

import datetime
import functools
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.conf import settings

from classes import message_facts
from classes.message_facts import WORDS, Places, Told
from classes.models import ClassSession, Lesson, MessageTemplate, Notice
from skill_levels.models import Competency

Kind = MessageTemplate.Kind
Form = MessageTemplate.Form
Key = tuple[str, str, str]

logger = logging.getLogger(__name__)

# What `render` reads of a notice; load many with both, and it asks nothing more (but for lines,
# see `message_facts.places_in_line`).
NEEDS: Final = (
    "learner",
    "intake",
    "application__party",
    "offer",
    "class_session__course__level__current",
    "lesson__venue",
)
PREFETCH: Final = (
    "class_session__lessons__venue",
    "application__party__applications",
)

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
OF_A_LESSON: Final = ("city", "course", "date", "time", "venue", "phone", "people")
# What each text may name, in the order in which the editor offers it.
PLACEHOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.REGISTERED_SEAT: (*OF_A_LESSON, "receipt"),
    Kind.REGISTERED_LINE: (*OF_A_LESSON, "rank", "receipt"),
    Kind.REGISTERED_LOTTERY: ("city", "receipt", "draw_date", "phone", "people"),
    Kind.DRAW_SEAT: (*OF_A_LESSON, "receipt"),
    Kind.DRAW_LINE: (*OF_A_LESSON, "rank", "receipt"),
    Kind.OFFER: (*OF_A_LESSON, "deadline"),
    Kind.SEATED: OF_A_LESSON,
    Kind.MOVED: OF_A_LESSON,
    Kind.REMINDER: (*OF_A_LESSON, "when"),
    Kind.REMINDER_NEXT: (*OF_A_LESSON, "when"),
    Kind.FOLLOW_UP: (*OF_A_LESSON, "hint"),
    Kind.FOLLOW_UP_LAST: ("city", "course", "hint", "phone", "people"),
    Kind.ABSENT: OF_A_LESSON,
    Kind.NEXT_CLASS: OF_A_LESSON,
    Kind.CHANGED: (*OF_A_LESSON, "old_date"),
    Kind.ADDED: OF_A_LESSON,
    Kind.CANCELLED: (*OF_A_LESSON, "reason"),
    Kind.RESUMED: OF_A_LESSON,
}


class Wordings:
    """The wording of every text as it stands; loaded once for many messages."""

    def __init__(self, changed: Mapping[Key, str]) -> None:
        self._changed = changed

    @classmethod
    def load(cls) -> "Wordings":
        """The newest version of each text over the one that ships; one query."""
        rows = MessageTemplate.objects.order_by("version").values_list(
            "kind", "language", "form", "wording"
        )
        return cls({(kind, language, form): wording for kind, language, form, wording in rows})

    def of(self, kind: str, language: str, form: str = Form.ONE) -> str:
        """The wording in force; an empty version says that the one that ships stands again."""
        return self._changed.get((kind, language, form)) or shipped(kind, language, form)

    def hint(self, competency: object, language: str) -> str:
        """What to practise of a competency by its key, or "" where none is written."""
        return self._hints.get((str(competency), language), "")

    @functools.cached_property
    def _hints(self) -> dict[tuple[str, str], str]:
        competencies = Competency.objects.exclude(current=None).select_related("current")
        return {
            (str(each.pk), language): each.current.hint_in(language)
            for each in competencies
            if each.current is not None
            for language in ("ja", "en")
        }


@functools.cache
def shipped(kind: str, language: str, form: str = Form.ONE) -> str:
    """The wording that ships (templates/classes/sms/)."""
    ending = ".several.txt" if form == Form.SEVERAL else ".txt"
    folder = Path(settings.BASE_DIR) / "templates/classes/sms"
    return (folder / f"{kind}.{language}{ending}").read_text(encoding="utf-8").strip()


@functools.lru_cache(maxsize=1024)
def placeholders(wording: str) -> tuple[str, ...]:
    """The names between braces, each once."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(wording)))


def fill(wording: str, values: Mapping[str, str]) -> str:
    """The wording with its placeholders filled in; one without a value is left out, and logged."""
    missing = [name for name in placeholders(wording) if name not in values]
    if missing:
        logger.warning("A text of a message names what it cannot: %s", ", ".join(missing))
    return PLACEHOLDER.sub(lambda found: values.get(found[1], ""), wording)


def render(
    notices: Sequence[Notice],
    *,
    at: datetime.datetime,
    wordings: Wordings,
    places: Places | None = None,
) -> str | None:
    """The text of notices that share one message, as the rows are now (rules 51, 53 and 59).

    They have one number, class and kind; load them with NEEDS and PREFETCH. `places` are those of
    `message_facts.places_in_line`, else they are counted here. None: a row it needs is gone.
    """
    if not notices:
        return None
    first = notices[0]
    members = message_facts.members_told(notices)
    told = Told(
        language=first.learner.language,
        at=at,
        people=max(len(members), len({notice.learner_id for notice in notices})),
        class_session=_class_session(first),
        lesson=first.lesson,
        intake=first.intake,
        offer=first.offer,
        applications=members,
        facts=first.facts,
        hint=wordings.hint(first.facts.get("hint"), first.learner.language)
        if first.facts.get("hint")
        else "",
        places=places,
    )
    return _text(first.text, told, wordings)


def render_lesson(
    kind: str,
    lesson: Lesson,
    *,
    language: str,
    people: int,
    lead: int | None,
    at: datetime.datetime,
    wordings: Wordings,
    hint: int | None = None,
) -> str | None:
    """A text about a lesson, without any notice: one rendering serves everybody it is sent to.

    `lead` are the days to the lesson when it will be read, None: reckoned from `at`; `hint` is a
    competency's key. Load lessons with their venue, and `class_session__course__level__current`;
    for texts after a lesson also `class_session__lessons__venue`.
    """
    told = Told(
        language=language,
        at=at,
        people=people,
        class_session=lesson.class_session,
        lesson=lesson,
        lead=lead,
        hint=wordings.hint(hint, language) if hint else "",
    )
    return _text(kind, told, wordings)


def _class_session(notice: Notice) -> ClassSession | None:
    if notice.class_session is not None:
        return notice.class_session
    if notice.lesson is not None:
        return notice.lesson.class_session
    return notice.offer.class_session if notice.offer is not None else None


def _text(kind: str, told: Told, wordings: Wordings) -> str | None:
    if kind not in PLACEHOLDERS:
        return None
    if kind not in message_facts.OF_NO_CLASS:
        if told.class_session is None:
            return None
        lesson = message_facts.lesson_named(kind, told.lesson, told.class_session, at=told.at)
        if lesson is None and kind == Kind.FOLLOW_UP:
            kind = Kind.FOLLOW_UP_LAST
        if lesson is None and kind != Kind.FOLLOW_UP_LAST:
            return None
        told = replace(told, lesson=lesson)
    form = Form.SEVERAL if told.people > 1 else Form.ONE
    wording = wordings.of(kind, told.language, form)
    values: dict[str, str] = {}
    for name in placeholders(wording):
        if name not in PLACEHOLDERS[kind]:
            continue
        value = WORDS[name](told)
        if value is None:
            return None
        values[name] = value
    return fill(wording, values)
