"""One occasion to tell one learner, by one channel at a time; and tasks staff must do in time."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sms.models import OutboundMessage


class NoticeQuerySet(models.QuerySet["Notice"]):
    def to_post(self) -> "NoticeQuerySet":
        """Open lines of the 発送一覧 (rule 20)."""
        return self.filter(channel=Notice.Channel.POST, settled_at__isnull=True)

    def to_text(self) -> "NoticeQuerySet":
        """Open notices whose SMS is still to arrive."""
        return self.filter(channel=Notice.Channel.SMS, settled_at__isnull=True)

    def may_have_heard(self) -> "NoticeQuerySet":
        """Whoever was told, or whose SMS has left: nobody knows that they have not read it."""
        told = Q(settled_at__isnull=False) & ~Q(outcome__in=Notice.NOT_TOLD)
        left = Q(channel=Notice.Channel.SMS, message__status__in=OutboundMessage.LEFT)
        return self.filter(told | left)


class Notice(models.Model):
    """お知らせ: unique per learner, purpose and occasion (rule 52)."""

    class Purpose(models.TextChoices):
        REGISTERED = "registered", _("registration result")
        OFFER = "offer", _("offer of a seat")
        SEATED = "seated", _("seat settled")
        MOVED = "moved", _("moved to another class")
        CHANGED = "changed", _("lesson changed")
        CANCELLED = "cancelled", _("cancelled by the city")
        RESULT = "result", _("result of the draw")
        RESUMED = "resumed", _("takes place after all")
        REMINDER = "reminder", _("reminder of a lesson")
        FOLLOW_UP = "follow_up", _("after the lesson")
        ABSENT = "absent", _("missed without notice")
        NEXT_CLASS = "next_class", _("next class")
        BULK = "bulk", _("message to many")
        # Somebody wrote, and is called back about it.
        REPLY = "reply", _("answer to a message received")

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        CALL = "call", _("call")
        POST = "post", _("post or fax")
        # Told on the phone while it happened: kept for the record, makes no task (rule 60).
        SPOKEN = "spoken", _("told on the phone")

    class Outcome(models.TextChoices):
        TOLD = "told", _("told")
        LEFT_WORD = "left_word", _("left word")
        POSTED = "posted", _("posted")
        FAXED = "faxed", _("faxed")
        DROPPED = "dropped", _("no longer needed")
        # The SMS arrived; or it went out and nothing more is known of it (rule 55).
        DELIVERED = "delivered", _("SMS delivered")
        SENT = "sent", _("SMS sent, not confirmed")
        # Its day passed before anybody was told: a reminder that no call reached in time.
        MISSED = "missed", _("not told in time")

    # Settled, and nobody was told.
    NOT_TOLD = (Outcome.DROPPED, Outcome.MISSED)

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed", _("will come")
        ABSENT = "absent", _("will not come")

    intake = models.ForeignKey("classes.Intake", on_delete=models.PROTECT, related_name="notices")
    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, related_name="notices"
    )
    application = models.ForeignKey(
        "classes.Application",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    offer = models.ForeignKey(
        "classes.Offer", on_delete=models.PROTECT, null=True, blank=True, related_name="notices"
    )
    # The SMS it goes out by; two people of one number share one (rule 59).
    message = models.ForeignKey(
        "sms.OutboundMessage",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    # The seat, place in line or proposed class, and the lesson, that it speaks of.
    class_session = models.ForeignKey(
        "classes.ClassSession",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    lesson = models.ForeignKey(
        "classes.Lesson", on_delete=models.SET_NULL, null=True, blank=True, related_name="notices"
    )
    bulk = models.ForeignKey(
        "classes.BulkMessage",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    # Which text it is written with (`MessageTemplate.Kind`); empty: it has no SMS.
    text = models.CharField(_("text used"), max_length=20, blank=True)
    # What the text needs and no row holds: {"lead": 7}, {"hint": competency}, {"old": moment}.
    facts = models.JSONField(default=dict, blank=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    # What it is about, e.g. "offer:17" or "lesson:3:2" (with the lesson's revision).
    occasion = models.CharField(max_length=60)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel.choices)
    sentence = models.TextField(_("text"))
    created_at = models.DateTimeField(_("created at"))
    # When it must have reached the learner; for post, the day it must leave.
    due_at = models.DateTimeField(_("due at"))
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    # What the learner answered, though nothing asks for it (rule 61).
    answer = models.CharField(_("answer"), max_length=9, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "pk")
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = (
            models.Index(fields=("channel", "settled_at", "due_at")),
            models.Index(fields=("lesson", "purpose"), name="notice_of_lesson"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("learner", "purpose", "occasion"), name="one_notice_per_occasion"
            ),
            models.CheckConstraint(
                condition=(Q(settled_at__isnull=True) & Q(outcome=""))
                | (Q(settled_at__isnull=False) & ~Q(outcome="")),
                name="notice_settles_with_an_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.occasion}"

    @property
    def was_told(self) -> bool:
        """Whether somebody heard or was sent it."""
        return self.settled_at is not None and self.outcome not in self.NOT_TOLD

    @property
    def why_not_by_text(self) -> str:
        """Why it goes another way although an SMS was made, in words; "" where none was."""
        message = self.message
        if message is None or self.channel == self.Channel.SMS:
            return ""
        if message.status in OutboundMessage.LEFT:
            return gettext("SMS sent, not confirmed")
        return gettext("SMS did not arrive")


class StaffTask(models.Model):
    """Something staff must do for a learner before a day (rules 1 and 20)."""

    class Kind(models.TextChoices):
        CONFIRM_AGE = "confirm_age", _("confirm the date of birth")
        CONFIRM_ADDRESS = "confirm_address", _("confirm the address")
        CONFIRM_NUMBER = "confirm_number", _("ask for the right phone number")
        SIGN_LANGUAGE = "sign_language", _("book a sign-language interpreter")
        CAPTIONING = "captioning", _("book a note-taking interpreter")
        MOVE_WANTED = "move_wanted", _("find a seat in a class of the right level")

    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, related_name="staff_tasks"
    )
    intake = models.ForeignKey(
        "classes.Intake", on_delete=models.PROTECT, related_name="staff_tasks"
    )
    kind = models.CharField(_("task"), max_length=16, choices=Kind.choices)
    due_on = models.DateField(_("due on"))
    created_at = models.DateTimeField(_("created at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("due_on", "pk")
        verbose_name = _("staff task")
        verbose_name_plural = _("staff tasks")
        constraints = (
            models.UniqueConstraint(
                fields=("learner", "intake", "kind"), name="one_task_of_a_kind_per_intake"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on}"
