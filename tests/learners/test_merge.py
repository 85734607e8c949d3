"""Two records of one person become one, and part again as far as nothing moved on."""

import datetime

import pytest
from django.utils import translation

from classes import merging, staff_tasks
from classes.models import Application, CallLog, Notice, PlaceEvent, StaffTask
from learners import duplicates, merge, numbers, people, search
from learners.merge import CannotMerge, CannotUndo
from learners.models import Learner, LearnerMerge, PhoneNumber
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
LATER = tokyo(2026, 9, 2, 10)
MOBILE, OTHER = "+819031174912", "+81426263111"


def person(**fields) -> Learner:
    made = factories.learner(**fields)
    search.refresh_keys(made)
    return made


def merged(survivor: Learner, absorbed: Learner, *, by=None) -> LearnerMerge:
    return merging.merge(survivor.pk, absorbed.pk, reason="同じ方", by=by, now=NOW)


def owners(*rows) -> list[int]:
    for row in rows:
        row.refresh_from_db()
    return [row.learner_id for row in rows]


def a_row_of_each_relation(learner: Learner):
    """Something of every app that points to a learner."""
    session = factories.class_session()
    (application,) = factories.registered(session, learner, at=NOW, spoken=False)
    task = StaffTask.objects.create(
        learner=learner,
        intake=session.intake,
        kind=StaffTask.Kind.CONFIRM_ADDRESS,
        due_on=datetime.date(2026, 10, 1),
        created_at=NOW,
    )
    call = CallLog.objects.create(
        intake=session.intake,
        called_at=NOW,
        outcome=CallLog.Outcome.INQUIRY,
        learner=learner,
    )
    notice = Notice.objects.get(learner=learner)
    number = learner.phone_numbers.get()
    events = list(PlaceEvent.objects.filter(learner=learner))
    assert events
    return [application, task, call, notice, number, *events]


def test_every_relation_of_every_app_is_known():
    assert {f"{field.model._meta.label}.{field.name}" for field in merge.relations()} >= {
        "classes.Application.learner",
        "classes.CallLog.learner",
        "classes.Notice.learner",
        "classes.PlaceEvent.learner",
        "classes.StaffTask.learner",
        "learners.Learner.merged_into",
        "learners.PhoneNumber.learner",
        "skill_levels.Placement.learner",
    }


def test_whatever_belonged_to_one_belongs_to_the_other_then_and_again_after_undoing():
    survivor, absorbed = person(), person(name="山田 せつ子", phone=MOBILE)
    rows = a_row_of_each_relation(absorbed)
    done = merged(survivor, absorbed)
    assert set(owners(*rows)) == {survivor.pk}
    absorbed.refresh_from_db()
    assert absorbed.merged_into == survivor
    merging.undo(done.pk, by=None, now=LATER)
    assert set(owners(*rows)) == {absorbed.pk}
    absorbed.refresh_from_db()
    assert absorbed.merged_into is None


def test_a_merged_person_is_found_once_by_the_number_that_moved_and_again_apart_later():
    survivor, absorbed = person(), person(kana="ヤマダ セツ", phone=MOBILE)
    done = merged(survivor, absorbed)
    assert search.find("4912") == [survivor]
    assert absorbed not in search.find("ヤマダ セツ")
    merging.undo(done.pk, by=None, now=LATER)
    assert search.find("4912") == [absorbed]
    assert absorbed in search.find("ヤマダ セツ")


def test_every_repointed_row_is_recorded_with_what_stood_there():
    survivor, absorbed = person(), person(phone=MOBILE)
    number = absorbed.phone_numbers.get()
    record = merged(survivor, absorbed).records.get(key=str(number.pk), field="learner")
    assert record.model_label == "learners.PhoneNumber"
    assert record.old_value == absorbed.pk


