"""What is read aloud: every sentence in both languages, whole and without a gap."""

import datetime
import re
import uuid
from pathlib import Path

import pytest

from classes import lesson_sentences, places, sentences
from classes.models import ClassSession, Disruption
from classes.outcomes import LinePosition, Reason
from classes.places import Applicant, WhenShort
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
SPOKEN = Path(__file__).resolve().parents[2] / "templates" / "classes" / "spoken"
NOW = tokyo(2026, 9, 1, 9, 30)


@pytest.fixture
def session() -> ClassSession:
    course = factories.course(name="アカウントをつくろう", short_name="アカウント")
    venue = factories.venue(name="浅川市民センター", short_name="浅川")
    return factories.class_session(
        course=course, venue=venue, code="A1", lessons=[tokyo(2026, 10, 6, 10)] * 1, capacity=0
    )


def test_every_sentence_exists_in_both_languages() -> None:
    files = {path.name for path in SPOKEN.glob("*.txt")}
    purposes = {name.split(".")[0] for name in files}
    assert files == {f"{p}.{language}.txt" for p in purposes for language in ("ja", "en")}


def test_a_place_in_line_is_said_the_way_an_operator_speaks(session: ClassSession) -> None:
    answer = places.register(
        session.intake_id,
        applicants=[Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=NOW,
    )
    assert answer.sentence == (
        "アカウントの教室、浅川、10月6日火曜、朝10時から、全1回です。"
        "満席のため、まだお席は決まっておりません。"
        "キャンセル待ちの1番目で、空きが出ましたら、こちらからお電話します。"
        "受付番号は10月の1番です。"
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_sentence_has_a_gap(session: ClassSession, language: str) -> None:
    learner = factories.learner(language=language)
    intake = session.intake
    other = factories.class_session(intake=intake, code="N1")
    pair = places.register(
        intake.pk,
        applicants=[Applicant(learner, uuid.uuid4()), Applicant(factories.learner(), uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=NOW,
        when_short=WhenShort.WAIT_TOGETHER,
    ).applications  # type: ignore[union-attr]
    line = [LinePosition(session, 3), LinePosition(other, 1)]
    reasons = [Reason(kind, "") for kind in ("too_young", "not_resident", "wrong_level")]
    intake.min_age, intake.residence = 60, "八王子市"
    said = [
        sentences.enrolled(intake, pair, [session], line),
        sentences.waitlisted(intake, pair, line[:1]),
        sentences.waitlisted(intake, pair, line),
        sentences.one_seated_one_waits(intake, pair, session, line),
        sentences.applied(intake, pair, [session, other]),
        sentences.refused(intake, learner, reasons),
        *(
            sentences.refused(intake, learner, [Reason(kind, "")])
            for kind in ("before_opening", "after_closing", "list_frozen", "started")
        ),
        sentences.choose_split(learner, session, 1),
        sentences.seat_gone(learner, session, [other], 4),
        sentences.state(intake, pair[0], [session], line, [other]),
        sentences.offer(learner, session, 2, NOW + datetime.timedelta(days=2)),
        *(
            sentences.simple(purpose, learner, session)
            for purpose in ("cancelled", "undone", "declined", "moved")
        ),
        lesson_sentences.changed(learner, session.lessons.get(), NOW),
        lesson_sentences.added(learner, session.lessons.get()),
        lesson_sentences.resumed(learner, session.lessons.get()),
        *(
            lesson_sentences.cancelled(learner, session.lessons.get(), Disruption(cause=cause))
            for cause in (Disruption.Cause.TYPHOON, Disruption.Cause.HALL)
        ),
    ]
    for sentence in said:
        assert sentence
        assert not re.search(r"None|\{|\}|、、|、。|  |\s[.,]", sentence), sentence
        assert (language == "ja") == ("。" in sentence), sentence


@pytest.mark.parametrize(
    ("clock", "ja", "en"),
    [
        ((9, 30), "朝9時半", "9:30 a.m."),
        ((11, 0), "午前11時", "11 a.m."),
        ((12, 0), "お昼の12時", "12 p.m."),
        ((13, 30), "午後1時半", "1:30 p.m."),
        ((15, 10), "午後3時10分", "3:10 p.m."),
    ],
)
def test_times_are_said_as_people_say_them(clock: tuple[int, int], ja: str, en: str) -> None:
    moment = tokyo(2026, 10, 6, *clock)
    assert sentences.spoken_clock(moment, "ja") == ja
    assert sentences.spoken_clock(moment, "en") == en
