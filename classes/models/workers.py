"""That the worker lives: each leaves a sign of life with every round."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerHeartbeat(models.Model):
    """One running `manage.py work`."""

    name = models.CharField(_("worker"), max_length=80, unique=True)
    started_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("last seen"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failed rounds in a row"), default=0)

    class Meta:
        ordering = ("-seen_at",)
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.name
