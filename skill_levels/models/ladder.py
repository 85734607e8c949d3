"""The ladder: levels and what one can do at each, as versioned data (rule 47)."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
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


# A practice hint goes into an SMS of 70 units, counted in UTF-16 (rule 49).
HINT_UNITS = 11
RECHECK_DAYS = 30


class CompetencyQuerySet(models.QuerySet["Competency"]):
    def current(self) -> "CompetencyQuerySet":
        """What is taught now, in the order of the ladder, with its wording."""
        return (
            self.filter(retired_at__isnull=True)
            .select_related("current", "level")
            .order_by("level__number", "number", "pk")
        )


class Competency(models.Model):
    """One thing one can do. Its wording lives in versions; a retired one keeps its records."""

    level = models.ForeignKey(
        SkillLevel, on_delete=models.PROTECT, related_name="competencies", verbose_name=_("level")
    )
    # Cities share ladders by these codes: a code means the same thing everywhere.
    code = models.SlugField(_("code"), max_length=40, unique=True)
    number = models.PositiveSmallIntegerField(_("order"))
    current = models.ForeignKey(
        "CompetencyVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("current wording"),
    )
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = CompetencyQuerySet.as_manager()

    class Meta:
        ordering = ("level__number", "number", "pk")
        verbose_name = _("competency")
        verbose_name_plural = _("competencies")
        indexes = (models.Index(fields=("level", "number")),)

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The current title in the active language."""
        return self.current.title if self.current else self.code


class CompetencyVersion(models.Model):
    """One wording of a competency with its rules; never changed once made (rule 47)."""

    competency = models.ForeignKey(Competency, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    title_ja = models.CharField(_("title (Japanese)"), max_length=60)
    title_en = models.CharField(_("title (English)"), max_length=80)
    description_ja = models.TextField(_("description (Japanese)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    is_required = models.BooleanField(_("required for the level"), default=True)
    # Days after which what was mastered is looked at again (rule 48).
    recheck_days = models.PositiveSmallIntegerField(
        _("re-check after (days)"),
        default=RECHECK_DAYS,
        validators=(MinValueValidator(1), MaxValueValidator(730)),
    )
    hint_ja = models.CharField(_("practice hint (Japanese)"), max_length=HINT_UNITS, blank=True)
    hint_en = models.CharField(_("practice hint (English)"), max_length=40, blank=True)
    # Below 3, staff are warned before a seat at this level is given.
    warns_before = models.ForeignKey(
        SkillLevel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("below 3 warns before a seat at"),
    )
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("competency", "version")
        constraints = (
            models.UniqueConstraint(
                fields=("competency", "version"), name="one_row_per_competency_version"
            ),
            models.CheckConstraint(condition=Q(recheck_days__gte=1), name="recheck_after_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"

    @property
    def title(self) -> str:
        return self.title_in(get_language() or "ja")

    def title_in(self, language: str) -> str:
        """The title in a given language ("ja" or "en")."""
        return self.title_en if language.startswith("en") else self.title_ja

    def description_in(self, language: str) -> str:
        """The plain description in a given language."""
        return self.description_en if language.startswith("en") else self.description_ja

    def hint_in(self, language: str) -> str:
        """What to practise at home, in a given language."""
        return self.hint_en if language.startswith("en") else self.hint_ja