def test_rows_that_would_collide_stay_with_the_absorbed_record_and_are_recorded():
    survivor, absorbed = person(phone=MOBILE), person(phone=MOBILE)
    numbers_apart = [survivor.phone_numbers.get(), absorbed.phone_numbers.get()]
    intake = factories.intake()
    tasks = [
        StaffTask.objects.create(
            learner=owner,
            intake=intake,
            kind=StaffTask.Kind.CONFIRM_AGE,
            due_on=datetime.date(2026, 10, 1),
            created_at=NOW,
        )
        for owner in (survivor, absorbed)
    ]
    second = PhoneNumber.objects.create(learner=absorbed, e164=OTHER, as_spoken="626-3111")
    done = merged(survivor, absorbed)
    assert owners(*numbers_apart) == owners(*tasks) == [survivor.pk, absorbed.pk]
    assert owners(second) == [survivor.pk]
    stayed = done.records.filter(old_value=merge.STAYED)
    assert set(stayed.values_list("model_label", flat=True)) == {
        "classes.StaffTask",
        "learners.PhoneNumber",
    }
    assert list(staff_tasks.open_tasks()) == tasks[:1]
    merging.undo(done.pk, by=None, now=LATER)
    assert owners(*numbers_apart, second) == [survivor.pk, absorbed.pk, absorbed.pk]


def test_rows_that_moved_on_or_came_since_stay_where_they_are():
    survivor, absorbed, third = person(), person(phone=MOBILE), person()
    number = absorbed.phone_numbers.get()
    done = merged(survivor, absorbed)
    added = PhoneNumber.objects.create(learner=survivor, e164=OTHER, as_spoken=OTHER)
    PhoneNumber.objects.filter(pk=number.pk).update(learner=third)
    merging.undo(done.pk, by=None, now=LATER)
    assert owners(number, added) == [third.pk, survivor.pk]


def test_two_active_applications_in_one_intake_refuse_with_both_receipts():
    survivor, absorbed = person(), person()
    session = factories.class_session()
    (mine,) = factories.registered(session, survivor, at=NOW)
    (theirs,) = factories.registered(session, absorbed, at=NOW)
    with translation.override("en"), pytest.raises(merging.ConflictingApplications) as refused:
        merged(survivor, absorbed)
    assert refused.value.receipts == ((mine.receipt, theirs.receipt),)
    assert mine.receipt in str(refused.value)
    assert theirs.receipt in str(refused.value)
    assert not LearnerMerge.objects.exists()
    assert owners(theirs) == [absorbed.pk]


def test_an_ended_application_in_the_same_intake_refuses_nothing():
    survivor, absorbed = person(), person()
    session = factories.class_session()
    factories.registered(session, survivor, at=NOW)
    (theirs,) = factories.registered(session, absorbed, at=NOW)
    Application.objects.filter(pk=theirs.pk).update(
        status=Application.Status.CANCELLED, ended_at=NOW
    )
    merged(survivor, absorbed)
    assert owners(theirs) == [survivor.pk]


def test_merging_and_undoing_are_told_in_the_history_of_each_application():
    survivor, absorbed = person(), person()
    by = factories.staff_member()
    (application,) = factories.registered(factories.class_session(), absorbed, at=NOW)
    done = merged(survivor, absorbed, by=by)
    merging.undo(done.pk, by=by, now=LATER)
    events = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.MERGED).order_by("pk")
    assert [event.application for event in events] == [application, application]
    assert [(event.by, event.reason, event.details["undone"]) for event in events] == [
        (by, "同じ方", False),
        (by, "", True),
    ]


def test_a_chain_leads_to_the_last_survivor_and_is_undone_from_its_end():
    first, second, third = person(phone=MOBILE), person(), person()
    number = first.phone_numbers.get()
    early = merged(second, first)
    late = merged(third, second)
    first.refresh_from_db()
    assert first.merged_into == third
    assert owners(number) == [third.pk]
    with pytest.raises(CannotUndo):
        merging.undo(early.pk, by=None, now=LATER)
    merging.undo(late.pk, by=None, now=LATER)
    first.refresh_from_db()
    assert first.merged_into == second
    merging.undo(early.pk, by=None, now=LATER)
    first.refresh_from_db()
    assert first.merged_into is None
    assert owners(number) == [first.pk]


def test_a_merge_is_undone_once():
    done = merged(person(), person())
    merging.undo(done.pk, by=None, now=LATER)
    with pytest.raises(CannotUndo):
        merging.undo(done.pk, by=None, now=LATER)


