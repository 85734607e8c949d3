"""Two records become one and can be parted again: every relation, collisions, what moved on."""

import datetime
import uuid
from typing import Any

import pytest

from classes import merging, places
from classes.models import (
    Application,
    CallLog,
    ClassSession,
    Notice,
    PlaceEvent,
    StaffTask,
)
from classes.places import Applicant
from learners import duplicates, merge, numbers, people, search
from learners.models import Learner, LearnerMerge, PhoneNumber
from learners.numbers import NumberInput
from skill_levels.models import Placement
from sms import phone_numbers
from tests import factories
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
NOW = tokyo(2026, 9, 1, 10)
LATER = tokyo(2026, 9, 2, 10)
MOBILE, HOME = "090-3117-4912", "042-626-3111"


def person(*phones: str, **fields: Any) -> Learner:
    fields = {"kana": "ヤマダ セツコ", **fields}
    given = [NumberInput(phone_numbers.parse(phone, area_code="042")) for phone in phones]
    return people.create(fields, given, by=None, now=NOW)


def register(learner: Learner, session: ClassSession) -> Application:
    places.register(
        session.intake_id,
        applicants=[Applicant(learner, uuid.uuid4())],
        wishes=[session.pk],
        by=None,
        now=NOW,
    )
    return Application.objects.get(learner=learner, intake=session.intake)


def merged(survivor: Learner, absorbed: Learner, **options: Any) -> LearnerMerge:
    options = {"by": None, "now": NOW, "reason": "同じ方", **options}
    return merging.merge(survivor.pk, absorbed.pk, **options)


def refreshed(*rows: Any) -> None:
    for row in rows:
        row.refresh_from_db()


def test_every_relation_to_a_learner_is_known_to_the_merge() -> None:
    names = {f"{field.model.__name__}.{field.name}" for field in merge.relations()}
    assert names >= {
        "PhoneNumber.learner",
        "Application.learner",
        "CallLog.learner",
        "PlaceEvent.learner",
        "Notice.learner",
        "StaffTask.learner",
        "Placement.learner",
        "Learner.merged_into",
    }
    assert not [name for name in names if name.startswith(("SearchKey", "LearnerMerge", "Histori"))]


def test_whatever_belonged_to_the_absorbed_record_is_the_survivors_and_comes_back() -> None:
    by = factories.staff_member()
    survivor, absorbed = person(MOBILE, birth_date=datetime.date(1940, 3, 2)), person(HOME)
    session = factories.class_session()
    application = register(absorbed, session)
    CallLog.objects.create(
        intake=session.intake, called_at=NOW, outcome="registered", learner=absorbed
    )
    wording = factories.level().versions.get()
    Placement.objects.create(learner=absorbed, level_version=wording, placed_at=NOW)
    events = PlaceEvent.objects.filter(learner=absorbed).count()
    assert events

    done = merged(survivor, absorbed, by=by)
    refreshed(absorbed, application)
    assert application.learner == survivor
    assert absorbed.merged_into == survivor
    assert (done.merged_by, done.reason, done.merged_at) == (by, "同じ方", NOW)
    assert {str(n) for n in survivor.phone_numbers.all()} == {MOBILE, HOME}
    for model in (CallLog, Placement, PlaceEvent, Application):
        assert not model.objects.filter(learner=absorbed).exists()
    assert search.find("3111") == search.find("ヤマダ") == [survivor]
    told = PlaceEvent.objects.get(kind=PlaceEvent.Kind.MERGED)
    assert (told.learner, told.application, told.reason) == (survivor, application, "同じ方")

    merging.undo(done.pk, by=by, now=LATER)
    refreshed(absorbed, application, done)
    assert application.learner == absorbed
    assert absorbed.merged_into is None
    assert (done.undone_by, done.undone_at) == (by, LATER)
    assert [str(n) for n in survivor.phone_numbers.all()] == [MOBILE]
    assert Placement.objects.get().learner == absorbed
    assert search.find("3111") == [absorbed]
    assert search.find("4912") == [survivor]
    with pytest.raises(merging.CannotUndo):
        merging.undo(done.pk, by=by, now=LATER)


def test_rows_that_moved_on_since_stay_with_the_survivor() -> None:
    survivor, absorbed = person(MOBILE), person(HOME)
    third = person(kana="サトウ ハナコ")
    session = factories.class_session()
    application = register(absorbed, session)
    done = merged(survivor, absorbed)
    Application.objects.filter(pk=application.pk).update(learner=third)
    merging.undo(done.pk, by=None, now=LATER)
    refreshed(application)
    assert application.learner == third
    assert [str(n) for n in absorbed.phone_numbers.all()] == [HOME]


def test_what_the_survivor_got_after_the_merge_stays_with_the_survivor() -> None:
    survivor, absorbed = person(MOBILE), person(HOME)
    done = merged(survivor, absorbed)
    application = register(survivor, factories.class_session())
    merging.undo(done.pk, by=None, now=LATER)
    refreshed(application)
    assert application.learner == survivor


def test_both_registered_in_one_intake_are_refused_with_their_receipts() -> None:
    survivor, absorbed = person(MOBILE), person(HOME)
    session = factories.class_session()
    mine, theirs = register(survivor, session), register(absorbed, session)
    with pytest.raises(merging.ConflictingApplications) as refused:
        merged(survivor, absorbed)
    assert refused.value.receipts == ((mine.receipt, theirs.receipt),)
    assert mine.receipt in str(refused.value)
    assert theirs.receipt in str(refused.value)
    assert not LearnerMerge.objects.exists()
    refreshed(absorbed)
    assert absorbed.merged_into is None


