"""Who may open which lesson: the class's own instructors, and a substitute for its day."""

import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from classes.models import Lesson, Substitute
from staff import roles
from staff.models import StaffMember

# They see every class; an instructor's board is a place where they may help out.
ALL_LESSONS = (roles.RECEPTION, roles.COORDINATOR, roles.ADMINISTRATOR)


class NotAnInstructor(ValueError):
    """Only somebody with the role of an instructor can stand in."""


def lessons_of(who: StaffMember, *, now: datetime.datetime) -> QuerySet[Lesson]:
    """Lessons whose board this person may open (rule 65).

    The desk's roles: all. An instructor: those of their own classes, and one they stand in for
    until midnight of its day.
    """
    if who.has_role(*ALL_LESSONS):
        return Lesson.objects.all()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    own = Q(class_session__instructors=who) | Q(class_session__assistants=who)
    standing_in = Q(
        pk__in=Substitute.objects.filter(instructor=who).values("lesson"), starts_at__gte=midnight
    )
    # Through a subquery: joins to the instructors would give a lesson once for each of them.
    return Lesson.objects.filter(
        pk__in=Lesson.objects.filter(own | standing_in).order_by().values("pk")
    )


def add_substitute(
    lesson: Lesson, instructor: StaffMember, *, by: StaffMember, now: datetime.datetime
) -> Substitute:
    """Let somebody stand in at one lesson. Raises NotAnInstructor."""
    if not instructor.has_role(roles.INSTRUCTOR):
        raise NotAnInstructor
    made, _ = Substitute.objects.get_or_create(
        lesson=lesson, instructor=instructor, defaults={"added_at": now, "added_by": by}
    )
    return made


def remove_substitute(substitute_pk: int, lesson: Lesson) -> None:
    """They do not stand in after all."""
    Substitute.objects.filter(pk=substitute_pk, lesson=lesson).delete()
