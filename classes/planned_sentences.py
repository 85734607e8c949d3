"""What staff read aloud, or letters say, of what time makes due: reminders and what comes next."""

import datetime

from django.conf import settings

from classes import message_facts, message_texts, sentences
from classes.models import Lesson, MessageTemplate, Notice

Kind = MessageTemplate.Kind
Purpose = Notice.Purpose

PLANNED = (Purpose.REMINDER, Purpose.FOLLOW_UP, Purpose.ABSENT, Purpose.NEXT_CLASS)


def say(kind: str, lesson: Lesson, language: str, *, hint: str = "", on_call: bool = False) -> str:
    """The sentence about this lesson; it names the day, not how far off it is, for a call may be
    made later and a letter lies for days. `on_call`: the person is on the phone and can answer."""
    klass = sentences.spoken_class(lesson.class_session, language)
    return sentences.fill(
        _template(kind),
        language,
        klass=klass,
        number=lesson.number,
        day=sentences.spoken_day(lesson.starts_at, language),
        clock=sentences.spoken_clock(lesson.starts_at, language),
        venue=lesson.venue.short_name or lesson.venue.name,
        hint=hint,
        is_last=kind == Kind.FOLLOW_UP_LAST,
        phone=settings.CITY_PHONE,
        on_call=on_call,
    )


def of_notice(notice: Notice, *, now: datetime.datetime) -> str:
    """The same for a call that is made now: of the lesson as it stands, or of the next one where
    it fell out."""
    lesson = notice.lesson
    if lesson is None or not notice.text:
        return notice.sentence
    if lesson.cancelled_at is not None:
        coming = message_facts.coming_lesson(lesson.class_session, after=now)
        if coming is None:
            return notice.sentence
        lesson = coming
    language = notice.learner.language
    hint = notice.facts.get("hint")
    said = message_texts.Wordings.load().hint(hint, language) if hint else ""
    return say(notice.text, lesson, language, hint=said, on_call=True)


def _template(kind: str) -> str:
    same = {Kind.REMINDER_NEXT: Kind.REMINDER, Kind.FOLLOW_UP_LAST: Kind.FOLLOW_UP}
    return str(same.get(Kind(kind), kind))
