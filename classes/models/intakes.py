"""One round of reception with its rules, which freeze at the first application (rule 25)."""

import datetime

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


def week_and_day() -> list[int]:
    """A reminder a week before each lesson, and one the day before."""
    return [7, 1]


class IntakeQuerySet(models.QuerySet["Intake"]):
    def open_at(self, now: datetime.datetime) -> "IntakeQuerySet":
        """Intakes that take applications at this moment."""
        return self.filter(opens_at__lte=now, closes_at__gt=now)

    def with_counts(self) -> "IntakeQuerySet":
        """With how many classes and active applications each has, the newest first."""
        return self.annotate(
            class_count=models.Count("class_sessions", distinct=True),
            application_count=models.Count(
                "applications", filter=Q(applications__status="active"), distinct=True
            ),
        ).order_by("-opens_at", "code")


class Intake(models.Model):
    """募集. Its row is the one lock of everything that changes places (see classes.places)."""

    class Method(models.TextChoices):
        FIRST_COME = "first_come", _("first come")
        LOTTERY = "lottery", _("lottery")

    class SeatRule(models.TextChoices):
        ONE = "one", _("one seat per person")
        PER_CHOICE = "per_choice", _("a seat per choice")

    class LineOrder(models.TextChoices):
        RECEIVED = "received", _("by received time")
        DRAWN = "drawn", _("drawn at a cut-off")

    # The fields that rule 25 freezes at the first application.
    RULE_FIELDS = (
        "method",
        "min_age",
        "max_age",
        "residence",
        "reference_date",
        "seat_rule",
        "max_choices",
        "opens_at",
        "closes_at",
        "offer_hours",
        "undo_minutes",
        "last_joining_lesson",
        "line_order",
        "line_cutoff_at",
        "draw_on",
        "priority_tiers",
        "repeat_seats",
        "unreached_attempts",
        "unreached_days",
    )

    code = models.CharField(
        _("code"),
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")],
        help_text=_("Stands before each receipt number, e.g. 2026-10."),
    )
    title = models.CharField(_("title"), max_length=60)
    spoken_name = models.CharField(
        _("name when spoken"),
        max_length=20,
        help_text=_("As operators say it before a receipt number, e.g. 10月."),
    )
    opens_at = models.DateTimeField(_("reception opens"))
    closes_at = models.DateTimeField(_("reception closes"))
    method = models.CharField(
        _("method"), max_length=10, choices=Method.choices, default=Method.FIRST_COME
    )
    min_age = models.PositiveSmallIntegerField(_("youngest age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("oldest age"), null=True, blank=True)
    residence = models.CharField(
        _("residents of"), max_length=40, blank=True, help_text=_("Empty: anyone may apply.")
    )
    reference_date = models.DateField(_("age is reckoned on"))
    seat_rule = models.CharField(
        _("seats per person"), max_length=10, choices=SeatRule.choices, default=SeatRule.ONE
    )
    max_choices = models.PositiveSmallIntegerField(_("number of choices"), default=3)
    offer_hours = models.PositiveSmallIntegerField(_("offer period in hours"), default=48)
    undo_minutes = models.PositiveSmallIntegerField(_("undo window in minutes"), default=10)
    last_joining_lesson = models.PositiveSmallIntegerField(_("last joining lesson"), default=1)
    line_order = models.CharField(
        _("order of the line"), max_length=8, choices=LineOrder.choices, default=LineOrder.RECEIVED
    )
    line_cutoff_at = models.DateTimeField(_("line drawn at"), null=True, blank=True)
    draw_on = models.DateField(
        _("day of the draw"),
        null=True,
        blank=True,
        help_text=_("Said to everyone who applies to a lottery."),
    )
    # Ordered tiers of the draw as classes.lottery.tiers writes them; empty: everybody alike.
    priority_tiers = models.JSONField(_("priority"), default=list, blank=True)
    repeat_seats = models.PositiveSmallIntegerField(
        _("seats kept for repeating, in each class"), default=0
    )
    # Rule 27: whoever is not reached with an offer in so many calls, on so many days, may be
    # passed over by a press; 0 calls: there is no such rule.
    unreached_attempts = models.PositiveSmallIntegerField(
        _("calls before an offer passes on"),
        default=5,
        help_text=_("0: an offer nobody could be told of waits for ever."),
    )
    unreached_days = models.PositiveSmallIntegerField(_("on how many days"), default=3)
    # Days before each lesson on which people are reminded of it; no rule of the call.
    reminder_days = models.JSONField(_("reminders, days before"), default=week_and_day)
    # The receipt counter: the next number to give; a number is never reused.
    next_receipt = models.PositiveIntegerField(default=1, editable=False)
    rules_frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Applications, choices and capacities stand still from here until the draw (rule 25).
    list_frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When its draw (or that of its lines) was committed; a re-draw moves it.
    drawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    notes = models.TextField(_("notes"), blank=True)

    objects = IntakeQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["next_receipt"])

    class Meta:
        ordering = ("-opens_at", "code")
        verbose_name = _("intake")
        verbose_name_plural = _("intakes")
        constraints = (
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="intake_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(line_order="received") | Q(line_cutoff_at__isnull=False),
                name="drawn_line_has_a_cutoff",
            ),
            models.CheckConstraint(condition=Q(max_choices__gte=1), name="intake_takes_a_choice"),
            models.CheckConstraint(
                condition=Q(max_age__isnull=True)
                | Q(min_age__isnull=True)
                | Q(max_age__gte=F("min_age")),
                name="intake_ages_in_order",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_lottery(self) -> bool:
        return self.method == self.Method.LOTTERY

    @property
    def awaits_draw(self) -> bool:
        """Whether applications go into a draw that is still to come, instead of to seats."""
        return self.is_lottery and self.drawn_at is None

    def phase(self, *, now: datetime.datetime) -> str:
        """Where reception stands: "before", "open" or "closed"."""
        if now < self.opens_at:
            return "before"
        return "open" if now < self.closes_at else "closed"

    def receipt(self, number: int) -> str:
        """The printed receipt: code, hyphen, number padded to at least four digits (design.md)."""
        return f"{self.code}-{number:04d}"

    def takes_applications_at(self, moment: datetime.datetime) -> bool:
        """Whether an application received at this moment is in time."""
        return self.opens_at <= moment < self.closes_at


class IntakeRuleChange(models.Model):
    """A rule changed after the first application: by whom and why, printed (rule 25)."""

    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="rule_changes")
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200)
    # field → [before, after], as text.
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ("changed_at",)

    def __str__(self) -> str:
        return f"{self.intake_id} {self.changed_at:%Y-%m-%d}"
