"""Texts filled in from the rows as they stand at a moment."""

import datetime
from typing import Any

import pytest

from classes import message_facts, message_texts
from classes.message_texts import Wordings, render, render_lesson
from classes.models import ClassSession, Lesson, MessageTemplate, Notice, WaitlistEntry
from skill_levels.models import Competency
from tests import factories
from tests.factories import tokyo

Kind = MessageTemplate.Kind
Purpose = Notice.Purpose
NOW = tokyo(2026, 10, 6, 9)

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> ClassSession:
    """A class with three lessons from Tuesday 13 October at ten."""
    course = factories.course(short_name="アカウント", name_en="Getting an account")
    venue = factories.venue(short_name="クリエイトホール")
    starts = [tokyo(2026, 10, day, 10) for day in (13, 20, 27)]
    return factories.class_session(course=course, venue=venue, lessons=starts)


def notice(text: str, class_session: ClassSession | None, **fields: Any) -> Notice:
    """A notice that goes out by SMS, as `classes.notices` would make it."""
    person = fields.pop("learner", None) or factories.learner()
    fields.setdefault("purpose", Purpose.REMINDER)
    intake = class_session.intake if class_session else factories.intake()
    return Notice.objects.create(
        intake=fields.pop("intake", intake),
        learner=person,
        class_session=class_session,
        text=text,
        occasion=fields.pop("occasion", f"{text}:{person.pk}"),
        channel=Notice.Channel.SMS,
        sentence="",
        created_at=NOW,
        due_at=NOW,
        **fields,
    )


def text_of(*notices: Notice, at: datetime.datetime = NOW) -> str | None:
    return render(notices, at=at, wordings=Wordings.load())


def first_lesson(class_session: ClassSession) -> Lesson:
    return class_session.lessons.earliest("starts_at")


@pytest.mark.parametrize(
    ("at", "when"),
    [
        (tokyo(2026, 10, 6, 9), "来週"),
        (tokyo(2026, 10, 7, 9), "6日後"),
        (tokyo(2026, 10, 5, 9), "8日後"),
        (tokyo(2026, 10, 12, 19), "明日"),
        (tokyo(2026, 10, 13, 9), "本日"),
    ],
)
def test_a_reminder_says_when_from_the_moment_it_goes_out(accounts, at, when):  # rule 51
    told = notice(Kind.REMINDER, accounts, lesson=first_lesson(accounts))
    expected = (
        f"八王子市スマホ教室「アカウント」は{when}10/13(火)10:00、クリエイトホールです。"
        "お待ちしています。お休みは042-626-3111"
    )
    assert text_of(told, at=at) == expected


def test_nothing_is_said_of_a_lesson_that_began_or_is_off(accounts):  # rules 51 and 53
    lesson = first_lesson(accounts)
    told = notice(Kind.REMINDER_NEXT, accounts, lesson=lesson)
    assert text_of(told, at=lesson.starts_at) is None
    Lesson.objects.filter(pk=lesson.pk).update(cancelled_at=NOW)
    assert text_of(Notice.objects.get(pk=told.pk)) is None


def test_nothing_is_said_of_a_lesson_whose_row_is_gone(accounts):
    told = notice(Kind.CHANGED, accounts, facts={"old": "2026-10-06T10:00:00+09:00"})
    assert text_of(told) is None


def test_a_lesson_that_moved_is_told_as_it_stands_now(accounts):  # rule 53
    lesson = first_lesson(accounts)
    told = notice(
        Kind.CHANGED, accounts, lesson=lesson, facts={"old": tokyo(2026, 10, 13, 10).isoformat()}
    )
    lesson.starts_at = tokyo(2026, 10, 15, 13, 30)
    lesson.ends_at = tokyo(2026, 10, 15, 15, 30)
    lesson.save()
    text = text_of(Notice.objects.get(pk=told.pk))
    assert text is not None
    assert "10/13(火)を10/15(木)13:30クリエイトホールに変更します" in text


def test_two_people_of_one_number_are_told_by_one_text(accounts):  # rule 59
    lesson = first_lesson(accounts)
    both = [notice(Kind.REMINDER, accounts, lesson=lesson) for _ in range(2)]
    text = text_of(*both)
    assert text is not None
    assert "2名様お待ちします" in text


