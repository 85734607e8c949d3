"""On a call the person can answer at once; a letter names the number to call."""

import pytest

from classes import planned_sentences, sentences
from tests.factories import class_session, learner, venue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "on_call", "in_letter"),
    [
        ("reminder", "お越しになれますか", "042-626-3111へお知らせください"),
        ("next_class", "このお電話でお申込みを承ります", "042-626-3111へお電話ください"),
    ],
)
def test_a_call_asks_and_a_letter_names_the_number(kind, on_call, in_letter):  # rule 60
    lesson = class_session().lessons.first()
    called = planned_sentences.say(kind, lesson, "ja", on_call=True)
    written = planned_sentences.say(kind, lesson, "ja")
    assert on_call in called
    assert "042-626-3111" not in called
    assert in_letter in written


@pytest.mark.parametrize("kind", ["reminder", "next_class", "absent", "follow_up"])
def test_english_sentences_are_said_on_calls_too(kind):
    lesson = class_session(venue=venue(short_name="Asakawa")).lessons.first()
    called = planned_sentences.say(kind, lesson, "en", on_call=True)
    assert called.isascii()
    assert "call 042" not in called


@pytest.mark.parametrize(("no_phone_calls", "said"), [(False, "お電話"), (True, "お手紙")])
def test_what_was_written_is_called_or_written_about(no_phone_calls, said):  # rule 20
    person = learner(no_phone_calls=no_phone_calls)
    sentence = sentences.simple("written_back", person)
    assert [word for word in ("お電話", "お手紙") if word in sentence] == [said]
