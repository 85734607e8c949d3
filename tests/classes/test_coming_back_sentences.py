"""What is read aloud to those who are coming back, in their language."""

import pytest

from classes import coming_back_sentences as said
from tests.factories import class_session, course, learner, tokyo, venue

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return class_session(
        course=course(short_name="アカウント", name_en="Accounts"),
        venue=venue(short_name="浅川"),
        lessons=[tokyo(2026, 10, 6, 10), tokyo(2026, 10, 13, 10)],
    )


@pytest.mark.parametrize(
    ("days", "when"),
    [
        (0, "本日、朝10時から"),
        (1, "明日、10月6日火曜、朝10時から"),
        (7, "来週の10月6日火曜、朝10時から"),
        (4, "次は10月6日火曜、朝10時から"),
    ],
)
def test_a_reminder_says_when_in_words_and_where(session, days, when):
    sentence = said.reminder(learner(), session.lessons.first(), days)
    assert f"{when}、場所は浅川です" in sentence
    assert "アカウントの教室" in sentence


def test_after_a_lesson_the_hint_and_the_next_day_are_said(session):
    first, second = session.lessons.all()
    sentence = said.follow_up(learner(), first, second, "地図で道を調べる")
    assert "「地図で道を調べる」を試して" in sentence
    assert "次は10月13日火曜、朝10時から" in sentence


def test_after_the_last_lesson_no_next_day_is_said(session):
    sentence = said.follow_up(learner(), session.lessons.last(), None, "")
    assert "次は" not in sentence
    assert "「" not in sentence


def test_nobody_who_missed_a_lesson_is_blamed(session):
    sentence = said.absent(learner(), session.lessons.last())
    assert "途中からでも大丈夫" in sentence
    assert "欠席" not in sentence


def test_the_next_class_can_be_applied_for_on_the_call(session):
    assert "このお電話でお申込みを承ります" in said.next_class(learner(), session)


def test_a_letter_speaks_of_no_call(session):  # rule 20
    reader = learner(no_phone_calls=True)
    letters = [
        said.reminder(reader, session.lessons.first(), 7),
        said.absent(reader, session.lessons.first()),
        said.next_class(reader, session),
        said.how_are_you(reader),
    ]
    assert [letter for letter in letters if "電話" in letter] == []


def test_english_speakers_are_spoken_to_in_english(session):
    reader = learner(language="en")
    first, second = session.lessons.all()
    sentences = [
        said.reminder(reader, first, 1),
        said.follow_up(reader, first, second, "Find a place on the map"),
        said.absent(reader, second),
        said.next_class(reader, session),
    ]
    assert all("Accounts class" in sentence for sentence in sentences)
    assert "tomorrow, Tuesday 6 October, at 10 a.m." in sentences[0]
