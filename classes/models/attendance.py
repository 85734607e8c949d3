"""出欠: who came to which lesson, and what was seen there."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def counted(self) -> "AttendanceQuerySet":
        """Of lessons that the city held: a cancelled one counts for nothing (rule 63)."""
        return self.filter(lesson__cancelled_at__isnull=True)


class Attendance(models.Model):
    """One enrollment at one lesson (rule 37). A lesson the city cancelled has none (rule 63)."""

    class Status(models.TextChoices):
        PRESENT = "present", _("present")
        ABSENT_TOLD = "told", _("absent, told us")
        ABSENT = "absent", _("absent without notice")

    enrollment = models.ForeignKey(
        "classes.Enrollment", on_delete=models.PROTECT, related_name="attendances"
    )
    lesson = models.ForeignKey(
        "classes.Lesson", on_delete=models.PROTECT, related_name="attendances"
    )
    status = models.CharField(_("attendance"), max_length=8, choices=Status, blank=True)
    # When it was tapped: an older tap that arrives later changes nothing.
    marked_at = models.DateTimeField(_("marked at"))
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = AttendanceQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("lesson", "enrollment")
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "lesson"), name="attendance_once_per_lesson"
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment_id}@{self.lesson_id}: {self.status}"


class WalkInQuerySet(models.QuerySet["WalkIn"]):
    def standing(self) -> "WalkInQuerySet":
        """Those not taken back."""
        return self.filter(withdrawn_at__isnull=True)


class WalkIn(models.Model):
    """当日参加: somebody without a seat who came; never counted against capacity (rule 41)."""

    lesson = models.ForeignKey("classes.Lesson", on_delete=models.PROTECT, related_name="walk_ins")
    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, related_name="walk_ins"
    )
    client_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    came_at = models.DateTimeField(_("came at"))
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    objects = WalkInQuerySet.as_manager()

    class Meta:
        ordering = ("came_at", "pk")
        verbose_name = _("walk-in")
        verbose_name_plural = _("walk-ins")
        constraints = (
            models.UniqueConstraint(
                fields=("lesson", "learner"),
                condition=Q(withdrawn_at__isnull=True),
                name="walk_in_once_per_lesson",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner_id}@{self.lesson_id}"


class LessonAssessment(models.Model):
    """Where an observation was made: `Assessment` itself knows no lesson."""

    assessment = models.OneToOneField(
        "skill_levels.Assessment", on_delete=models.PROTECT, related_name="lesson_link"
    )
    lesson = models.ForeignKey(
        "classes.Lesson", on_delete=models.PROTECT, related_name="assessments"
    )

    class Meta:
        verbose_name = _("observation of a lesson")
        verbose_name_plural = _("observations of a lesson")

    def __str__(self) -> str:
        return f"{self.assessment_id}@{self.lesson_id}"


class LessonCompetency(models.Model):
    """What one lesson looks at, where it is not simply all of the course's level."""

    lesson = models.ForeignKey(
        "classes.Lesson", on_delete=models.CASCADE, related_name="chosen_competencies"
    )
    competency = models.ForeignKey(
        "skill_levels.Competency", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("lesson", "competency__level__number", "competency__number")
        verbose_name = _("competency of a lesson")
        verbose_name_plural = _("competencies of a lesson")
        constraints = (
            models.UniqueConstraint(
                fields=("lesson", "competency"), name="competency_once_per_lesson"
            ),
        )

    def __str__(self) -> str:
        return f"{self.competency_id}@{self.lesson_id}"


class Substitute(models.Model):
    """A substitute sees one lesson, until midnight of its day (rule 65)."""

    lesson = models.ForeignKey(
        "classes.Lesson", on_delete=models.CASCADE, related_name="substitutes"
    )
    instructor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="substituted_lessons",
        verbose_name=_("substitute"),
    )
    added_at = models.DateTimeField(_("added at"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("lesson", "pk")
        verbose_name = _("substitute")
        verbose_name_plural = _("substitutes")
        constraints = (
            models.UniqueConstraint(
                fields=("lesson", "instructor"), name="substitute_once_per_lesson"
            ),
        )

    def __str__(self) -> str:
        return f"{self.instructor_id}@{self.lesson_id}"
