"""The texts that ship: their size, what they name, and what they never hold."""

import re

import pytest
from django.conf import settings

from classes import message_texts
from classes.models import MessageTemplate
from sms import segments

Kind = MessageTemplate.Kind
Form = MessageTemplate.Form

# The values that the table of texts reckons with; the hint is of eleven letters.
JAPANESE = {
    "city": "八王子市",
    "course": "アカウント",
    "venue": "クリエイトホール",
    "phone": "042-626-3111",
    "date": "10/13(火)",
    "time": "10:00",
    "rank": "12",
    "deadline": "10/9(金)17時",
    "hint": "電源とロック解除をする",
    "when": "来週",
    "old_date": "10/13(火)",
    "reason": "講師急病",
    "receipt": "2026-10-0042",
    "draw_date": "10/13(火)",
    "people": "2",
}
ENGLISH = {
    "city": "Hachioji City",
    "course": "Getting an account",
    "venue": "Create Hall",
    "phone": "042-626-3111",
    "date": "Tue 13 Oct",
    "time": "10:00",
    "rank": "12",
    "deadline": "Fri 9 Oct 17:00",
    "hint": "turning it on, unlocking",
    "when": "next week",
    "old_date": "Tue 13 Oct",
    "reason": "instructor ill",
    "receipt": "2026-10-0042",
    "draw_date": "Tue 13 Oct",
    "people": "2",
}
VALUES = {"ja": JAPANESE, "en": ENGLISH}
SEVERAL_RECEIPTS = {"ja": "2026-10-0042・0043", "en": "2026-10-0042, 0043"}
# As the table of texts counts them, with 台風 and without the receipt's own length.
UNITS = {
    Kind.REGISTERED_SEAT: 61,
    Kind.REGISTERED_LINE: 64,
    Kind.DRAW_SEAT: 67,
    Kind.DRAW_LINE: 64,
    Kind.OFFER: 67,
    Kind.REMINDER: 69,
    Kind.REMINDER_NEXT: 70,
    Kind.FOLLOW_UP: 67,
    Kind.ABSENT: 63,
    Kind.NEXT_CLASS: 67,
    Kind.CHANGED: 69,
    Kind.CANCELLED: 67,
}
EVERY_TEXT = [
    pytest.param(kind, language, form, id=f"{kind}-{language}-{form}")
    for kind in Kind
    for language in ("ja", "en")
    for form in Form
]


def filled(kind: str, language: str, form: str, **values: str) -> str:
    known = dict(VALUES[language])
    if form == Form.SEVERAL:
        known["receipt"] = SEVERAL_RECEIPTS[language]
    return message_texts.fill(message_texts.shipped(kind, language, form), known | values)


@pytest.mark.parametrize(("kind", "language", "form"), EVERY_TEXT)
def test_a_text_that_ships_is_one_message(kind, language, form):  # rule 49
    size = segments.measure(filled(kind, language, form))
    assert size.segments == 1, filled(kind, language, form)
    assert size.is_gsm7 == (language == "en")


@pytest.mark.parametrize(("kind", "units"), UNITS.items())
def test_a_japanese_text_has_the_units_that_were_reckoned(kind, units):  # rule 49
    assert segments.measure(filled(kind, "ja", Form.ONE, reason="台風")).units == units


@pytest.mark.parametrize(("kind", "language", "form"), EVERY_TEXT)
def test_a_text_that_ships_names_only_what_its_list_offers(kind, language, form):
    wording = message_texts.shipped(kind, language, form)
    assert set(message_texts.placeholders(wording)) <= set(message_texts.PLACEHOLDERS[kind])
    assert ("{people}" in wording) == (form == Form.SEVERAL)  # rule 59


@pytest.mark.parametrize(("kind", "language", "form"), EVERY_TEXT)
def test_a_text_that_ships_holds_no_link_no_name_and_no_other_number(kind, language, form):
    text = filled(kind, language, form)
    assert not re.search(r"https?:|www\.|\.jp|\.com", text)  # rule 50
    numbers = re.findall(r"0\d{1,3}-\d{2,4}-\d{4}", text.replace("2026-10-0042", ""))
    assert set(numbers) <= {settings.CITY_PHONE}
    assert not re.search(r"返信|ご返事|お返事|[Rr]eply|[Aa]nswer", text)  # rule 61


@pytest.mark.parametrize(("kind", "language", "form"), EVERY_TEXT)
def test_a_text_about_a_lesson_names_city_class_date_time_and_place(kind, language, form):
    if kind in (Kind.REGISTERED_LOTTERY, Kind.FOLLOW_UP_LAST):
        return  # they name no lesson
    named = set(message_texts.placeholders(message_texts.shipped(kind, language, form)))
    lost = {"time"} if (kind, language) == (Kind.DRAW_LINE, "ja") else set()
    assert {"city", "course", "date", "time", "venue"} - named <= lost  # rule 50


def test_a_value_that_is_missing_is_left_out_and_logged_by_name_alone(caplog):
    text = message_texts.fill("{city}の{name}さん", {"city": "八王子市"})
    assert text == "八王子市のさん"
    assert "name" in caplog.text
    assert "八王子市" not in caplog.text