def test_a_cancelled_application_in_the_same_intake_hinders_nobody() -> None:
    survivor, absorbed = person(MOBILE), person(HOME)
    session = factories.class_session()
    register(survivor, session)
    theirs = register(absorbed, session)
    Application.objects.filter(pk=theirs.pk).update(status=Application.Status.CANCELLED)
    merged(survivor, absorbed)
    assert Application.objects.filter(learner=survivor).count() == 2


def test_a_number_that_both_have_stays_once_and_is_noted() -> None:
    survivor, absorbed = person(MOBILE), person(MOBILE, HOME)
    done = merged(survivor, absorbed)
    assert sorted(str(n) for n in survivor.phone_numbers.all()) == [HOME, MOBILE]
    stayed = absorbed.phone_numbers.get()
    assert str(stayed) == MOBILE
    record = done.records.get(model_label="learners.PhoneNumber", key=str(stayed.pk))
    assert record.old_value == merge.STAYED
    merging.undo(done.pk, by=None, now=LATER)
    assert sorted(str(n) for n in absorbed.phone_numbers.all()) == [HOME, MOBILE]
    assert [str(n) for n in survivor.phone_numbers.all()] == [MOBILE]


def test_tasks_and_notices_that_both_have_do_not_collide() -> None:
    survivor, absorbed = person(), person()
    intake = factories.intake()
    for learner in (survivor, absorbed):
        StaffTask.objects.create(
            learner=learner, intake=intake, kind="confirm_age", due_on="2026-09-30", created_at=NOW
        )
        Notice.objects.create(
            intake=intake, learner=learner, purpose="registered", occasion="intake:1",
            channel="call", sentence="…", created_at=NOW, due_at=NOW,
        )  # fmt: skip
    done = merged(survivor, absorbed)
    assert StaffTask.objects.filter(learner=survivor).count() == 1
    assert Notice.objects.filter(learner=survivor).count() == 1
    merging.undo(done.pk, by=None, now=LATER)
    assert StaffTask.objects.filter(learner=absorbed).count() == 1


def test_what_was_said_last_about_messages_to_a_shared_number_stands() -> None:
    survivor, absorbed = person(MOBILE), person(MOBILE)
    mine, theirs = survivor.phone_numbers.get(), absorbed.phone_numbers.get()
    numbers.set_consent(mine.pk, given=True, given_by="本人", by=None, now=NOW)
    numbers.set_consent(theirs.pk, given=False, given_by="本人", by=None, now=LATER)  # rule 11
    done = merged(survivor, absorbed)
    refreshed(mine)
    assert (mine.sms_consent, mine.consent_at) == (PhoneNumber.Consent.REFUSED, LATER)
    merging.undo(done.pk, by=None, now=LATER)
    refreshed(mine)
    assert (mine.sms_consent, mine.consent_at) == (PhoneNumber.Consent.GIVEN, NOW)


def test_blanks_are_filled_nothing_is_overwritten_and_undoing_empties_them_again() -> None:
    born = datetime.date(1940, 3, 2)
    survivor = person(name="山田 節子", address="八王子市南大沢2-1")
    absorbed = person(
        name="山田 せつ子", address="日野市神明1", birth_date=born, no_phone_calls=True,
        postal_channel="fax", support_needs=["hearing"],
    )  # fmt: skip
    done = merged(survivor, absorbed)
    refreshed(survivor)
    assert (survivor.name, survivor.address) == ("山田 節子", "八王子市南大沢2-1")
    assert (survivor.birth_date, survivor.support_needs) == (born, ["hearing"])
    assert (survivor.no_phone_calls, survivor.postal_channel) == (True, "fax")  # rule 20
    people.update(survivor.pk, {"support_needs": ["walking"]}, by=None, now=LATER)
    merging.undo(done.pk, by=None, now=LATER)
    refreshed(survivor)
    assert survivor.birth_date is None
    assert (survivor.no_phone_calls, survivor.postal_channel) == (False, "postcard")
    assert survivor.support_needs == ["walking"]


def test_chains_are_undone_from_their_last_link() -> None:
    first, second, third = person(MOBILE), person(HOME), person()
    earlier = merged(second, first)
    later = merged(third, second)
    refreshed(first)
    assert first.merged_into == third
    assert search.find("ヤマダ") == [third]
    with pytest.raises(merging.CannotUndo):
        merging.undo(earlier.pk, by=None, now=LATER)
    merging.undo(later.pk, by=None, now=LATER)
    refreshed(first, second)
    assert (first.merged_into, second.merged_into) == (second, None)
    merging.undo(earlier.pk, by=None, now=LATER)
    assert set(search.find("ヤマダ")) == {first, second, third}
    assert [str(n) for n in first.phone_numbers.all()] == [MOBILE]


def test_the_same_record_or_one_merged_before_is_refused() -> None:
    survivor, absorbed, third = person(), person(), person()
    with pytest.raises(merging.CannotMerge):
        merged(survivor, survivor)
    merged(survivor, absorbed)
    with pytest.raises(merging.CannotMerge):
        merged(third, absorbed)


def test_the_living_and_the_deceased_are_not_merged() -> None:
    survivor, absorbed = person(), person()
    Learner.objects.filter(pk=absorbed.pk).update(deceased_on=datetime.date(2026, 8, 1))
    with pytest.raises(merging.CannotMerge):
        merged(survivor, absorbed)


def test_somebody_merged_is_nobodys_duplicate() -> None:
    survivor, absorbed = person(MOBILE), person(MOBILE)
    assert duplicates.of(survivor)
    merged(survivor, absorbed)
    assert duplicates.of(survivor) == []
