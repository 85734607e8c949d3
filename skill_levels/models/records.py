"""What was noted of a person: the provisional level from the phone, and dated observations."""

import uuid
from collections.abc import Iterable
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from skill_levels.models.ladder import Competency, CompetencyVersion, SkillLevelVersion


class Placement(models.Model):
    """A provisional level noted on the phone or from paper; observation replaces it (rule 46)."""

    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.CASCADE, related_name="placements"
    )
    level_version = models.ForeignKey(
        SkillLevelVersion, on_delete=models.PROTECT, related_name="placements"
    )
    answers = models.JSONField(_("answers"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    placed_at = models.DateTimeField(_("placed at"))
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    superseded_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-placed_at", "-pk")
        indexes = (models.Index(fields=("learner", "-placed_at")),)
        constraints = (
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | ~Q(superseded_by=F("id")),
                name="placement_not_superseded_by_itself",
            ),
        )

    def __str__(self) -> str:
        return f"{self.level_version} ({self.placed_at:%Y-%m-%d})"


class Support(models.IntegerChoices):
    """How much support was needed (rule 43). No record is not a zero: it was not looked at."""

    NOT_YET = 0, _("not yet, even when shown")
    SHOWN_EACH_STEP = 1, _("shown each step")
    WITH_PROMPTS = 2, _("with prompts")
    ALONE = 3, _("alone")
    CAN_SHOW_OTHERS = 4, _("can show others")


# From here on it is mastered (rules 43 and 45).
MASTERED = Support.ALONE


class AppendOnly(TypeError):
    """An observation is never changed or deleted; a later one supersedes it (rule 44)."""


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def standing(self) -> "AssessmentQuerySet":
        """Observations that were neither corrected nor taken back."""
        return self.filter(superseded_by__isnull=True, value__isnull=False)

    def standing_of(self, learners: Iterable[int]) -> "AssessmentQuerySet":
        """The same of these people, by their index.

        A correction is always of the same person. Asked through the join above, SQLite takes the
        many empty `supersedes` for one key and reads the whole table.
        """
        mine = list(learners)
        corrected = Assessment.objects.filter(learner__in=mine, supersedes__isnull=False)
        return self.filter(learner__in=mine, value__isnull=False).exclude(
            pk__in=corrected.order_by().values("supersedes")
        )

    def update(self, **fields: Any) -> int:
        """Only what a merge of two people repoints. Raises AppendOnly for anything else."""
        if set(fields) - {"learner", "learner_id"}:
            raise AppendOnly("an observation is superseded, never changed")
        return super().update(**fields)


class Assessment(models.Model):
    """習得記録: one observation of one competency, appended and never changed (rule 44).

    A correction names what it supersedes; one without a value takes back. Knows no lesson.
    """

    class Device(models.TextChoices):
        OWN = "own", _("own device")
        LOAN = "loan", _("borrowed phone")

    class Setting(models.TextChoices):
        PRACTICE = "practice", _("practice")
        REAL = "real", _("real")

    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, related_name="assessments"
    )
    competency = models.ForeignKey(Competency, on_delete=models.PROTECT, related_name="assessments")
    # The wording it was judged by (rule 47).
    competency_version = models.ForeignKey(
        CompetencyVersion, on_delete=models.PROTECT, related_name="+"
    )
    value = models.PositiveSmallIntegerField(_("support needed"), choices=Support, null=True)
    # When it was seen; when the server learnt of it, which may be later (weak Wi-Fi).
    observed_at = models.DateTimeField(_("observed at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Made where it was tapped, so that sending it twice records it once.
    client_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    device = models.CharField(_("device"), max_length=4, choices=Device, blank=True)
    setting = models.CharField(_("setting"), max_length=8, choices=Setting, blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ("observed_at", "pk")
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        indexes = (models.Index(fields=("learner", "competency", "observed_at")),)
        constraints = (
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__lte=Support.CAN_SHOW_OTHERS),
                name="support_is_0_to_4",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | Q(supersedes__isnull=False),
                name="only_a_correction_has_no_value",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id")),
                name="observation_not_superseded_by_itself",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner_id}/{self.competency_id}: {self.value}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append. Raises AppendOnly for a row that exists."""
        if not self._state.adding:
            raise AppendOnly("an observation is superseded, never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises AppendOnly always."""
        raise AppendOnly("an observation is taken back by a later one, never deleted")
