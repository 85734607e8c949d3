"""The calls to make: their order, one operator each, what each try leads to, and the pace."""

import datetime
import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from classes import call_attempts, call_list, call_pace, calls, cancelling, offers, posting
from classes.call_attempts import Answer, Recorded, Result, Try
from classes.call_forms import AttemptForm
from classes.models import (
    CallAttempt,
    CallTask,
    Enrollment,
    Notice,
    Offer,
    PlaceEvent,
    StaffTask,
    WaitlistEntry,
)
from learners.models import PhoneNumber
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
START = tokyo(2026, 9, 1, 9, 30)
NOW = tokyo(2026, 9, 1, 10, 0)
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
Outcome = CallAttempt.Outcome
StaffMember = get_user_model()


def record(
    task: CallTask, outcome: Outcome, *, at: datetime.datetime = NOW, by: Any = None, **entered: Any
) -> Recorded:
    entered.setdefault("client_uuid", uuid.uuid4())
    return call_attempts.record_attempt(
        task.pk, Try(outcome=outcome, **entered), by=by or factories.staff_member(), now=at
    )


def order(now: datetime.datetime = NOW) -> list[int]:
    return [task.pk for task in calls.open_tasks(now=now)]


def test_offers_nobody_was_told_of_head_the_list():  # rule 29
    registration = factories.registered(factories.class_session(), spoken=False)[0]
    offer = factories.call_task()
    result = CallTask.objects.get(notice__application=registration)
    assert order() == [offer.pk, result.pk]


def reminder(days: int, *, due_at: datetime.datetime = NOW - HOUR) -> CallTask:
    """Somebody to be reminded of a lesson in so many days."""
    session = factories.class_session(lessons=[NOW + datetime.timedelta(days=days)])
    notice = Notice.objects.create(
        intake=session.intake,
        class_session=session,
        lesson=session.lessons.get(),
        learner=factories.learner(phone="+81426263111"),
        purpose=Notice.Purpose.REMINDER,
        occasion=f"lesson:{session.pk}:1:1",
        channel="call",
        created_at=NOW,
        due_at=due_at,
    )
    return CallTask.objects.create(notice=notice, created_at=NOW, urgency=5, due_at=notice.due_at)


def test_a_reminder_of_tomorrows_lesson_comes_before_a_result_and_is_marked_when_late():
    # Rule 60: told on the same date as everybody else.
    registration = factories.registered(factories.class_session(), spoken=False)[0]
    result = CallTask.objects.get(notice__application=registration)
    in_a_week, tomorrow = reminder(7, due_at=NOW - 24 * HOUR), reminder(1)
    assert order() == [tomorrow.pk, result.pk, in_a_week.pk]
    rows = call_list.listing(factories.staff_member(), now=NOW).rows
    assert [row.is_late for row in rows] == [False, False, True]


def test_what_is_to_be_tried_later_sinks_until_then():
    first, second = factories.call_task(), factories.call_task()
    record(first, Outcome.NO_ANSWER)
    assert order() == [second.pk, first.pk]
    assert order(NOW + 3 * HOUR) == [first.pk, second.pk]


def test_a_person_marked_as_not_to_be_called_is_never_on_the_list():  # rule 20
    task = factories.call_task()
    learner = task.notice.learner
    learner.no_phone_calls = True
    learner.save()
    assert order() == []
    posting.reroute_no_phone(now=NOW)
    notice = Notice.objects.to_post().get(learner=learner)
    assert notice.offer
    assert notice.offer.printed_deadline
    assert CallTask.objects.get(pk=task.pk).closed_at == NOW


def test_only_one_operator_takes_a_call_until_the_claim_lapses():
    task = factories.call_task()
    first, second = factories.staff_member(), factories.staff_member()
    calls.claim(task.pk, by=first, now=NOW)
    with pytest.raises(calls.ClaimedByOther) as refused:
        calls.claim(task.pk, by=second, now=NOW + MINUTE)
    assert refused.value.who == first
    calls.claim(task.pk, by=second, now=NOW + 16 * MINUTE)
    assert calls.claimed_by(second, now=NOW + 16 * MINUTE)


