"""The two addresses that Twilio calls; nobody signs in there, the signature says who it is."""

import logging
import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sms import webhooks

logger = logging.getLogger(__name__)
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@csrf_exempt
@login_not_required
def status(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """What became of a message. 403 without Twilio's signature (rule 56)."""
    if not webhooks.is_signed(request):
        return _refused()
    attempt = request.GET.get("try", "")
    if not attempt.isdecimal() or len(attempt) > 4:
        raise Http404
    if not webhooks.note_status(key, int(attempt), request.POST, now=timezone.now()):
        raise Http404
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
def inbound(request: HttpRequest) -> HttpResponse:
    """A message that came in; nothing is answered by SMS. 403 without the signature (rule 56)."""
    if not webhooks.is_signed(request):
        return _refused()
    webhooks.note_inbound(request.POST, now=timezone.now())
    return HttpResponse(NO_ANSWER, content_type="text/xml")


def _refused() -> HttpResponse:
    # Somebody who tries the address, or an address that is not the one Twilio was given: whoever
    # reads the log should think of that, without a page of traceback for every try.
    logger.warning("a callback without Twilio's signature for PUBLIC_URL: refused")
    return HttpResponseForbidden("signature")
