"""A workbook that was brought in, row by row: nothing is ever dropped."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ImportBatch(models.Model):
    """One upload of one workbook into one intake."""

    class Kind(models.TextChoices):
        CLASSES = "classes", _("classes")
        CALLERS = "callers", _("callers")

    class Status(models.TextChoices):
        MAPPING = "mapping", _("columns to be named")
        PREVIEW = "preview", _("to be confirmed")
        DONE = "done", _("brought in")
        DISCARDED = "discarded", _("discarded")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    intake = models.ForeignKey(
        "classes.Intake",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="import_batches",
    )
    # The intake to be made, where the workbook brings a new one (import_classes options).
    options = models.JSONField(default=dict, blank=True)
    file_name = models.CharField(_("file"), max_length=200)
    file_sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField(_("uploaded at"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PREVIEW
    )
    # Per sheet: header row, and column letter → field as recognised or mapped by hand.
    mapping = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    done_at = models.DateTimeField(_("brought in at"), null=True, blank=True)

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return f"{self.kind} {self.uploaded_at:%Y-%m-%d %H:%M}"


class ImportRow(models.Model):
    """One data row as it was read, what became of it, and what is wrong with it."""

    class Status(models.TextChoices):
        NEW = "new", _("to be brought in")
        ENROLLED = "enrolled", _("seated")
        WAITLISTED = "waitlisted", _("in line")
        APPLIED = "applied", _("applied")
        DUPLICATE = "duplicate", _("called twice")
        ALREADY = "already", _("already brought in")
        ATTENTION = "attention", _("needs attention")
        MADE = "made", _("made")
        DISCARDED = "discarded", _("set aside with a reason")

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    sheet = models.CharField(_("sheet"), max_length=40)
    # The sheet's place in the workbook: it breaks ties of the received time.
    sheet_order = models.PositiveSmallIntegerField(default=0)
    row_number = models.PositiveIntegerField(_("row"))
    # SHA-256 of the row's content: a row's identity is what it says, not where it stands.
    identity = models.CharField(max_length=64)
    # field → {"at": "E19", "kind": "text", "value": "…"} as read; `fixed` holds field → text as put
    # right by staff.
    cells = models.JSONField(default=dict)
    fixed = models.JSONField(default=dict, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.NEW
    )
    # What the preview expected: {"status": "waitlisted", "class": "N1", "position": 3}
    expected = models.JSONField(default=dict, blank=True)
    # [{"kind": "too_young", "cell": "E19", "message": "…"}]
    problems = models.JSONField(default=list, blank=True)
    partner_row = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    application = models.ForeignKey(
        "classes.Application",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="import_rows",
    )
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        ordering = ("batch", "sheet_order", "row_number")
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        indexes = (
            models.Index(fields=("identity",)),
            models.Index(fields=("batch", "status")),
            models.Index(fields=("batch", "sheet_order", "row_number")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("batch", "sheet", "row_number"), name="row_once_per_batch"
            ),
            models.CheckConstraint(
                condition=~Q(status="discarded") | ~Q(settled_reason=""),
                name="row_set_aside_with_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sheet}!{self.row_number}"