def test_one_of_a_party_is_told_for_all_of_it(accounts):  # rules 26 and 59
    people = [factories.learner(), factories.learner()]
    first, second = factories.registered(accounts, *people)
    told = notice(
        Kind.REGISTERED_SEAT,
        accounts,
        learner=first.learner,
        application=first,
        purpose=Purpose.REGISTERED,
    )
    assert "2名様のお席が決まりました" in str(text_of(told))
    receipt = message_texts.Wordings(
        {(Kind.REGISTERED_SEAT, "ja", "several"): "受付番号{receipt}、{people}名様"}
    )
    text = render([told], at=NOW, wordings=receipt)
    assert text == f"受付番号{first.receipt}・{second.number:04d}、2名様"


def test_what_is_said_of_one_lesson_counts_those_it_is_said_to(accounts):
    first, _ = factories.registered(accounts, factories.learner(), factories.learner())
    told = notice(
        Kind.REMINDER,
        accounts,
        learner=first.learner,
        application=first,
        lesson=first_lesson(accounts),
    )
    assert "名様" not in str(text_of(told))


def test_the_place_in_line_is_the_one_of_this_moment(accounts):  # rule 24
    ClassSession.objects.filter(pk=accounts.pk).update(capacity=1)
    _seated, ahead, waiting = (
        factories.registered(accounts, at=tokyo(2026, 9, 1, 10, minute))[0] for minute in (1, 2, 3)
    )
    told = notice(
        Kind.REGISTERED_LINE,
        accounts,
        learner=waiting.learner,
        application=waiting,
        purpose=Purpose.REGISTERED,
    )
    assert "キャンセル待ち2番です" in str(text_of(told))
    WaitlistEntry.objects.filter(party=ahead.party).update(ended_at=NOW, ending="declined")
    places = message_facts.places_in_line([told])
    assert "キャンセル待ち1番です" in str(text_of(told))
    assert render([told], at=NOW, wordings=Wordings({}), places=places) == text_of(told)
    WaitlistEntry.objects.filter(party=waiting.party).update(ended_at=NOW, ending="declined")
    assert text_of(told) is None


def test_the_deadline_of_an_offer_is_a_full_hour_before_it_ends():  # rule 29
    offer = factories.announced_offer()
    told = Notice.objects.get(offer=offer)
    told.text = Kind.OFFER
    at = tokyo(2026, 9, 1, 9, 45)
    assert "9/3(木)9時までに042-626-3111へ" in str(text_of(told, at=at))
    told.offer.expires_at = tokyo(2026, 10, 9, 17, 40)
    assert "10/9(金)17時までに" in str(text_of(told, at=at))


def test_the_lottery_receipt_names_no_class():  # rule 50
    intake = factories.intake(draw_on=datetime.date(2026, 10, 13), method="lottery")
    application = factories.registered(factories.class_session(intake=intake))[0]
    told = notice(
        Kind.REGISTERED_LOTTERY,
        None,
        intake=intake,
        learner=application.learner,
        application=application,
        purpose=Purpose.REGISTERED,
    )
    text = text_of(told)
    assert text is not None
    assert f"受付番号{application.receipt}、抽選は10/13(火)です" in text


@pytest.mark.parametrize(
    ("facts", "ja", "en"),
    [
        ({"reason": "typhoon"}, "台風", "typhoon"),
        ({"reason": "設備の故障"}, "設備の故障", "設備の故障"),
        ({}, "停電", "停電"),
    ],
)
def test_why_a_lesson_is_off_is_said_in_short_words(accounts, facts, ja, en):
    lesson = first_lesson(accounts)
    lesson.cancelled_at, lesson.cancel_reason = NOW, "停電"
    lesson.save()
    told = notice(Kind.CANCELLED, accounts, lesson=lesson, facts=facts)
    assert f"は{ja}で中止です" in str(text_of(told))
    told.learner.language = "en"
    assert f"is cancelled: {en}." in str(text_of(told))


def test_a_cancellation_that_was_taken_back_is_not_sent(accounts):  # rule 53
    told = notice(Kind.CANCELLED, accounts, lesson=first_lesson(accounts), facts={"reason": "snow"})
    assert text_of(told) is None


