"""The request of somebody who is signed in, for the types of views behind the sign-in, and the
answer to a page whose somebody no longer is."""

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from staff.models import StaffMember


class StaffRequest(HttpRequest):
    """What a view gets once the middleware has let a role through."""

    user: StaffMember
    htmx: HtmxDetails


def signed_out() -> HttpResponse:
    """Tell an htmx page that nobody is signed in any more; what is typed there stays."""
    return HttpResponse(status=401, headers={"HX-Reswap": "none", "HX-Trigger": "signed-out"})
