"""Where and what is taught: venues, courses, class sessions and their dated lessons."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class Venue(models.Model):
    """A hall with its pool of loan phones (rule 39)."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    short_name = models.CharField(
        _("short name"),
        max_length=20,
        help_text=_("For messages: at most 8 characters cost least."),
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    loan_phones = models.PositiveSmallIntegerField(_("loan phones"), default=0)
    # ISO weekdays (1 = Monday) on which the hall is closed.
    closed_weekdays = models.JSONField(_("closed weekdays"), default=list, blank=True)
    access_note = models.CharField(_("access"), max_length=200, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("venue")
        verbose_name_plural = _("venues")

    def __str__(self) -> str:
        return self.name


class VenueClosure(models.Model):
    """A day on which a venue is closed apart from its weekdays."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="closures")
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=80, blank=True)

    class Meta:
        ordering = ("day",)
        constraints = (
            models.UniqueConstraint(fields=("venue", "day"), name="venue_closed_once_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.venue_id} {self.day}"


class Course(models.Model):
    """What is taught, at which level, in how many lessons."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)
    short_name = models.CharField(
        _("short name"),
        max_length=20,
        help_text=_("For messages: at most 5 characters cost least."),
    )
    level = models.ForeignKey(
        "skill_levels.SkillLevel",
        on_delete=models.PROTECT,
        related_name="courses",
        verbose_name=_("level"),
    )
    lesson_count = models.PositiveSmallIntegerField(_("number of lessons"), default=3)
    lesson_minutes = models.PositiveSmallIntegerField(_("minutes of a lesson"), default=120)
    description = models.TextField(_("description"), blank=True)
    # Rule 15: a wrong level is refused only where the course says so.
    refuses_other_levels = models.BooleanField(_("refuses people of a lower level"), default=False)
    # Devices the lessons are made for; empty for all.
    devices = models.JSONField(_("made for"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ("level__number", "name")
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        constraints = (
            models.CheckConstraint(condition=Q(lesson_count__gte=1), name="course_has_a_lesson"),
        )

    def __str__(self) -> str:
        return self.name


class ClassSessionQuerySet(models.QuerySet["ClassSession"]):
    def running(self) -> "ClassSessionQuerySet":
        """Class sessions that were not cancelled."""
        return self.filter(cancelled_at__isnull=True)


class ClassSession(models.Model):
    """One run of a course in an intake, with the code the 広報 prints."""

    intake = models.ForeignKey(
        "classes.Intake", on_delete=models.PROTECT, related_name="class_sessions"
    )
    course = models.ForeignKey(
        Course,
        on_delete=models.PROTECT,
        related_name="class_sessions",
        verbose_name=_("course"),
    )
    code = models.CharField(_("code in the city's paper"), max_length=12)
    venue = models.ForeignKey(
        Venue,
        on_delete=models.PROTECT,
        related_name="class_sessions",
        verbose_name=_("venue"),
    )
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    instructors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="taught_class_sessions",
        verbose_name=_("instructors"),
    )
    assistants = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="assisted_class_sessions",
        verbose_name=_("assistants"),
    )
    notes = models.TextField(_("notes"), blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = ClassSessionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("intake", "code")
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        constraints = (
            models.UniqueConstraint(fields=("intake", "code"), name="class_code_once_per_intake"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.course.name}"


class Lesson(models.Model):
    """第n回: one dated meeting of a class session. Its revision grows when it moves (rule 52)."""

    class_session = models.ForeignKey(
        ClassSession, on_delete=models.CASCADE, related_name="lessons"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="lessons")
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True)
    # 付添い: people who only came along; in no other count (rule 41).
    companions = models.PositiveSmallIntegerField(_("companions"), default=0)

    history = HistoricalRecords()

    class Meta:
        ordering = ("starts_at", "number")
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        indexes = (
            models.Index(fields=("starts_at",)),
            models.Index(fields=("venue", "starts_at")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("class_session", "number"), name="lesson_number_once_per_class"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="lesson_ends_after_it_starts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.class_session_id} 第{self.number}回"

    @property
    def day(self) -> datetime.date:
        """The lesson's date in the city's time zone."""
        return timezone.localtime(self.starts_at).date()
