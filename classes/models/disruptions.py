"""A bad day: lessons that a typhoon, an illness or a closed hall stopped, all by one press."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DisruptionQuerySet(models.QuerySet["Disruption"]):
    def running(self) -> "DisruptionQuerySet":
        """Those whose day goes on: offers that they paused still stand still."""
        return self.filter(ended_at__isnull=True)


class Disruption(models.Model):
    """臨時休講: one press that stopped or moved lessons of a day; offers pause until it ends."""

    class Cause(models.TextChoices):
        TYPHOON = "typhoon", _("a typhoon")
        SNOW = "snow", _("heavy snow")
        ILLNESS = "illness", _("illness of the instructor")
        HALL = "hall", _("a closed hall")
        OTHER = "other", _("something else")

    class Ending(models.TextChoices):
        RESUMED = "resumed", _("takes place after all")
        PASSED = "passed", _("the day has passed")

    day = models.DateField(_("day"))
    cause = models.CharField(_("because of"), max_length=8, choices=Cause)
    # What is said where none of the causes fits.
    reason = models.CharField(_("in words"), max_length=60, blank=True)
    started_at = models.DateTimeField(_("pressed at"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # Empty: the worker did, the morning after.
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ending = models.CharField(_("ending"), max_length=8, choices=Ending, blank=True)

    objects = DisruptionQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "-pk")
        verbose_name = _("bad day")
        verbose_name_plural = _("bad days")
        constraints = (
            models.CheckConstraint(
                condition=(Q(ended_at__isnull=True) & Q(ending=""))
                | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="disruption_ends_in_a_way",
            ),
            models.CheckConstraint(
                condition=~Q(cause="other") | ~Q(reason=""), name="another_cause_is_in_words"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.cause}"

    @property
    def cause_in_words(self) -> str:
        """The cause in the language that is active, or as staff wrote it."""
        return self.reason or str(self.get_cause_display())


class DisruptedLesson(models.Model):
    """One lesson that was stopped or moved by that press, and what became of it."""

    class Outcome(models.TextChoices):
        CANCELLED = "cancelled", _("cancelled")
        MOVED = "moved", _("moved")
        RESUMED = "resumed", _("takes place after all")

    disruption = models.ForeignKey(
        Disruption, on_delete=models.CASCADE, related_name="disrupted_lessons"
    )
    lesson = models.ForeignKey(
        "classes.Lesson", on_delete=models.PROTECT, related_name="disruptions"
    )
    # When it should have started.
    starts_at = models.DateTimeField(_("was to start at"))
    outcome = models.CharField(
        _("outcome"), max_length=9, choices=Outcome, default=Outcome.CANCELLED
    )

    class Meta:
        ordering = ("disruption", "starts_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("disruption", "lesson"), name="lesson_disrupted_once_per_press"
            ),
        )

    def __str__(self) -> str:
        return f"{self.disruption_id}:{self.lesson_id}"


class OfferPause(models.Model):
    """The answering time of an offer stands still while a bad day lasts (rule 29)."""

    disruption = models.ForeignKey(
        Disruption, on_delete=models.CASCADE, related_name="offer_pauses"
    )
    offer = models.ForeignKey("classes.Offer", on_delete=models.CASCADE, related_name="pauses")
    paused_at = models.DateTimeField(_("paused at"))
    resumed_at = models.DateTimeField(_("runs again since"), null=True, blank=True)

    class Meta:
        ordering = ("disruption", "offer")
        constraints = (
            models.UniqueConstraint(
                fields=("disruption", "offer"), name="offer_paused_once_per_press"
            ),
        )

    def __str__(self) -> str:
        return f"{self.disruption_id}:{self.offer_id}"
