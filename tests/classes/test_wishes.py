"""What is read before the lock is compared under it."""

import datetime

import pytest
from django.db import transaction
from django.utils import timezone

from classes import wishes
from classes.locking import NotLocked, lock_intake
from classes.models import ClassSession, Lesson
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> ClassSession:
    return factories.class_session(capacity=3, lessons=1)


def confirm(read: wishes.Wishes, session: ClassSession) -> tuple[ClassSession, ...]:
    with transaction.atomic():
        return wishes.confirm(read, lock_intake(session.intake_id))


def test_what_did_not_change_is_not_read_again(
    session: ClassSession, django_assert_num_queries
) -> None:
    read = wishes.read(session.intake_id, [session.pk])
    with transaction.atomic():
        intake = lock_intake(session.intake_id)
        with django_assert_num_queries(1):
            assert wishes.confirm(read, intake) == (session,)


def test_a_capacity_changed_meanwhile_counts(session: ClassSession) -> None:
    read = wishes.read(session.intake_id, [session.pk])
    ClassSession.objects.update(capacity=2)
    assert confirm(read, session)[0].capacity == 2  # rule 21


def test_a_lesson_moved_meanwhile_is_the_one_that_is_told(session: ClassSession) -> None:
    read = wishes.read(session.intake_id, [session.pk])
    lesson = Lesson.objects.get()
    moved = lesson.starts_at + datetime.timedelta(days=1)
    Lesson.objects.update(
        starts_at=moved, ends_at=moved + datetime.timedelta(hours=2), revision=lesson.revision + 1
    )
    assert confirm(read, session)[0].lessons.all()[0].starts_at == moved


def test_a_lesson_added_meanwhile_is_seen(session: ClassSession) -> None:
    read = wishes.read(session.intake_id, [session.pk])
    factories.lesson(session)
    assert len(confirm(read, session)[0].lessons.all()) == 2


def test_a_class_cancelled_meanwhile_is_no_wish(session: ClassSession) -> None:
    read = wishes.read(session.intake_id, [session.pk])
    ClassSession.objects.update(cancelled_at=timezone.now())
    with pytest.raises(ValueError, match="not a running class"):
        confirm(read, session)


def test_a_class_without_lessons_is_not_read_again(django_assert_num_queries) -> None:
    bare = factories.class_session(lessons=0)
    read = wishes.read(bare.intake_id, [bare.pk])
    with transaction.atomic():
        intake = lock_intake(bare.intake_id)
        with django_assert_num_queries(1):
            wishes.confirm(read, intake)


def test_a_class_of_another_intake_is_no_wish(session: ClassSession) -> None:
    other = factories.class_session(code="Z9", intake=factories.intake(code="other"))
    with pytest.raises(ValueError, match="not a running class"):
        confirm(wishes.read(session.intake_id, [other.pk]), session)


def test_the_lock_must_be_held(session: ClassSession) -> None:
    read = wishes.read(session.intake_id, [session.pk])
    with pytest.raises(NotLocked):
        wishes.confirm(read, session.intake)
