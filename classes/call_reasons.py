"""Why somebody is called and not texted, in a few words for the row of the call list (rule 60)."""

import datetime
from collections import defaultdict
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classes.models import Notice, Offer
from learners.models import PhoneNumber
from sms import suppression
from sms.models import NumberSuppression, OutboundMessage

Status = OutboundMessage.Status
Consent = PhoneNumber.Consent
CAME_BACK = {
    Status.UNDELIVERED: gettext_lazy("the SMS did not arrive"),
    Status.FAILED: gettext_lazy("the SMS was refused"),
    Status.EXPIRED: gettext_lazy("the SMS could not go out in time"),
    Status.SENT: gettext_lazy("the SMS was never confirmed"),
}
SUPPRESSED = {
    NumberSuppression.Reason.OPTED_OUT: gettext_lazy("wants no SMS"),
    NumberSuppression.Reason.NOT_CAPABLE: gettext_lazy("the number takes no SMS"),
    NumberSuppression.Reason.WRONG_PERSON: gettext_lazy("the number is another person's"),
}


def of(notices: Sequence[Notice], *, now: datetime.datetime) -> dict[int, str]:
    """By notice why it is a call, or "" where nothing is to be said; two queries for all of them.

    Load notices with `message` and `offer`.
    """
    asked = [notice.learner_id for notice in notices if notice.message is None]
    numbers: dict[int, list[PhoneNumber]] = defaultdict(list)
    for number in PhoneNumber.objects.filter(learner__in=asked).order_by("position", "pk"):
        if number.sms_capable:
            numbers[number.learner_id].append(number)
    suppressed = suppression.of(each.e164 for found in numbers.values() for each in found)
    return {
        notice.pk: _deadline(notice, now)
        or _came_back(notice)
        or _no_sms(numbers[notice.learner_id], suppressed)
        for notice in notices
    }


def _deadline(notice: Notice, now: datetime.datetime) -> str:
    """An offer that was told and nears its end: their answer is what is called for."""
    offer = notice.offer
    if offer is None or offer.status != Offer.Status.OPEN:
        return ""
    if offer.told_at is None or offer.expires_at is None or offer.expires_at <= now:
        return ""
    ends = timezone.localtime(offer.expires_at)
    at = f"{ends:%H:%M}" if ends.date() == timezone.localdate(now) else f"{ends:%m/%d %H:%M}"
    return _("offer ends at %(at)s, no answer yet") % {"at": at}


def _came_back(notice: Notice) -> str:
    message = notice.message
    return str(CAME_BACK.get(Status(message.status), "")) if message is not None else ""


def _no_sms(numbers: Sequence[PhoneNumber], suppressed: dict[str, NumberSuppression.Reason]) -> str:
    if not numbers:
        return _("no mobile number")
    for number in numbers:
        if number.e164 in suppressed:
            return str(SUPPRESSED[suppressed[number.e164]])
    if any(number.may_receive_sms for number in numbers):
        return ""
    if any(number.sms_consent == Consent.REFUSED for number in numbers):
        return _("wants no SMS")
    return _("SMS not agreed yet")
