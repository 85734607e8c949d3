"""Registering: a seat, a place in line, or a clear answer why not."""

import datetime
import uuid
from typing import Any

import pytest
from django.db import transaction

from classes import cancelling, places, standing
from classes.models import (
    Application,
    CallTask,
    ClassSession,
    Enrollment,
    Intake,
    Notice,
    PlaceEvent,
    StaffTask,
    WaitlistEntry,
)
from classes.outcomes import (
    AlreadyThere,
    Applied,
    ChooseSplit,
    Enrolled,
    Refused,
    Registration,
    SeatGone,
    Waitlisted,
)
from classes.places import Applicant, WhenShort
from learners.models import Learner
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 9, 30)


def register(
    session: ClassSession, *people: Learner, now: datetime.datetime = NOW, **options: Any
) -> Registration:
    return places.register(
        session.intake_id,
        applicants=[Applicant(person, uuid.uuid4()) for person in people],
        wishes=[session.pk, *options.pop("more_wishes", [])],
        by=options.pop("by", None),
        now=now,
        **options,
    )


def test_a_caller_gets_the_seat_and_hears_it() -> None:
    session = factories.class_session(code="N1", capacity=1)
    answer = register(session, factories.learner())
    assert isinstance(answer, Enrolled)
    assert answer.class_session == session
    assert "お席が決まりました" in answer.sentence
    assert "受付番号は10月の1番" in answer.sentence
    event = PlaceEvent.objects.get()
    assert event.sentence == answer.sentence  # rule 19
    assert event.at == NOW


def test_when_the_class_is_full_the_caller_hears_the_place_in_line() -> None:
    session = factories.class_session(capacity=1)
    register(session, factories.learner())
    register(session, factories.learner())
    answer = register(session, factories.learner(), now=NOW + datetime.timedelta(minutes=1))
    assert isinstance(answer, Waitlisted)
    assert answer.positions[0].position == 2
    assert "キャンセル待ちの2番目" in answer.sentence
    assert Enrollment.objects.count() == 1


def test_a_second_press_changes_nothing_and_gets_the_same_answer() -> None:  # rule 22
    session = factories.class_session()
    press = uuid.uuid4()
    person = factories.learner()
    answers = [
        places.register(
            session.intake_id,
            applicants=[Applicant(person, press)],
            wishes=[session.pk],
            by=None,
            now=NOW + datetime.timedelta(seconds=second),
        )
        for second in (0, 3)
    ]
    assert isinstance(answers[1], Enrolled)
    assert answers[0].sentence == answers[1].sentence
    assert Application.objects.count() == 1


def test_one_person_has_one_active_application() -> None:  # rule 23
    session = factories.class_session()
    person = factories.learner()
    register(session, person)
    answer = register(session, person)
    assert isinstance(answer, AlreadyThere)
    assert "受け付けております" in answer.sentence
    assert Application.objects.count() == 1


def test_the_highest_wish_with_room_is_given_else_a_line_for_every_wish() -> None:
    intake = factories.intake()
    full = factories.class_session(intake=intake, capacity=0)
    roomy = factories.class_session(intake=intake, capacity=1)
    first = register(full, factories.learner(), more_wishes=[roomy.pk])
    assert isinstance(first, Enrolled)
    assert first.class_session == roomy
    assert not WaitlistEntry.objects.exists()  # rule 31
    second = register(full, factories.learner(), more_wishes=[roomy.pk])
    assert isinstance(second, Waitlisted)
    assert [place.class_session for place in second.positions] == [full, roomy]


def test_a_pair_with_one_seat_left_is_asked_and_nothing_is_written() -> None:  # rule 27
    session = factories.class_session(capacity=1)
    answer = register(session, factories.learner(), factories.learner())
    assert isinstance(answer, ChooseSplit)
    assert answer.free == 1
    assert not Application.objects.exists()


def test_a_pair_may_take_one_seat_and_one_place_in_line() -> None:
    session = factories.class_session(capacity=1)
    answer = register(
        session, factories.learner(), factories.learner(), when_short=WhenShort.SEAT_ONE
    )
    assert isinstance(answer, Enrolled)
    assert len(answer.enrollments) == 1
    entry = WaitlistEntry.objects.get()
    assert entry.party == answer.applications[1].party != answer.applications[0].party


def test_a_waiting_pair_is_passed_over_with_the_numbers_in_the_log() -> None:  # rule 27
    session = factories.class_session(capacity=1)
    pair = register(
        session, factories.learner(), factories.learner(), when_short=WhenShort.WAIT_TOGETHER
    )
    assert isinstance(pair, Waitlisted)
    single = register(session, factories.learner())
    assert isinstance(single, Enrolled)
    passed = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.PASSED_OVER)
    assert passed.count() == 2
    assert passed[0].details["together"] == 2
    assert passed[0].details["free"] == 1