def test_claiming_one_call_takes_all_calls_to_the_same_number():  # rule 3
    husband = factories.learner(phone="+81426263111")
    wife = factories.learner(phone="+81426263111")
    first, second = factories.call_task(husband), factories.call_task(wife)
    operator = factories.staff_member()
    calls.claim(first.pk, by=operator, now=NOW)
    with pytest.raises(calls.ClaimedByOther):
        calls.claim(second.pk, by=factories.staff_member(), now=NOW)
    assert {task.pk for task in calls.claimed_by(operator, now=NOW)} == {first.pk, second.pk}
    calls.release(first.pk, by=operator, now=NOW)
    calls.claim(second.pk, by=factories.staff_member(), now=NOW)


def test_taking_another_call_lets_go_of_the_one_before():
    first, second = factories.call_task(), factories.call_task(factories.learner())
    operator = factories.staff_member()
    calls.claim(first.pk, by=operator, now=NOW)
    calls.claim(second.pk, by=operator, now=NOW)
    assert [task.pk for task in calls.claimed_by(operator, now=NOW)] == [second.pk]
    calls.claim(first.pk, by=factories.staff_member(), now=NOW)


def test_the_next_call_skips_those_that_others_make():
    first, second = factories.call_task(), factories.call_task(factories.learner())
    calls.claim(first.pk, by=factories.staff_member(), now=NOW)
    taken = calls.claim_next(by=factories.staff_member(), now=NOW)
    assert taken
    assert taken.pk == second.pk
    assert calls.claim_next(by=factories.staff_member(), now=NOW) is None


def test_a_call_that_need_not_be_made_cannot_be_taken():
    task = factories.call_task()
    record(task, Outcome.REACHED, answer=Answer.ACCEPTS)
    with pytest.raises(calls.TaskClosed):
        calls.claim(task.pk, by=factories.staff_member(), now=NOW)


def test_a_party_that_accepts_on_the_phone_is_seated_and_hears_it():  # rules 19 and 29
    task = factories.call_task()
    offer = task.notice.offer
    said = record(task, Outcome.REACHED, answer=Answer.ACCEPTS, sentence="お席が空きました。")
    offer.refresh_from_db()
    assert (offer.status, offer.told_by, offer.told_at) == ("accepted", "phone", NOW)
    assert said.result is Result.ACCEPTED
    assert "お席が決まりました" in said.sentence
    assert Enrollment.objects.held().get().application.learner == task.notice.learner
    notice = Notice.objects.get(pk=task.notice_id)
    assert (notice.outcome, notice.settled_at) == ("told", NOW)
    read = PlaceEvent.objects.filter(kind="read_aloud", learner=notice.learner)
    assert [event.sentence for event in read] == ["お席が空きました。", said.sentence]


def test_a_party_that_declines_leaves_that_line_and_the_next_is_offered_the_seat():  # rule 31
    task = factories.call_task()
    session = task.notice.offer.class_session
    factories.registered(session, at=START)
    said = record(task, Outcome.REACHED, answer=Answer.DECLINES)
    assert said.result is Result.DECLINED
    assert said.sentence
    assert WaitlistEntry.objects.get(offers=task.notice.offer).ending == "declined"
    assert Offer.objects.open().filter(class_session=session).count() == 1


def test_a_party_that_thinks_it_over_has_its_time_from_being_told():  # rule 29
    task = factories.call_task()
    said = record(task, Outcome.REACHED, answer=Answer.THINKS)
    assert said.at == NOW + 48 * HOUR
    assert order() == []
    assert offers.expire_due(now=NOW + 48 * HOUR) == 1


