"""What is wrong with a wording, or may be: rules 49, 50, 59 and 61, read to whoever writes it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext

from classes import message_texts
from classes.message_examples import Preview
from classes.models import MessageTemplate
from sms import segments

Kind = MessageTemplate.Kind
Form = MessageTemplate.Form

# Words of Latin letters end where Japanese ones begin: hence ASCII.
LINK = re.compile(
    r"https?:|www\.|://|[a-z0-9-]+\.(?:jp|com|net|org|info|me|ly|io|app|link)\b",
    re.IGNORECASE | re.ASCII,
)
# Ten or eleven digits in any grouping; receipts and dates are shorter or begin otherwise.
PHONE = re.compile(r"(?<![0-9])(?:\+81|0)[-0-9() ‐‑–—−ー]{8,}[0-9]")
# 名様 counts people and 皆様 greets them all; any other 様 follows a name.
PERSONAL = re.compile(
    r"(?<![名皆])様|(?<!く)さん|殿|氏名|お名前|生年月日|ご住所|年齢"
    r"|\b(?:Mr|Mrs|Ms|Dear)\b|\b(?:your name|birth date|date of birth|address)\b",
    re.ASCII,
)
REPLY = re.compile(
    r"(?:ご?返信|[おご]返事|返事|ご回答|回答)(?!.{0,6}(?:不要|いりません|できません|ご遠慮))"
    r"|送信してください|と送って|をお送りください"
    r"|(?<!not )(?<!no )\b(?:reply|respond|answer|text (?:us )?back)\b|\bRSVP\b",
    re.IGNORECASE | re.ASCII,
)
# What a message about a lesson must name (rule 50).
NAMED = ("city", "course", "date", "time", "venue")


@dataclass(frozen=True)
class Finding:
    """One remark; what refuses cannot be saved, everything else is for staff to judge."""

    message: str
    refuses: bool = False


def find(wording: str, preview: Preview, *, kind: str, language: str, form: str) -> list[Finding]:
    """Everything there is to say of a wording, what refuses it first."""
    refused = [Finding(message, refuses=True) for message in _refused(wording, preview, kind)]
    warned = [Finding(message) for message in _warned(wording, preview, kind, language, form)]
    return [*refused, *warned]


def _refused(wording: str, preview: Preview, kind: str) -> Iterator[str]:
    if not wording.strip():
        yield gettext("Write a text.")
    known = message_texts.PLACEHOLDERS[kind]
    for name in message_texts.placeholders(wording):
        if name not in known:
            yield gettext("{%(name)s} cannot be filled in here. Choose from the list.") % {
                "name": name
            }
    if re.search(r"[{}]", message_texts.PLACEHOLDER.sub("", wording)):
        yield gettext("A brace { or } stands alone. Insert placeholders from the list.")
    if has_link(message_texts.PLACEHOLDER.sub(" ", wording)):
        yield a_link()
    if preview.size.is_refused:
        yield gettext("%(units)d units with the longest names: networks carry %(most)d.") % {
            "units": preview.size.units,
            "most": segments.LONGEST,
        }


def _warned(wording: str, preview: Preview, kind: str, language: str, form: str) -> Iterator[str]:
    if preview.size.is_joined:
        yield gettext("More than %(alone)d units: it costs as much as %(segments)d messages.") % {
            "alone": preview.size.alone,
            "segments": preview.size.segments,
        }
    yield from _to_think_over(message_texts.PLACEHOLDER.sub(" ", wording))
    named = message_texts.placeholders(wording)
    owed = message_texts.placeholders(message_texts.shipped(kind, language, form))
    missing = [name for name in NAMED if name in owed and name not in named]
    if missing and "course" in owed:
        yield gettext("A message about a lesson names it: %(names)s is missing.") % {
            "names": ", ".join(f"{{{name}}}" for name in missing)
        }
    if form == Form.SEVERAL and "people" not in named:
        yield gettext("It does not say for how many people it is: {people} is missing.")


def in_words(words: str) -> Iterator[str]:
    """What there is to say of plain words, whoever writes them."""
    if has_link(words):
        yield a_link()
    yield from _to_think_over(words)


def has_link(words: str) -> bool:
    """Seniors are told that the city's SMS never hold one: no text with a link goes out."""
    return LINK.search(unicodedata.normalize("NFKC", words)) is not None


def a_link() -> str:
    """What is said of a link, wherever it is refused."""
    return gettext("A link: the city tells people never to open links in messages.")


def _to_think_over(words: str) -> Iterator[str]:
    text = unicodedata.normalize("NFKC", words)
    if any(_digits(number) != _digits(settings.CITY_PHONE) for number in PHONE.findall(text)):
        yield gettext("A phone number that is not the city's own (%(phone)s).") % {
            "phone": settings.CITY_PHONE
        }
    if PERSONAL.search(text):
        yield gettext("It may name a person: whoever holds the phone reads it.")
    if REPLY.search(text):
        yield gettext("It asks for an answer: many cannot send one, and nothing needs it.")


def _digits(number: str) -> str:
    digits = re.sub(r"[^0-9]", "", number)
    return "0" + digits[2:] if number.startswith("+81") else digits
