"""What is known of a number alone: that no message may, or can, go there; a simulated phone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NumberSuppressionQuerySet(models.QuerySet["NumberSuppression"]):
    def standing(self) -> "NumberSuppressionQuerySet":
        """Those in force."""
        return self.filter(ended_at__isnull=True)


class NumberSuppression(models.Model):
    """No message goes to this number, for this reason, until it ends (rules 54 and 58)."""

    class Reason(models.TextChoices):
        OPTED_OUT = "opted_out", _("wants no messages")
        NOT_CAPABLE = "not_capable", _("cannot receive messages")
        WRONG_PERSON = "wrong_person", _("belongs to somebody else")

    class Source(models.TextChoices):
        REPLY = "reply", _("reply")
        PROVIDER = "provider", _("reported when sending")
        DESK = "desk", _("told us")

    e164 = models.CharField(_("number"), max_length=20)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    source = models.CharField(_("known by"), max_length=8, choices=Source.choices)
    error_code = models.CharField(_("error"), max_length=10, blank=True)
    since = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = NumberSuppressionQuerySet.as_manager()

    class Meta:
        ordering = ("-since", "-pk")
        verbose_name = _("number without messages")
        verbose_name_plural = _("numbers without messages")
        constraints = (
            models.UniqueConstraint(
                fields=("e164", "reason"),
                condition=Q(ended_at__isnull=True),
                name="number_suppressed_once_per_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.pk}"


class SimulatedPhone(models.Model):
    """How one phone of the simulator behaves; without a row it receives everything."""

    class Behaviour(models.TextChoices):
        RECEIVES = "receives", _("receives")
        SWITCHED_OFF = "off", _("switched off (30003)")
        LANDLINE = "landline", _("landline (30006)")
        SILENT = "silent", _("never confirms")

    e164 = models.CharField(_("number"), max_length=20, unique=True)
    behaviour = models.CharField(
        _("behaviour"), max_length=8, choices=Behaviour.choices, default=Behaviour.RECEIVES
    )

    class Meta:
        ordering = ("e164",)
        verbose_name = _("simulated phone")
        verbose_name_plural = _("simulated phones")

    def __str__(self) -> str:
        return f"{self.behaviour} {self.pk}"