@pytest.mark.parametrize("which", ["same", "merged", "anonymised", "one deceased", "nobody"])
def test_records_that_cannot_be_one_are_refused(which):
    survivor, absorbed = person(), person()
    match which:
        case "same":
            absorbed = survivor
        case "merged":
            merged(person(), absorbed)
        case "anonymised":
            Learner.objects.filter(pk=absorbed.pk).update(anonymised_at=NOW)
        case "one deceased":
            Learner.objects.filter(pk=absorbed.pk).update(deceased_on=NOW.date())
        case "nobody":
            absorbed = Learner(pk=0)
    before = LearnerMerge.objects.count()
    with pytest.raises(CannotMerge):
        merged(survivor, absorbed)
    assert LearnerMerge.objects.count() == before


def test_what_only_the_absorbed_record_knows_is_kept_and_nothing_is_overwritten():
    survivor = person(birth_date=None, address="八王子市南大沢2-1")
    absorbed = person(address="八王子市浅川町1-1", notes="左の耳が遠い")
    done = merged(survivor, absorbed)
    survivor.refresh_from_db()
    assert survivor.birth_date == absorbed.birth_date
    assert survivor.notes == "左の耳が遠い"
    assert survivor.address == "八王子市南大沢2-1"
    people.update(survivor.pk, {"notes": "補聴器あり"}, by=None, now=NOW)
    merging.undo(done.pk, by=None, now=LATER)
    survivor.refresh_from_db()
    assert survivor.birth_date is None
    assert survivor.notes == "補聴器あり"


def test_of_two_rows_of_one_number_the_later_word_about_messages_stands():  # rule 11
    survivor, absorbed = person(phone=MOBILE), person(phone=MOBILE)
    mine, theirs = survivor.phone_numbers.get(), absorbed.phone_numbers.get()
    hour = datetime.timedelta(hours=1)
    numbers.set_consent(mine.pk, given=True, given_by="本人", by=None, now=NOW - 2 * hour)
    numbers.set_consent(theirs.pk, given=False, given_by="本人", by=None, now=NOW - hour)
    done = merged(survivor, absorbed)
    mine.refresh_from_db()
    assert mine.sms_consent == PhoneNumber.Consent.REFUSED
    merging.undo(done.pk, by=None, now=LATER)
    mine.refresh_from_db()
    assert mine.sms_consent == PhoneNumber.Consent.GIVEN
    assert mine.consent_at == NOW - 2 * hour


def test_the_history_names_who_merged_and_when():
    by = factories.staff_member()
    survivor, absorbed = person(), person()
    merged(survivor, absorbed, by=by)
    latest = absorbed.history.order_by("-history_id").first()
    assert (latest.history_user, latest.history_date) == (by, NOW)
    assert latest.merged_into_id == survivor.pk


def test_the_same_name_alone_is_no_likely_duplicate_and_merged_people_are_none():  # rule 4
    someone = person(phone=MOBILE)
    person(birth_date=datetime.date(1950, 5, 5))
    same_day = person()
    same_phone = person(birth_date=None, phone=MOBILE)
    assert [found.learner for found in duplicates.of(someone)] == [same_day, same_phone]
    merged(someone, same_day)
    assert [found.learner for found in duplicates.of(someone)] == [same_phone]


def test_the_lock_of_every_intake_concerned_is_taken(monkeypatch):
    survivor, absorbed = person(), person()
    mine, theirs = factories.class_session(), factories.class_session()
    factories.registered(mine, survivor, at=NOW)
    factories.registered(theirs, absorbed, at=NOW)
    locked: list[set[int]] = []
    lock = merging.lock_intakes
    monkeypatch.setattr(
        merging, "lock_intakes", lambda pks: locked.append(set(pks)) or lock(locked[-1])
    )
    merged(survivor, absorbed)
    assert locked
    assert {mine.intake_id, theirs.intake_id} <= locked[0]


def test_what_would_move_is_counted_in_words():
    absorbed = person(phone=MOBILE)
    a_row_of_each_relation(absorbed)
    with translation.override("en"):
        moving = dict(merge.counts(absorbed))
    assert moving["applications"] == 1
    assert moving["phone numbers"] == 1
