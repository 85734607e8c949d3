"""What a person can do: levels as versioned data, and the provisional level from the phone."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class SkillLevelQuerySet(models.QuerySet["SkillLevel"]):
    def taught(self) -> "SkillLevelQuerySet":
        """Levels that are switched on, lowest first, with their current wording."""
        return self.filter(is_taught=True).select_related("current").order_by("number")


class SkillLevel(models.Model):
    """A rung of the ladder. Its wording lives in versions, so old records keep theirs (rule 47)."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    number = models.PositiveSmallIntegerField(_("order"), unique=True)
    is_taught = models.BooleanField(_("taught"), default=True)
    current = models.ForeignKey(
        "SkillLevelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("current wording"),
    )

    objects = SkillLevelQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        verbose_name = _("level")
        verbose_name_plural = _("levels")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The current title in the active language."""
        return self.current.title if self.current else self.code

    def title_in(self, language: str) -> str:
        """The current title in a given language ("ja" or "en")."""
        return self.current.title_in(language) if self.current else self.code


class SkillLevelVersion(models.Model):
    """One wording of a level; never changed once made (rule 47)."""

    level = models.ForeignKey(SkillLevel, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    title_ja = models.CharField(_("title (Japanese)"), max_length=40)
    title_en = models.CharField(_("title (English)"), max_length=40)
    description_ja = models.TextField(_("description (Japanese)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    # Asked upwards on the phone; the first "no" gives the provisional level (ladder.md).
    phone_questions_ja = models.JSONField(_("phone questions (Japanese)"), default=list, blank=True)
    phone_questions_en = models.JSONField(_("phone questions (English)"), default=list, blank=True)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("level", "version")
        constraints = (
            models.UniqueConstraint(fields=("level", "version"), name="one_row_per_level_version"),
        )

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"

    @property
    def title(self) -> str:
        return self.title_in(get_language() or "ja")

    def title_in(self, language: str) -> str:
        return self.title_en if language.startswith("en") else self.title_ja


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
