"""Who belongs to which tier, seats for repeating, and rules that cannot be."""

import datetime
import uuid

import pytest
from django.utils import translation

from classes import places
from classes.lottery import freezing, listing, tiers
from classes.models import Attendance, Enrollment, Intake, Lesson
from learners.models import Learner
from skill_levels import placements
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
OPEN, CLOSED = tokyo(2026, 9, 1, 10), tokyo(2026, 10, 2, 9)
EARLIER = tokyo(2026, 3, 3, 10)


def lottery(*kinds, **fields):
    return factories.intake(
        method=Intake.Method.LOTTERY, priority_tiers=list(kinds), code="2026-10", **fields
    )


def apply(intake, session, *learners):
    return places.register(
        intake.pk,
        applicants=[places.Applicant(learner, uuid.uuid4()) for learner in learners],
        wishes=[session.pk],
        by=None,
        now=OPEN,
    ).applications


def taught(learner: Learner, *, status: str, at: datetime.datetime = EARLIER, **fields) -> Lesson:
    """A class of an earlier intake with one lesson, to which this person came or not."""
    earlier = factories.intake(
        opens_at=at - datetime.timedelta(days=40), closes_at=at - datetime.timedelta(days=20)
    )
    session = factories.class_session(intake=earlier, lessons=[at], **fields)
    when = at - datetime.timedelta(days=30)
    application = factories.registered(session, learner, at=when)[0]
    lesson = session.lessons.get()
    Attendance.objects.create(
        enrollment=Enrollment.objects.get(application=application),
        lesson=lesson,
        status=status,
        marked_at=at,
    )
    return lesson


def tiers_of(intake):
    listed = listing.compose(intake, former=None, now=CLOSED)
    return [entry.tier for entry in listed.drawing.entries]


def test_attended_means_attended_not_absent():  # rule 34
    intake = lottery({"kind": "never_attended"})
    session = factories.class_session(intake=intake)
    came, absent, new = (factories.learner() for _ in range(3))
    taught(came, status=Attendance.Status.PRESENT)
    taught(absent, status=Attendance.Status.ABSENT)
    for learner in (came, absent, new):
        apply(intake, session, learner)
    assert tiers_of(intake) == [2, 1, 1]


def test_a_party_is_in_the_first_tier_that_all_its_members_match():  # rule 34
    intake = lottery({"kind": "never_attended"}, {"kind": "resident"})
    session = factories.class_session(intake=intake)
    came, new = factories.learner(), factories.learner()
    taught(came, status=Attendance.Status.PRESENT)
    apply(intake, session, came, new)
    apply(
        intake,
        session,
        factories.learner(address="町田市原町田1-1"),
        came_too := factories.learner(),
    )
    assert came_too
    assert tiers_of(intake) == [2, 1]


def test_lost_means_no_seat_and_no_offer_in_the_last_rounds():
    intake = lottery({"kind": "lost", "losses": 1, "rounds": 2})
    session = factories.class_session(intake=intake)
    earlier = factories.intake(opens_at=tokyo(2026, 7, 1, 9), closes_at=tokyo(2026, 7, 9, 9))
    full = factories.class_session(intake=earlier, capacity=1)
    seated, waited = factories.learner(), factories.learner()
    for learner in (seated, waited):
        factories.registered(full, learner, at=tokyo(2026, 7, 2, 9))
    for learner in (seated, waited, factories.learner()):
        apply(intake, session, learner)
    assert tiers_of(intake) == [2, 1, 2]


def test_a_loss_before_the_last_rounds_no_longer_counts():
    intake = lottery({"kind": "lost", "losses": 1, "rounds": 1})
    session = factories.class_session(intake=intake)
    long_ago = factories.intake(opens_at=tokyo(2026, 5, 1, 9), closes_at=tokyo(2026, 5, 9, 9))
    factories.intake(opens_at=tokyo(2026, 7, 1, 9), closes_at=tokyo(2026, 7, 9, 9))
    full = factories.class_session(intake=long_ago, capacity=0)
    learner = factories.learner()
    factories.registered(full, learner, at=tokyo(2026, 5, 2, 9))
    apply(intake, session, learner)
    assert tiers_of(intake) == [2]