def test_word_left_with_the_family_counts_only_if_staff_say_so():  # rule 29
    task = factories.call_task()
    said = record(task, Outcome.LEFT_WORD)
    assert said.result is Result.AGAIN_LATER
    assert Offer.objects.get().expires_at is None
    told = record(task, Outcome.LEFT_WORD, counts_as_told=True, at=NOW + HOUR)
    assert told.result is Result.LEFT_WORD
    offer = Offer.objects.get()
    assert (offer.told_by, offer.expires_at) == ("left_word", NOW + 49 * HOUR)
    assert Notice.objects.get(offer=offer).outcome == "left_word"


def test_nobody_there_is_tried_again_in_two_hours_or_the_next_morning():
    task = factories.call_task()
    assert record(task, Outcome.NO_ANSWER).at == tokyo(2026, 9, 1, 12, 0)
    assert record(task, Outcome.NO_ANSWER, at=tokyo(2026, 9, 1, 18, 30)).at == tokyo(2026, 9, 2, 9)
    assert calls.open_tasks(now=NOW).get().tries == 2


def test_what_is_due_tonight_is_tried_again_sooner():
    soon = tokyo(2026, 9, 1, 22)
    at = call_pace.next_attempt(due_at=soon, now=tokyo(2026, 9, 1, 18, 30))
    assert at == tokyo(2026, 9, 1, 19, 0)


def test_nobody_there_means_the_other_calls_to_that_number_wait_too():
    husband = factories.learner(phone="+81426263111")
    wife = factories.learner(phone="+81426263111")
    first, second = factories.call_task(husband), factories.call_task(wife)
    operator = factories.staff_member()
    calls.claim(first.pk, by=operator, now=NOW)
    record(first, Outcome.NO_ANSWER, by=operator, number="+81426263111")
    second.refresh_from_db()
    assert second.next_attempt_at
    assert second.claimed_by is None
    assert second.attempts.count() == 0


def test_a_call_back_comes_at_the_time_they_named():
    task = factories.call_task()
    at = tokyo(2026, 9, 1, 15, 15)
    assert record(task, Outcome.CALL_BACK, call_back_at=at).at == at
    task.refresh_from_db()
    assert task.next_attempt_at == at
    with pytest.raises(ValueError, match="time to come"):
        record(task, Outcome.CALL_BACK, call_back_at=NOW - MINUTE)


def test_a_wrong_number_goes_last_and_becomes_a_task():
    learner = factories.learner(phone="+81426263111")
    PhoneNumber.objects.create(
        learner=learner, e164="+819031174912", as_spoken="090-3117-4912", owner="family", position=1
    )
    task = factories.call_task(learner)
    said = record(task, Outcome.WRONG_NUMBER, number="+81426263111")
    assert said.result is Result.NEXT_NUMBER
    shown = [(number.shown, number.is_wrong) for number in calls.numbers(task)]
    assert shown == [("090-3117-4912", False), ("042-626-3111", True)]
    assert record(task, Outcome.WRONG_NUMBER, number="+819031174912").result is (
        Result.NO_NUMBER_LEFT
    )
    todo = StaffTask.objects.get(learner=learner)
    assert (todo.kind, todo.done_at) == ("confirm_number", None)
    todo.done_at = NOW + MINUTE
    todo.save()
    assert not any(number.is_wrong for number in calls.numbers(task))


def test_the_callers_number_is_offered_too():  # rule 10
    task = factories.call_task()
    application = task.notice.application
    application.proxy_name, application.proxy_relation = "山田 太郎", "長男"
    application.proxy_phone = "090-1234-5678"
    last = calls.numbers(task)[-1]
    assert (last.shown, last.whose) == ("090-1234-5678", "山田 太郎 長男")


def test_a_second_press_is_kept_once_and_says_the_same():  # rule 22
    task = factories.call_task()
    press = uuid.uuid4()
    operator = factories.staff_member()
    first = record(task, Outcome.REACHED, answer=Answer.ACCEPTS, client_uuid=press, by=operator)
    again = record(task, Outcome.REACHED, answer=Answer.ACCEPTS, client_uuid=press, by=operator)
    assert again.result is Result.ALREADY_RECORDED
    assert again.sentence == first.sentence
    assert CallAttempt.objects.count() == 1