def test_a_seat_in_its_undo_window_goes_to_the_next_caller_unannounced() -> None:  # rules 28, 30
    session = factories.class_session(capacity=1)
    held = register(session, factories.learner())
    assert isinstance(held, Enrolled)
    cancelling.cancel(session.intake_id, held.applications[0].pk, reason="", by=None, now=NOW)
    answer = register(session, factories.learner(), now=NOW + datetime.timedelta(minutes=1))
    assert isinstance(answer, Waitlisted)
    offer = session.offers.get()
    assert offer.announced_at is None
    assert offer.announce_after == NOW + datetime.timedelta(minutes=10)


def test_the_page_showed_a_seat_that_is_gone() -> None:
    intake = factories.intake()
    full = factories.class_session(intake=intake, capacity=0)
    other = factories.class_session(intake=intake, capacity=3, course=full.course)
    answer = register(full, factories.learner(), expects_seat=True)
    assert isinstance(answer, SeatGone)
    assert answer.alternatives == (other,)
    assert answer.position == 1
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"birth_date": datetime.date(1976, 4, 15)}, "too_young"),
        ({"address": "日野市神明3-11"}, "not_resident"),
    ],
)
def test_an_ineligible_caller_is_refused_with_the_reason(  # rules 14, 15
    fields: dict[str, Any], kind: str
) -> None:
    intake = factories.intake(min_age=60, residence="八王子市")
    session = factories.class_session(intake=intake)
    answer = register(session, factories.learner(**fields))
    assert isinstance(answer, Refused)
    assert [reason.kind for reason in answer.reasons] == [kind]
    assert "対象" in answer.sentence
    assert not Application.objects.exists()
    assert PlaceEvent.objects.get().kind == PlaceEvent.Kind.REFUSED


def test_age_counts_on_the_reference_date() -> None:  # rule 14
    intake = factories.intake(min_age=60, reference_date=datetime.date(2026, 4, 1))
    session = factories.class_session(intake=intake)
    sixty_that_day = factories.learner(birth_date=datetime.date(1966, 4, 1))
    sixty_next_day = factories.learner(birth_date=datetime.date(1966, 4, 2))
    assert isinstance(register(session, sixty_that_day), Enrolled)
    assert isinstance(register(session, sixty_next_day), Refused)


def test_an_exception_waives_eligibility_but_never_capacity() -> None:  # rule 15
    intake = factories.intake(min_age=60)
    session = factories.class_session(intake=intake, capacity=0)
    young = factories.learner(birth_date=datetime.date(1990, 1, 1))
    answer = register(session, young, override_reason="ご家族の付添い")
    assert isinstance(answer, Waitlisted)
    assert Application.objects.get().is_override


def test_before_opening_no_exception_helps() -> None:
    session = factories.class_session()
    early = tokyo(2026, 8, 31, 12)
    answer = register(session, factories.learner(), now=early, override_reason="急ぎ")
    assert isinstance(answer, Refused)
    assert not answer.can_override
    assert "受付は9月1日火曜、朝9時からです" in answer.sentence


def test_an_unconfirmed_age_is_registered_with_a_task_before_the_first_lesson() -> None:  # rule 1
    intake = factories.intake(min_age=60)
    session = factories.class_session(intake=intake, lessons=[tokyo(2026, 10, 5, 10)])
    assert isinstance(register(session, factories.learner(birth_date=None)), Enrolled)
    task = StaffTask.objects.get()
    assert task.kind == StaffTask.Kind.CONFIRM_AGE
    assert task.due_on == datetime.date(2026, 10, 4)


def test_an_interpreter_is_to_be_booked_a_fortnight_ahead() -> None:  # rule 20
    session = factories.class_session(lessons=[tokyo(2026, 10, 5, 10)])
    register(session, factories.learner(support_needs=["sign_language", "captioning"]))
    tasks = StaffTask.objects.order_by("kind")
    assert [task.kind for task in tasks] == ["captioning", "sign_language"]
    assert {task.due_on for task in tasks} == {datetime.date(2026, 9, 21)}


def test_what_was_told_on_the_phone_makes_no_call_but_an_import_does() -> None:  # rule 60
    session = factories.class_session()
    register(session, factories.learner())
    assert not CallTask.objects.exists()
    assert Notice.objects.get().channel == Notice.Channel.SPOKEN
    register(session, factories.learner(), spoken=False, source=Application.Source.IMPORT)
    assert CallTask.objects.count() == 1


def test_someone_who_takes_no_calls_gets_a_letter() -> None:  # rule 20
    session = factories.class_session()
    register(session, factories.learner(no_phone_calls=True), spoken=False)
    assert Notice.objects.get().channel == Notice.Channel.POST
    assert not CallTask.objects.exists()