def test_the_level_is_that_of_the_first_choice():  # rule 34
    intake = lottery({"kind": "level_matches"})
    news = factories.class_session(intake=intake)
    accounts = factories.class_session(
        intake=intake, course=factories.course(level=factories.level("accounts"))
    )
    placed = factories.learner()
    placements.place(placed, factories.level("accounts"), by=factories.staff_member(), now=OPEN)
    apply(intake, accounts, placed)
    apply(intake, news, factories.learner())
    apply(intake, accounts, factories.learner())
    assert tiers_of(intake) == [1, 2, 2]


def test_not_lately_is_reckoned_from_the_opening():
    intake = lottery({"kind": "not_lately", "months": 6})
    session = factories.class_session(intake=intake)
    before, lately = factories.learner(), factories.learner()
    taught(before, status=Attendance.Status.PRESENT, at=tokyo(2026, 3, 1, 8))
    taught(lately, status=Attendance.Status.PRESENT, at=tokyo(2026, 3, 1, 10))
    for learner in (before, lately):
        apply(intake, session, learner)
    assert tiers_of(intake) == [1, 2]


def test_seats_for_repeating_are_for_parties_who_all_attended_that_level():
    intake = lottery(repeat_seats=1)
    session = factories.class_session(intake=intake, capacity=3)
    again, new = factories.learner(), factories.learner()
    taught(again, status=Attendance.Status.PRESENT)
    apply(intake, session, again)
    apply(intake, session, factories.learner(), new)
    listed = listing.compose(intake, former=None, now=CLOSED)
    assert [entry.repeats for entry in listed.drawing.entries] == [True, False]
    assert [(each.seats, each.kept) for each in listed.drawing.classes] == [(3, 1)]


def test_the_figures_before_the_seed_name_what_to_look_at():
    intake = lottery()
    small = factories.class_session(intake=intake, code="N1", capacity=1)
    factories.class_session(intake=intake, code="N2", capacity=5)
    apply(intake, small, factories.learner(), factories.learner())
    apply(intake, small, factories.learner())
    listed = listing.compose(intake, former=None, now=CLOSED)
    with translation.override("en"):
        summary = listing.summarise(listed.drawing, listed.rules, of_lines=False)
        said = " ".join(summary.warnings)
    assert (summary.parties, summary.people, summary.seats) == (2, 3, 6)
    assert summary.demand[0].by_rank == (3,)
    assert "2026-10-0001" in said
    assert "Nobody names N2 first" in said
    assert "Fewer people" in said


@pytest.mark.parametrize(
    "stored",
    [
        "x",
        [{"kind": "friend_of_the_mayor"}],
        [{"kind": "lost", "losses": 3, "rounds": 2}],
        [{"kind": "lost", "losses": 1}],
        [{"kind": "not_lately", "months": 0}],
        [{"kind": "resident"}, {"kind": "resident"}],
        [{"kind": "resident"}] * 6,
    ],
)
def test_rules_that_cannot_be_are_refused(stored):
    with pytest.raises(tiers.NotATier):
        tiers.read(stored)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_tier_has_a_plain_sentence_in_both_languages(language):
    with translation.override(language):
        said = [
            tiers.Tier(kind, losses=1, rounds=3, months=6).sentence for kind, _label in tiers.KINDS
        ]
    assert len(set(said)) == len(tiers.KINDS)
    assert all(text.isascii() == (language == "en") for text in said)


def test_the_list_does_not_depend_on_who_froze_it():  # rule 33
    intake = lottery()
    apply(intake, factories.class_session(intake=intake, capacity=1), factories.learner())
    one, other = (factories.staff_member(role="coordinator") for _ in range(2))
    first = freezing.freeze(intake.pk, by=one, now=CLOSED)
    freezing.take_back(first.pk, by=one, now=CLOSED)
    second = freezing.freeze(intake.pk, by=other, now=CLOSED)
    assert second.list_text.replace('"number":2', '"number":1') == first.list_text
