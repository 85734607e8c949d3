"""抽選: one audited run of a draw, from the frozen list to the proof that anyone can repeat."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LotteryDrawQuerySet(models.QuerySet["LotteryDraw"]):
    def in_progress(self) -> "LotteryDrawQuerySet":
        """The list is frozen and nothing has been drawn yet."""
        return self.filter(status__in=(LotteryDraw.Status.FROZEN, LotteryDraw.Status.SEEDED))

    def standing(self) -> "LotteryDrawQuerySet":
        """Draws whose result counts: committed, and not superseded by a later one."""
        return self.filter(status=LotteryDraw.Status.DRAWN)

    def public(self) -> "LotteryDrawQuerySet":
        """Draws whose seed and result stay public, also after a re-draw (rule 33)."""
        return self.filter(status__in=(LotteryDraw.Status.DRAWN, LotteryDraw.Status.SUPERSEDED))


class LotteryDraw(models.Model):
    """One run: of an intake, or of its lines at the cut-off (design.md)."""

    class Kind(models.TextChoices):
        INTAKE = "intake", _("draw of the intake")
        LINE = "line", _("draw of the lines")

    class Status(models.TextChoices):
        FROZEN = "frozen", _("list frozen")
        SEEDED = "seeded", _("seed fixed")
        DRAWN = "drawn", _("drawn")
        TAKEN_BACK = "taken_back", _("freezing taken back")
        SUPERSEDED = "superseded", _("superseded by a new draw")

    class SeedSource(models.TextChoices):
        DICE = "dice", _("dice thrown in public")
        PUBLISHED = "published", _("a published number")
        GENERATED = "generated", _("made by this software")

    intake = models.ForeignKey("classes.Intake", on_delete=models.PROTECT, related_name="draws")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.INTAKE)
    # 1 for the first list of an intake, 2 for the next that was frozen, and so on.
    number = models.PositiveSmallIntegerField(_("number"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.FROZEN)
    # The canonical list, exactly the bytes (UTF-8) whose hash is published (docs/draw-proof.md).
    list_text = models.TextField(editable=False)
    list_sha256 = models.CharField(_("SHA-256 of the list"), max_length=64)
    frozen_at = models.DateTimeField(_("frozen at"))
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Normalised (NFKC, trimmed) as it is hashed; empty where no draw was needed (rule 32).
    seed = models.CharField(_("seed"), max_length=200, blank=True)
    seed_source = models.CharField(_("where from"), max_length=10, choices=SeedSource, blank=True)
    seed_note = models.CharField(_("which"), max_length=200, blank=True)
    seeded_at = models.DateTimeField(_("seed fixed at"), null=True, blank=True)
    seeded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    drawn_at = models.DateTimeField(_("drawn at"), null=True, blank=True)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The canonical proof: list, hash, seed and result, without names.
    proof_text = models.TextField(blank=True, editable=False)
    # Rule 33: why it is drawn again, and which run it replaces.
    reason = models.CharField(_("reason of the new draw"), max_length=200, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = LotteryDrawQuerySet.as_manager()

    class Meta:
        ordering = ("intake", "number")
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        constraints = (
            models.UniqueConstraint(fields=("intake", "number"), name="draw_number_once"),
            models.UniqueConstraint(
                fields=("intake",),
                condition=Q(status__in=("frozen", "seeded")),
                name="one_draw_in_progress_per_intake",
            ),
            models.UniqueConstraint(
                fields=("intake",),
                condition=Q(status="drawn"),
                name="one_standing_draw_per_intake",
            ),
            models.CheckConstraint(
                condition=Q(drawn_at__isnull=True) | ~Q(proof_text=""),
                name="a_drawn_draw_has_its_proof",
            ),
            models.CheckConstraint(
                condition=Q(seeded_at__isnull=True) | ~Q(seed_source="") | Q(seed=""),
                name="a_seed_says_where_it_is_from",
            ),
        )

    def __str__(self) -> str:
        return f"{self.intake_id} draw {self.number}"

    @property
    def is_in_progress(self) -> bool:
        return self.status in (self.Status.FROZEN, self.Status.SEEDED)

    @property
    def is_of_lines(self) -> bool:
        return self.kind == self.Kind.LINE
