"""送信 and 受信: one SMS out, one SMS in. They know a number, and nobody behind it."""

import datetime
import uuid
from typing import Any

from django.db import connections, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OutboundMessageQuerySet(models.QuerySet["OutboundMessage"]):
    def due(self, now: datetime.datetime) -> "OutboundMessageQuerySet":
        """Queued messages whose time has come and not yet passed."""
        return self.filter(
            status=OutboundMessage.Status.QUEUED, send_after__lte=now, expires_at__gt=now
        )

    def underway(self) -> "OutboundMessageQuerySet":
        """Messages whose fate is still open."""
        return self.filter(status__in=OutboundMessage.UNDERWAY)

    def change(self, **values: Any) -> int:
        """As `update`, for many rows: locked in one order first, so that two who change many,
        the desk and a worker say, never wait for each other in a circle."""
        if not connections[self.db].features.has_select_for_update:
            return self.update(**values)
        with transaction.atomic(using=self.db, savepoint=False):
            locked = (
                self.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)
            )
            return OutboundMessage.objects.filter(pk__in=list(locked)).update(**values)


class OutboundMessage(models.Model):
    """送信: one SMS. Its status moves only through `sms.transitions`."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent, not confirmed")
        DELIVERED = "delivered", _("delivered")
        UNDELIVERED = "undelivered", _("not delivered")
        FAILED = "failed", pgettext_lazy("message", "refused")
        UNKNOWN = "unknown", _("unknown, being asked")
        CANCELLED = "cancelled", _("no longer needed")
        EXPIRED = "expired", _("too late")

    UNDERWAY = (Status.QUEUED, Status.SENDING, Status.SENT, Status.UNKNOWN)
    # It is on its way or arrived, as far as anybody knows: who gets it may have been told.
    LEFT = (Status.SENDING, Status.SENT, Status.UNKNOWN, Status.DELIVERED)
    # Nothing went out, or nothing arrived: whoever asked for the message finds another way.
    CAME_TO_NOTHING = (Status.UNDELIVERED, Status.FAILED, Status.EXPIRED)

    # Stands in the address of the callback, so that one that overtakes our record loses nothing.
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    to = models.CharField(_("to"), max_length=20)
    body = models.TextField(_("text"))
    segments = models.PositiveSmallIntegerField(_("segments"))
    # A word for tables of cost; its meaning is the caller's.
    purpose = models.CharField(_("purpose"), max_length=20)
    # The same key is sent once, however often it is asked for.
    dedupe_key = models.CharField(max_length=120, unique=True)
    priority = models.PositiveSmallIntegerField(_("urgency"), default=5)
    # Rule 51: what the city cancels on the day may go out before the usual hours.
    may_be_early = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("created at"))
    send_after = models.DateTimeField(_("not before"))
    expires_at = models.DateTimeField(_("not after"))
    status = models.CharField(
        _("status"), max_length=11, choices=Status.choices, default=Status.QUEUED
    )
    status_at = models.DateTimeField(_("since"))
    # Which worker's batch holds it, and since when; a claim outlives its worker's death.
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    # How often the provider was asked to send it.
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    sender = models.CharField(_("sender"), max_length=40, blank=True)
    sid = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(_("error"), max_length=10, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    # When the provider is to be asked next what became of it, and how often it was.
    check_at = models.DateTimeField(null=True, blank=True)
    checks = models.PositiveSmallIntegerField(default=0)
    # What the provider counted and charged, once it says so.
    billed_segments = models.PositiveSmallIntegerField(_("segments billed"), null=True, blank=True)
    price = models.DecimalField(_("price"), max_digits=9, decimal_places=5, null=True, blank=True)
    price_unit = models.CharField(_("currency"), max_length=3, blank=True)
    # When whoever asked for it took note of how it ended; empty: still to be swept.
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = OutboundMessageQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("message sent")
        verbose_name_plural = _("messages sent")
        indexes = (
            models.Index(fields=("status", "priority", "send_after"), name="sms_out_due"),
            models.Index(fields=("status", "check_at"), name="sms_out_check"),
            models.Index(fields=("to", "-created_at"), name="sms_out_number"),
            models.Index(fields=("-created_at", "-id"), name="sms_out_latest"),
            models.Index(fields=("claim",), name="sms_out_claim"),
            models.Index(
                fields=("status",), condition=Q(settled_at__isnull=True), name="sms_out_unsettled"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("sid",), condition=~Q(sid=""), name="provider_names_a_message_once"
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(claim__isnull=False, claimed_at__isnull=False),
                name="what_is_being_sent_is_claimed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk} {self.status}"


class InboundMessage(models.Model):
    """受信: one SMS that came in; kept once, however often it is handed over."""

    class Source(models.TextChoices):
        WEBHOOK = "webhook", _("callback")
        POLLING = "polling", _("asked for")
        SIMULATOR = "simulator", _("simulator")

    sid = models.CharField(max_length=40, unique=True)
    # `from` is a word of Python's.
    sender = models.CharField(pgettext_lazy("message", "from"), max_length=20, db_index=True)
    to = models.CharField(_("to"), max_length=40, blank=True)
    body = models.TextField(_("text"), blank=True)
    received_at = models.DateTimeField(_("received at"))
    source = models.CharField(max_length=9, choices=Source.choices)
    # When `classes.replies` acted on it or laid it into the inbox; empty: still to be looked at.
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-received_at", "-pk")
        verbose_name = _("message received")
        verbose_name_plural = _("messages received")
        indexes = (models.Index(fields=("handled_at", "received_at"), name="sms_in_waiting"),)

    def __str__(self) -> str:
        return f"in {self.pk}"
