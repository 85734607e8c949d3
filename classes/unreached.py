"""The rule for an offer of which nobody could be told: so many calls, on so many days (rule 27)."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import steering
from classes.locking import lock_intake
from classes.models import CallAttempt, Intake, Offer
from staff.models import StaffMember

# Whoever asked to be called back was reached, and is called at the time they named.
IN_VAIN = (
    CallAttempt.Outcome.NO_ANSWER,
    CallAttempt.Outcome.LEFT_WORD,
    CallAttempt.Outcome.WRONG_NUMBER,
)


class StillToTry(Exception):
    """The rule of the intake asks for more calls, or for calls on more days; or they were told."""


@dataclass(frozen=True)
class Tries:
    """The calls in vain about one offer, beside what the rule of its intake asks for."""

    calls: int
    days: int
    needed_calls: int
    needed_days: int

    @property
    def has_rule(self) -> bool:
        return self.needed_calls > 0

    @property
    def is_met(self) -> bool:
        return self.has_rule and self.calls >= self.needed_calls and self.days >= self.needed_days


def tries(offer: Offer, intake: Intake) -> Tries:
    """The calls in vain about an offer so far."""
    return tries_of([offer], intake)[offer.pk]


def tries_of(offers: Iterable[Offer], intake: Intake) -> dict[int, Tries]:
    """Offer → its calls in vain, in one query however many offers."""
    offers = list(offers)
    made: dict[int, list[datetime.date]] = defaultdict(list)
    # Asked for nobody too: a page costs the same queries whether or not there is an offer.
    keys = [offer.pk for offer in offers] or [0]
    in_vain = CallAttempt.objects.filter(task__notice__offer__in=keys, outcome__in=IN_VAIN)
    for offer_pk, at in in_vain.order_by().values_list("task__notice__offer", "at"):
        made[offer_pk].append(timezone.localtime(at).date())
    return {
        offer.pk: Tries(
            len(made[offer.pk]),
            len(set(made[offer.pk])),
            intake.unreached_attempts,
            max(intake.unreached_days, 1),
        )
        for offer in offers
    }


def pass_on(offer_pk: int, *, by: StaffMember, now: datetime.datetime) -> list[Offer]:
    """They could not be reached: the seats go to the next in line, the place in line stays.

    Raises StillToTry until the rule is met, steering.NotWaiting where the place has ended, and
    steering.NobodyServed where nobody else waits who fits: then the offer stands.
    """
    with transaction.atomic():
        found = Offer.objects.select_related("class_session").get(pk=offer_pk)
        intake = lock_intake(found.class_session.intake_id)
        offer = Offer.objects.open().filter(pk=offer_pk).first()
        if offer is None:
            raise steering.NotWaiting
        made = tries(offer, intake)
        if offer.told_at is not None or not made.is_met:
            raise StillToTry
        served = steering.pass_over(intake.pk, offer.entry_id, reason=_reason(made), by=by, now=now)
        if not served:
            raise steering.NobodyServed
        return served


def _reason(made: Tries) -> str:
    said = _("could not be reached: %(calls)d calls on %(days)d days, as the rules say")
    return said % {"calls": made.calls, "days": made.days}