def test_a_class_that_is_off_is_told_by_its_next_lesson_and_reminds_of_none(accounts):
    accounts.cancelled_at = NOW
    accounts.save()
    accounts.lessons.update(cancelled_at=NOW)
    told = notice(Kind.CANCELLED, accounts, facts={"reason": "illness"})
    assert "10/13(火)10:00クリエイトホールは講師急病で中止です" in str(text_of(told))
    assert text_of(notice(Kind.NEXT_CLASS, accounts)) is None


def test_an_invitation_names_the_next_lesson_that_takes_place(accounts):
    accounts.lessons.filter(starts_at=tokyo(2026, 10, 13, 10)).update(cancelled_at=NOW)
    told = notice(Kind.NEXT_CLASS, accounts)
    assert "10/20(火)10:00、クリエイトホール" in str(text_of(told))


def test_after_a_lesson_one_hint_and_the_next_date_are_given(accounts):
    hinted = Competency.objects.current().exclude(current__hint_ja="")[0]
    lesson = first_lesson(accounts)
    told = notice(Kind.FOLLOW_UP, accounts, lesson=lesson, facts={"hint": hinted.pk})
    text = str(text_of(told, at=tokyo(2026, 10, 14, 9)))
    assert hinted.current is not None
    assert f"おうちで「{hinted.current.hint_ja}」を。次回10/20(火)10:00クリエイトホール" in text


def test_after_the_last_lesson_no_next_date_is_given(accounts):
    told = notice(Kind.FOLLOW_UP, accounts, lesson=accounts.lessons.latest("starts_at"))
    text = str(text_of(told, at=tokyo(2026, 10, 28, 9)))
    assert "次回" not in text
    assert "おうちで「今日の練習」を" in text


def test_whoever_missed_the_last_lesson_is_invited_to_nothing(accounts):
    told = notice(Kind.ABSENT, accounts, lesson=accounts.lessons.latest("starts_at"))
    assert text_of(told, at=tokyo(2026, 10, 28, 9)) is None


def test_an_english_speaker_gets_english(accounts):
    told = notice(Kind.REMINDER, accounts, lesson=first_lesson(accounts))
    told.learner.language = "en"
    expected = (
        'Hachioji City smartphone class "Getting an account" is next week: Tue 13 Oct 10:00, '
        "クリエイトホール. See you there. If you cannot come, call 042-626-3111"
    )
    assert text_of(told) == expected


def test_a_text_of_a_lesson_needs_no_notice(accounts):
    lesson = first_lesson(accounts)
    told = notice(Kind.REMINDER, accounts, lesson=lesson)
    planned = render_lesson(
        Kind.REMINDER,
        lesson,
        language="ja",
        people=1,
        lead=7,
        at=tokyo(2026, 10, 1, 9),
        wordings=Wordings.load(),
    )
    assert planned == text_of(told, at=NOW)


def test_the_longest_names_still_make_a_text(accounts):  # rule 49
    accounts.course.short_name = "あ" * 20
    lesson = first_lesson(accounts)
    lesson.venue.short_name = "い" * 20
    text = render_lesson(
        Kind.REMINDER, lesson, language="ja", people=2, lead=1, at=NOW, wordings=Wordings({})
    )
    assert text is not None
    assert "い" * 20 in text


def test_many_notices_are_rendered_without_asking_anything_more(
    accounts, django_assert_num_queries
):
    lesson = first_lesson(accounts)
    for _ in range(5):
        person = factories.registered(accounts)[0]
        notice(Kind.REMINDER, accounts, learner=person.learner, application=person, lesson=lesson)
    wordings = Wordings.load()
    rows = list(
        Notice.objects.filter(text=Kind.REMINDER)
        .select_related(*message_texts.NEEDS)
        .prefetch_related(*message_texts.PREFETCH)
    )
    with django_assert_num_queries(0):
        texts = [render([row], at=NOW, wordings=wordings) for row in rows]
    assert all(texts)


def test_the_newest_wording_stands_and_all_are_read_at_once(django_assert_num_queries):
    for version, wording in enumerate(("一つ目", "二つ目"), start=1):
        MessageTemplate.objects.create(
            kind=Kind.OFFER, language="ja", version=version, wording=wording, created_at=NOW
        )
    with django_assert_num_queries(1):
        wordings = Wordings.load()
        assert wordings.of(Kind.OFFER, "ja") == "二つ目"
        assert wordings.of(Kind.OFFER, "en") == message_texts.shipped(Kind.OFFER, "en")
