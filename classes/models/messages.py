"""The words of messages, what came back, and messages to many at once."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from learners.models import Learner


class MessageTemplate(models.Model):
    """One wording of one text; the newest of a kind, language and form stands, older ones stay.

    Without a row the text that ships is used (templates/classes/sms/).
    """

    class Kind(models.TextChoices):
        REGISTERED_SEAT = "registered_seat", _("registered, seat")
        REGISTERED_LINE = "registered_line", _("registered, line")
        REGISTERED_LOTTERY = "registered_lottery", _("registered, lottery")
        DRAW_SEAT = "draw_seat", _("draw, seat")
        DRAW_LINE = "draw_line", _("draw, line")
        OFFER = "offer", _("offer of a seat")
        SEATED = "seated", _("seat settled")
        MOVED = "moved", _("moved to another class")
        REMINDER = "reminder", _("reminder")
        REMINDER_NEXT = "reminder_next", _("reminder, next day")
        FOLLOW_UP = "follow_up", _("after the lesson")
        FOLLOW_UP_LAST = "follow_up_last", _("after the last lesson")
        ABSENT = "absent", _("missed without notice")
        NEXT_CLASS = "next_class", _("next class")
        CHANGED = "changed", _("lesson changed")
        ADDED = "added", _("lesson added")
        CANCELLED = "cancelled", _("cancelled by the city")
        RESUMED = "resumed", _("takes place after all")

    class Form(models.TextChoices):
        ONE = "one", _("to one person")
        # 2名様: several people of one number in one class (rule 59).
        SEVERAL = "several", _("to several people of one number")

    kind = models.CharField(_("text"), max_length=20, choices=Kind.choices)
    language = models.CharField(_("language"), max_length=5, choices=Learner.Language.choices)
    form = models.CharField(_("form"), max_length=7, choices=Form.choices, default=Form.ONE)
    version = models.PositiveIntegerField(_("version"))
    wording = models.CharField(_("wording"), max_length=660)
    created_at = models.DateTimeField(_("since"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("kind", "language", "form", "-version")
        verbose_name = _("text of a message")
        verbose_name_plural = _("texts of messages")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "language", "form", "version"), name="version_once_per_text"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}.{self.language}.{self.form} v{self.version}"


class ReplyQuerySet(models.QuerySet["Reply"]):
    def open(self) -> "ReplyQuerySet":
        """What waits in the inbox for somebody to read it."""
        return self.filter(closed_at__isnull=True)


class Reply(models.Model):
    """What an incoming SMS was taken to mean, and what was done; open ones are the inbox."""

    class Meaning(models.TextChoices):
        WILL_COME = "will_come", _("will come")
        WILL_NOT_COME = "will_not_come", _("will not come")
        STOP = "stop", _("no more messages")
        WRONG_PERSON = "wrong_person", _("another person's number")
        OTHER = "other", _("to be read")

    class WhyOpen(models.TextChoices):
        NOT_UNDERSTOOD = "words", _("not one of the known answers")
        SEVERAL_PEOPLE = "several", _("several people use this number")
        NOTHING_TOLD = "nothing", _("nothing they could mean was told lately")
        OFFER = "offer", _("may be an answer to an offer")
        UNKNOWN_NUMBER = "unknown", _("nobody has this number")

    inbound = models.OneToOneField(
        "sms.InboundMessage", on_delete=models.PROTECT, related_name="reply"
    )
    meaning = models.CharField(_("meaning"), max_length=13, choices=Meaning.choices)
    why_open = models.CharField(
        _("why it is to be read"), max_length=8, choices=WhyOpen.choices, blank=True
    )
    # The one person it surely comes from; empty where several use the number, or nobody.
    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, null=True, blank=True, related_name="replies"
    )
    notice = models.ForeignKey(
        "classes.Notice", on_delete=models.PROTECT, null=True, blank=True, related_name="replies"
    )
    understood_at = models.DateTimeField(_("read at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        ordering = ("-understood_at", "-pk")
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        indexes = (
            models.Index(
                fields=("understood_at",), condition=Q(closed_at__isnull=True), name="inbox"
            ),
        )

    def __str__(self) -> str:
        return f"{self.meaning} {self.pk}"


class BulkMessage(models.Model):
    """One text to a class or to chosen people, once somebody confirmed its preview."""

    client_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    intake = models.ForeignKey(
        "classes.Intake", on_delete=models.PROTECT, related_name="bulk_messages"
    )
    class_session = models.ForeignKey(
        "classes.ClassSession",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bulk_messages",
    )
    wording = models.CharField(_("text"), max_length=660)
    wording_en = models.CharField(_("text in English"), max_length=660, blank=True)
    created_at = models.DateTimeField(_("confirmed at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Stopped before everybody was told.
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("message to many")
        verbose_name_plural = _("messages to many")

    def __str__(self) -> str:
        return f"bulk {self.pk}"
