"""Calls in (every one counted) and calls to make, with each try."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CallLog(models.Model):
    """着信記録: one incoming call, however it ended (rule 18)."""

    class Outcome(models.TextChoices):
        REGISTERED = "registered", _("registered")
        SECOND_CALL = "second_call", _("already registered")
        INQUIRY = "inquiry", _("enquiry only")
        INELIGIBLE = "ineligible", _("not eligible")
        BEFORE_OPENING = "before_opening", _("before reception opened")
        AFTER_CLOSING = "after_closing", _("after reception closed")
        CANCELLATION = "cancellation", _("cancellation")
        OFFER_ANSWER = "offer_answer", _("answer to an offer")
        CHANGE = "change", _("change")
        NO_SEAT_WANTED = "no_seat_wanted", _("full, did not want to wait")
        OTHER = "other", _("other")

    intake = models.ForeignKey("classes.Intake", on_delete=models.PROTECT, related_name="call_logs")
    client_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    called_at = models.DateTimeField(_("called at"))
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(_("ended as"), max_length=14, choices=Outcome.choices)
    # Several people may be served in one call (a couple): the first one stands here.
    learner = models.ForeignKey(
        "learners.Learner",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="call_logs",
    )
    application = models.ForeignKey(
        "classes.Application",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="call_logs",
    )
    # What an enquiry was about, so that unmet demand is seen by class.
    class_session = models.ForeignKey(
        "classes.ClassSession",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="call_logs",
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ("-called_at", "-pk")
        verbose_name = _("incoming call")
        verbose_name_plural = _("incoming calls")
        indexes = (
            models.Index(fields=("intake", "-called_at")),
            models.Index(fields=("operator", "-called_at")),
        )

    def __str__(self) -> str:
        return f"{self.outcome} {self.called_at:%Y-%m-%d %H:%M}"


class CallTaskQuerySet(models.QuerySet["CallTask"]):
    def open(self) -> "CallTaskQuerySet":
        return self.filter(closed_at__isnull=True)


class CallTask(models.Model):
    """要連絡: a call to make and why. Claimed by one operator at a time."""

    notice = models.OneToOneField(
        "classes.Notice", on_delete=models.PROTECT, related_name="call_task"
    )
    created_at = models.DateTimeField(_("created at"))
    # Urgent first: offers nobody was told of, then what is due soonest.
    urgency = models.PositiveSmallIntegerField(_("urgency"), default=5)
    due_at = models.DateTimeField(_("due at"))
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claimed_calls",
    )
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = CallTaskQuerySet.as_manager()

    class Meta:
        ordering = ("urgency", "due_at", "pk")
        verbose_name = _("call to make")
        verbose_name_plural = _("calls to make")
        indexes = (models.Index(fields=("closed_at", "urgency", "due_at")),)
        constraints = (
            models.CheckConstraint(
                condition=(Q(claimed_by__isnull=True) & Q(claimed_at__isnull=True))
                | (Q(claimed_by__isnull=False) & Q(claimed_at__isnull=False)),
                name="claim_has_a_name_and_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"call {self.pk}"


class CallAttempt(models.Model):
    """連絡記録: one try, its outcome and the sentence that was to be read."""

    class Outcome(models.TextChoices):
        REACHED = "reached", _("reached")
        LEFT_WORD = "left_word", _("left word")
        NO_ANSWER = "no_answer", _("no answer")
        WRONG_NUMBER = "wrong_number", _("wrong number")
        CALL_BACK = "call_back", _("call back later")

    task = models.ForeignKey(CallTask, on_delete=models.CASCADE, related_name="attempts")
    client_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("number called"), max_length=20, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    call_back_at = models.DateTimeField(_("call back at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    sentence = models.TextField(_("read aloud"), blank=True)

    class Meta:
        ordering = ("at", "pk")
        verbose_name = _("call attempt")
        verbose_name_plural = _("call attempts")
        indexes = (models.Index(fields=("by", "-at")),)

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d %H:%M}"
