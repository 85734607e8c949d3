"""When messages may go out, how fast, and how far the inbound ones were read."""

import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class SendingHours(models.Model):
    """Between which times of day messages go out, and on which weekdays (rule 51). One row."""

    opens = models.TimeField(_("from"), default=datetime.time(9))
    closes = models.TimeField(_("until"), default=datetime.time(20))
    # What the city cancels on the day, from then on.
    opens_early = models.TimeField(_("urgent ones from"), default=datetime.time(7))
    # ISO weekdays (1 = Monday) on which nothing goes out.
    closed_weekdays = models.JSONField(_("weekdays off"), default=list, blank=True)
    closed_on_holidays = models.BooleanField(_("off on public holidays"), default=False)

    class Meta:
        verbose_name = _("sending hours")
        verbose_name_plural = _("sending hours")
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="one_row_of_sending_hours"),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")) & Q(opens_early__lte=F("opens")),
                name="sending_hours_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


class DayOff(models.Model):
    """A day on which no message goes out, such as one of the New Year's days."""

    day = models.DateField(_("day"), unique=True)
    reason = models.CharField(_("reason"), max_length=80, blank=True)

    class Meta:
        ordering = ("day",)
        verbose_name = _("day without messages")
        verbose_name_plural = _("days without messages")

    def __str__(self) -> str:
        return f"{self.day}"


class SenderPace(models.Model):
    """From when a sender may send again: every worker takes its slots here, so that all of them
    together keep the rate."""

    sender = models.CharField(max_length=40, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sender


class InboundCursor(models.Model):
    """Until when the messages that came in were asked for, where no callback reaches us."""

    account = models.CharField(max_length=40, primary_key=True)
    read_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"read until {self.read_until:%Y-%m-%d %H:%M}"
