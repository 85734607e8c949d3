"""Who has which place: applications, seats, the line, offers, and what happened to them."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Party(models.Model):
    """People who asked to come together: they win, wait and are offered together (rule 26)."""

    intake = models.ForeignKey("classes.Intake", on_delete=models.PROTECT, related_name="parties")
    split_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="split_into"
    )

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")

    def __str__(self) -> str:
        return f"party {self.pk}"


class ApplicationQuerySet(models.QuerySet["Application"]):
    def active(self) -> "ApplicationQuerySet":
        return self.filter(status=Application.Status.ACTIVE)


class Application(models.Model):
    """One person's request in an intake, with its receipt number. Seated, waiting and offered
    follow from Enrollment, WaitlistEntry and Offer; only this status is stored."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        CANCELLED = "cancelled", _("cancelled")
        VOID = "void", _("void")

    class Source(models.TextChoices):
        PHONE = "phone", _("phone")
        COUNTER = "counter", _("counter")
        PAPER = "paper", _("paper")
        FAX = "fax", _("fax")
        IMPORT = "import", _("import")

    intake = models.ForeignKey(
        "classes.Intake", on_delete=models.PROTECT, related_name="applications"
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="applications")
    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, related_name="applications"
    )
    number = models.PositiveIntegerField(_("receipt number"))
    # Made by the page before the first press, so that a second press changes nothing (rule 22).
    client_uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # The server's time, or the written one for paper, fax and imports (rule 24).
    received_at = models.DateTimeField(_("received at"))
    source = models.CharField(
        _("received by"), max_length=8, choices=Source.choices, default=Source.PHONE
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    override_reason = models.CharField(_("reason of the exception"), max_length=200, blank=True)
    wants_loan_phone = models.BooleanField(_("wants a loan phone"), default=False)
    # The caller, where family calls for the learner (rule 10).
    proxy_name = models.CharField(_("caller"), max_length=80, blank=True)
    proxy_relation = models.CharField(_("relation"), max_length=40, blank=True)
    proxy_phone = models.CharField(_("caller's phone"), max_length=40, blank=True)
    note = models.TextField(_("note"), blank=True)
    registered_at = models.DateTimeField(_("entered at"))
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ("intake", "number")
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        indexes = (
            models.Index(fields=("learner", "intake")),
            models.Index(fields=("intake", "-registered_at")),
        )
        constraints = (
            models.UniqueConstraint(fields=("intake", "number"), name="receipt_once_per_intake"),
            models.UniqueConstraint(
                fields=("intake", "learner"),
                condition=Q(status="active"),
                name="one_active_application_per_intake",
            ),
        )

    def __str__(self) -> str:
        return self.receipt

    @property
    def receipt(self) -> str:
        return self.intake.receipt(self.number)

    @property
    def is_override(self) -> bool:
        """特例: accepted although not eligible (rule 15)."""
        return bool(self.override_reason)


class Choice(models.Model):
    """A class session a party wishes for, ranked."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="choices")
    class_session = models.ForeignKey(
        "classes.ClassSession", on_delete=models.PROTECT, related_name="choices"
    )
    rank = models.PositiveSmallIntegerField(_("rank"))

    class Meta:
        ordering = ("party", "rank")
        constraints = (
            models.UniqueConstraint(
                fields=("party", "class_session"), name="class_chosen_once_per_party"
            ),
            models.UniqueConstraint(fields=("party", "rank"), name="rank_once_per_party"),
        )

    def __str__(self) -> str:
        return f"{self.party_id}:{self.rank}"


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def held(self) -> "EnrollmentQuerySet":
        return self.filter(ended_at__isnull=True)


class Enrollment(models.Model):
    """受講決定: a held seat in the whole series (rule 37)."""

    class Ending(models.TextChoices):
        CANCELLED = "cancelled", _("cancelled")
        MOVED = "moved", _("moved")
        CLASS_CANCELLED = "class_cancelled", _("class cancelled by the city")
        SUPERSEDED = "superseded", _("superseded")
        DECEASED = "deceased", _("deceased")

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="enrollments"
    )
    class_session = models.ForeignKey(
        "classes.ClassSession", on_delete=models.PROTECT, related_name="enrollments"
    )
    held_at = models.DateTimeField(_("held since"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ending = models.CharField(_("ending"), max_length=16, choices=Ending.choices, blank=True)
    moved_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="moved_to"
    )
    # The draw that gave the seat, also through its line or a move; a re-draw ends it (rule 33).
    draw = models.ForeignKey(
        "classes.LotteryDraw",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="enrollments",
    )
    has_loan_phone = models.BooleanField(_("loan phone promised"), default=False)
    # A cancelled seat is kept for its holder until then (rule 30) …
    undo_until = models.DateTimeField(null=True, blank=True)
    # … by itself, or inside the unannounced offer that took it over.
    undo_offer = models.ForeignKey(
        "Offer", on_delete=models.SET_NULL, null=True, blank=True, related_name="undoable_seats"
    )

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        ordering = ("class_session", "held_at", "pk")
        verbose_name = _("held seat")
        verbose_name_plural = _("held seats")
        indexes = (models.Index(fields=("class_session", "ended_at")),)
        constraints = (
            models.UniqueConstraint(
                fields=("application", "class_session"),
                condition=Q(ended_at__isnull=True),
                name="one_active_enrollment_per_class",
            ),
            models.CheckConstraint(
                condition=(Q(ended_at__isnull=True) & Q(ending=""))
                | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="enrollment_ends_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(undo_until__isnull=True) | Q(ended_at__isnull=False),
                name="only_ended_seats_can_be_undone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application_id}@{self.class_session_id}"


class WaitlistEntryQuerySet(models.QuerySet["WaitlistEntry"]):
    def waiting(self) -> "WaitlistEntryQuerySet":
        return self.filter(ended_at__isnull=True)

    def in_line(self) -> "WaitlistEntryQuerySet":
        """Drawn rank if any, then received time, then receipt number (rule 24)."""
        return self.order_by(F("drawn_rank").asc(nulls_last=True), "received_at", "receipt_number")


class WaitlistEntry(models.Model):
    """キャンセル待ち: a party's place in line for one class session. The position is computed."""

    class Ending(models.TextChoices):
        SEATED = "seated", _("seated")
        SEATED_ELSEWHERE = "seated_elsewhere", _("seated in another class")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("offer expired")
        CANCELLED = "cancelled", _("cancelled")
        CLASS_CANCELLED = "class_cancelled", _("class cancelled by the city")
        PASSED_OVER = "passed_over", _("passed over")
        SPLIT = "split", _("party split")
        SUPERSEDED = "superseded", _("superseded")
        DECEASED = "deceased", _("deceased")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="waitlist_entries")
    class_session = models.ForeignKey(
        "classes.ClassSession", on_delete=models.PROTECT, related_name="waitlist_entries"
    )
    drawn_rank = models.PositiveIntegerField(_("drawn rank"), null=True, blank=True)
    draw = models.ForeignKey(
        "classes.LotteryDraw",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="waitlist_entries",
    )
    # When this wish was received: the application's time, or later for a wish added later.
    received_at = models.DateTimeField(_("received at"))
    # The party's lowest receipt number when it lined up; numbers are never reused.
    receipt_number = models.PositiveIntegerField(_("receipt number"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ending = models.CharField(_("ending"), max_length=16, choices=Ending.choices, blank=True)

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        ordering = ("class_session", "received_at", "receipt_number")
        verbose_name = _("place in line")
        verbose_name_plural = _("places in line")
        indexes = (
            models.Index(fields=("class_session", "ended_at", "received_at", "receipt_number")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("party", "class_session"),
                condition=Q(ended_at__isnull=True),
                name="one_place_in_line_per_class",
            ),
            models.CheckConstraint(
                condition=(Q(ended_at__isnull=True) & Q(ending=""))
                | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="waitlist_entry_ends_with_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.party_id}→{self.class_session_id}"


class OfferQuerySet(models.QuerySet["Offer"]):
    def open(self) -> "OfferQuerySet":
        return self.filter(status=Offer.Status.OPEN)

    def paused(self) -> "OfferQuerySet":
        """Offers whose time to answer stands still on a bad day."""
        return self.filter(pauses__isnull=False, pauses__resumed_at__isnull=True).distinct()


class Offer(models.Model):
    """繰上げのご案内: freed seats held for one party for a limited time (rules 28 to 30)."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class ToldBy(models.TextChoices):
        SMS = "sms", _("SMS delivered")
        PHONE = "phone", _("reached by phone")
        LEFT_WORD = "left_word", _("left word")
        FAX = "fax", _("fax")
        POST = "post", _("post")

    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="offers")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="offers")
    class_session = models.ForeignKey(
        "classes.ClassSession", on_delete=models.PROTECT, related_name="offers"
    )
    seats = models.PositiveSmallIntegerField(_("seats"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    made_at = models.DateTimeField(_("made at"))
    # Announced only when the undo windows of its seats have passed (rule 30).
    announce_after = models.DateTimeField(_("announced after"))
    announced_at = models.DateTimeField(_("announced at"), null=True, blank=True)
    printed_deadline = models.DateTimeField(_("printed deadline"), null=True, blank=True)
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    told_by = models.CharField(_("told by"), max_length=10, choices=ToldBy.choices, blank=True)
    # Runs from when the party was told; empty until then, and then never past (rule 29).
    expires_at = models.DateTimeField(_("answer by"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ("class_session", "made_at", "pk")
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        indexes = (
            models.Index(fields=("class_session", "status")),
            models.Index(fields=("status", "announce_after")),
            models.Index(fields=("status", "expires_at")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("party", "class_session"),
                condition=Q(status="open"),
                name="one_open_offer_per_party_and_class",
            ),
            models.CheckConstraint(condition=Q(seats__gte=1), name="offer_holds_a_seat"),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(told_at__isnull=False),
                name="only_a_told_offer_expires",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(announced_at__isnull=False),
                name="told_after_it_was_announced",
            ),
            models.CheckConstraint(
                condition=(Q(status="open") & Q(closed_at__isnull=True))
                | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="offer_closes_with_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"offer {self.pk}"


class PlaceEvent(models.Model):
    """経過: what happened to whose place, who did it, why, and what was read aloud. Append-only."""

    class Kind(models.TextChoices):
        REGISTERED = "registered", _("registered")
        SEATED = "seated", _("seated")
        LINED_UP = "lined_up", _("put in line")
        APPLIED = "applied", _("applied for the lottery")
        REFUSED = "refused", _("refused")
        WISH_ADDED = "wish_added", _("wish added")
        OVERTAKEN = "overtaken", _("overtaken")
        CANCELLED = "cancelled", _("cancelled")
        SEAT_GIVEN_UP = "seat_given_up", _("seat given up")
        UNDONE = "undone", _("undone")
        OFFERED = "offered", _("offer made")
        ANNOUNCED = "announced", _("offer announced")
        TOLD = "told", _("told")
        ACCEPTED = "accepted", _("offer accepted")
        DECLINED = "declined", _("offer declined")
        EXPIRED = "expired", _("offer expired")
        WITHDRAWN = "withdrawn", _("offer withdrawn")
        PASSED_OVER = "passed_over", _("passed over")
        SPLIT = "split", _("party split")
        TIED = "tied", _("tied as a party")
        MOVED = "moved", _("moved")
        LEFT_LINE = "left_line", _("left the line")
        CORRECTED = "corrected", _("corrected")
        DECEASED = "deceased", _("deceased")
        MERGED = "merged", _("records merged")
        READ_ALOUD = "read_aloud", _("read aloud")
        DRAWN = "drawn", _("drawn")

    intake = models.ForeignKey("classes.Intake", on_delete=models.PROTECT, related_name="events")
    learner = models.ForeignKey(
        "learners.Learner", on_delete=models.PROTECT, related_name="place_events"
    )
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    class_session = models.ForeignKey(
        "classes.ClassSession",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
    )
    offer = models.ForeignKey(
        Offer, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    kind = models.CharField(_("event"), max_length=14, choices=Kind.choices)
    at = models.DateTimeField(_("at"))
    # Empty: the worker did it.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # The sentence that was shown to be read aloud (rule 19).
    sentence = models.TextField(_("read aloud"), blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("at", "pk")
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = (
            models.Index(fields=("learner", "-at")),
            models.Index(fields=("intake", "-at")),
            models.Index(fields=("class_session", "-at")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: an event is never rewritten."""
        if self.pk is not None:
            raise TypeError("A PlaceEvent is never changed; append another one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("A PlaceEvent is never deleted.")
