"""The request of somebody who is signed in, for the types of views behind the sign-in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from staff.models import StaffMember


class StaffRequest(HttpRequest):
    """What a view gets once the middleware has let a role through."""

    user: StaffMember
    htmx: HtmxDetails