def test_an_offer_that_closed_meanwhile_breaks_nothing_and_says_how_things_stand():
    task = factories.call_task()
    record(task, Outcome.REACHED, answer=Answer.THINKS)
    offers.expire_due(now=NOW + 49 * HOUR)
    said = record(task, Outcome.REACHED, answer=Answer.ACCEPTS, at=NOW + 50 * HOUR)
    assert said.result is Result.CLOSED_MEANWHILE
    assert said.sentence
    assert not Enrollment.objects.held().exists()
    assert CallAttempt.objects.count() == 2


def test_an_offer_needs_an_answer():
    with pytest.raises(ValueError, match="answer"):
        record(factories.call_task(), Outcome.REACHED)


def test_the_sentence_names_the_hour_until_which_they_may_answer():
    task = factories.call_task()
    assert "9月3日木曜、朝10時まで" in calls.sentence(task, now=NOW + 20 * MINUTE)


def test_somebody_in_line_hears_the_place_of_today():  # rule 24
    session = factories.class_session(capacity=1)
    factories.registered(session)
    ahead = factories.registered(session)[0]
    behind = factories.registered(session, spoken=False)[0]
    task = CallTask.objects.get(notice__application=behind)
    assert "2番目" in calls.sentence(task, now=NOW)
    WaitlistEntry.objects.filter(party=ahead.party).update(ended_at=NOW, ending="cancelled")
    assert "1番目" in calls.sentence(task, now=NOW)


def test_a_call_dropped_by_a_cancellation_is_to_be_made_again_when_that_is_undone():  # rule 30
    application = factories.registered(factories.class_session(), spoken=False)[0]
    task = CallTask.objects.get()
    cancelling.cancel(application.intake_id, application.pk, reason="", by=None, now=NOW)
    assert order() == []
    cancelling.undo(application.intake_id, application.pk, by=None, now=NOW + MINUTE)
    assert order(NOW + MINUTE) == [task.pk]
    assert Notice.objects.get().outcome == ""


def test_there_is_no_pace_before_anybody_has_called():
    factories.call_task()
    evening = call_pace.pace(now=tokyo(2026, 9, 1, 18))
    assert (evening.to_make, evening.per_hour, evening.can_be_made) == (1, None, None)


def test_the_pace_says_how_many_calls_can_still_be_made_tonight():
    tasks = [factories.call_task(factories.learner()) for _ in range(6)]
    for number in range(3):
        record(
            tasks[0],
            Outcome.CALL_BACK,
            at=tokyo(2026, 9, 1, 18, 10 + 20 * number),
            call_back_at=tokyo(2026, 9, 2, 10),
        )
    evening = call_pace.pace(now=tokyo(2026, 9, 1, 19, 10))
    assert evening.made_today == 3
    assert evening.to_make == 5
    # Two tries in the last hour, fifty minutes left.
    assert evening.per_hour == 2
    assert (evening.can_be_made, evening.left_over) == (1, 4)
    assert call_pace.pace(now=tokyo(2026, 9, 1, 20, 5)).can_be_made == 0


@pytest.mark.parametrize(
    ("at", "fits"),
    [("2026-09-02T10:00", True), ("2026-09-02T03:00", False), ("2026-09-02T21:30", False),
     ("2027-09-02T10:00", False), ("2026-08-31T10:00", False)],
)  # fmt: skip
def test_a_call_back_is_at_an_hour_when_somebody_calls_and_soon(at, fits):
    data = {"outcome": "call_back", "client_uuid": uuid.uuid4(), "call_back_at": at}
    form = AttemptForm(data, now=NOW, panel=None)
    assert form.is_valid() is fits
    assert fits or "call_back_at" in form.errors