def test_a_late_paper_takes_no_seat_but_its_place_and_the_log_says_whom_it_overtook() -> None:
    # rule 24
    session = factories.class_session(capacity=1)
    seated = register(session, factories.learner())
    waiting = register(session, factories.learner())
    late = register(
        session,
        factories.learner(),
        now=NOW + datetime.timedelta(hours=2),
        received_at=NOW - datetime.timedelta(minutes=10),
        source=Application.Source.FAX,
    )
    assert isinstance(late, Waitlisted)
    assert late.positions[0].position == 1
    assert isinstance(seated, Enrolled)
    assert Enrollment.objects.held().get() == seated.enrollments[0]
    overtaken = PlaceEvent.objects.get(kind=PlaceEvent.Kind.OVERTAKEN)
    assert overtaken.application == waiting.applications[0]  # type: ignore[union-attr]
    assert overtaken.details["by_receipt"] == 3


def test_in_a_lottery_the_ranked_choices_are_kept_and_a_receipt_is_given() -> None:
    intake = factories.intake(method=Intake.Method.LOTTERY)
    first, second = (factories.class_session(intake=intake) for _ in range(2))
    answer = register(second, factories.learner(), more_wishes=[first.pk])
    assert isinstance(answer, Applied)
    choices = answer.applications[0].party.choices.order_by("rank")
    assert [choice.class_session for choice in choices] == [second, first]
    assert answer.applications[0].receipt == f"{intake.code}-0001"
    assert "抽選" in answer.sentence
    assert not Enrollment.objects.exists()


def test_a_frozen_list_takes_nobody() -> None:  # rule 25
    intake = factories.intake(method=Intake.Method.LOTTERY, list_frozen_at=NOW)
    answer = register(factories.class_session(intake=intake), factories.learner())
    assert isinstance(answer, Refused)


def test_the_rules_freeze_at_the_first_application() -> None:  # rule 25
    session = factories.class_session()
    assert session.intake.rules_frozen_at is None
    register(session, factories.learner())
    assert Intake.objects.get().rules_frozen_at == NOW


def test_with_a_seat_per_choice_every_wish_with_room_is_given() -> None:  # rule 31
    intake = factories.intake(seat_rule=Intake.SeatRule.PER_CHOICE)
    roomy, full, also = (
        factories.class_session(intake=intake, capacity=capacity) for capacity in (1, 0, 1)
    )
    answer = register(roomy, factories.learner(), more_wishes=[full.pk, also.pk])
    assert isinstance(answer, Enrolled)
    assert {seat.class_session for seat in answer.enrollments} == {roomy, also}
    assert WaitlistEntry.objects.get().class_session == full


def test_a_wish_added_later_joins_the_end_of_that_line() -> None:
    intake = factories.intake()
    one, two = (factories.class_session(intake=intake, capacity=0) for _ in range(2))
    early = register(one, factories.learner())
    register(two, factories.learner(), now=NOW + datetime.timedelta(minutes=5))
    assert isinstance(early, Waitlisted)
    answer = places.add_wish(
        intake.pk,
        early.applications[0].pk,
        two.pk,
        by=None,
        now=NOW + datetime.timedelta(minutes=9),
    )
    assert isinstance(answer, Waitlisted)
    assert answer.positions[0].position == 2


def test_was_i_registered_is_answered_from_what_stands_now() -> None:  # rule 19
    session = factories.class_session(capacity=0)
    answer = register(session, factories.learner())
    assert isinstance(answer, Waitlisted)
    application = Application.objects.select_related("learner").get()
    said = standing.of(session.intake, application).sentence
    assert "9月1日火曜" in said
    assert "キャンセル待ちの1番目" in said


def test_whoever_is_offered_a_seat_is_not_told_to_wait_as_well() -> None:  # rule 19
    offer = factories.announced_offer(at=tokyo(2026, 9, 2, 10))
    application = offer.party.applications.get()
    said = standing.of(application.intake, application).sentence
    assert "お返事をお待ちしております" in said
    assert "番目です" not in said


def test_an_english_speaker_hears_english() -> None:
    answer = register(factories.class_session(), factories.learner(language="en"))
    assert "You have a seat." in answer.sentence


def test_registering_costs_a_bounded_number_of_queries(django_assert_max_num_queries: Any) -> None:
    session = factories.class_session(capacity=0)
    for _ in range(5):
        register(session, factories.learner())
    person = factories.learner()
    with django_assert_max_num_queries(20):
        register(session, person)


def test_a_record_that_was_absorbed_meanwhile_is_not_registered() -> None:
    session = factories.class_session()
    survivor, absorbed = factories.learner(), factories.learner()
    Learner.objects.filter(pk=absorbed.pk).update(merged_into=survivor)
    with pytest.raises(ValueError, match="merged"), transaction.atomic():
        register(session, absorbed)
    assert not Application.objects.exists()
