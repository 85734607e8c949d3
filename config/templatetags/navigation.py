"""Tags of base.html: links a person may open, the city's name, the training banner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import template
from django.conf import settings
from django.template.context import RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from classes import inbox
from config.permissions import may_open

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()

# Route, label, and the routes beginning with which the link counts as "here".
LINKS: Final = (
    ("desk", _("Desk"), ("desk",)),
    ("call_list", _("Calls to make"), ("call_", "task_")),
    ("post_list", _("Letters to send"), ("post_",)),
    (
        "message_log",
        _("Messages"),
        ("message_", "sending_", "coming_back", "bulk_", "simulator", "status"),
    ),
    (
        "intake_list",
        _("Intakes"),
        ("intake_", "class_create", "class_edit", "class_another", "draw_", "fairness"),
    ),
    ("class_list", _("Classes"), ("class_list", "class_detail")),
    ("lesson_list", _("Lessons"), ("lesson_", "day", "timetable", "disruption")),
    ("learner_list", _("Learners"), ("learner_",)),
    ("import_list", _("Imports"), ("import_",)),
    ("course_list", _("Courses"), ("course_", "ladder", "curriculum_")),
    ("venue_list", _("Venues"), ("venue_",)),
)

# The pages around messages, each with all of them above it (classes/_message_nav.html).
MESSAGE_LINKS: Final = (
    ("message_inbox", _("Inbox"), ("message_inbox",)),
    ("message_log", _("Sent and received"), ("message_log",)),
    ("coming_back", _("Coming back"), ("coming_back", "bulk_")),
    ("message_texts", _("Texts"), ("message_text",)),
    ("sending_hours", _("Sending hours"), ("sending_",)),
    ("simulator", _("Simulator"), ("simulator",)),
    ("status", _("Status"), ("status",)),
)


@dataclass(frozen=True)
class Link:
    """One entry of a menu."""

    url: str
    label: str
    is_current: bool


@register.inclusion_tag("_navigation.html", takes_context=True)
def navigation(context: RequestContext) -> dict[str, list[Link]]:
    """The main menu: only pages that exist and that this person may open."""
    return {"links": _open_to(context, LINKS)}


@register.simple_tag(takes_context=True)
def message_links(context: RequestContext) -> list[Link]:
    """The pages around messages that exist and that this person may open."""
    is_simulated = not settings.TWILIO_ACCOUNT_SID
    on_show = [
        (route, _counted(route, label), prefixes)
        for route, label, prefixes in MESSAGE_LINKS
        if route != "simulator" or is_simulated
    ]
    return _open_to(context, on_show)


def _counted(route: str, label: "StrOrPromise") -> "StrOrPromise":
    """The inbox says how many messages wait in it."""
    waiting = inbox.count_open() if route == "message_inbox" else 0
    return f"{label} {waiting}" if waiting else label


def _open_to(
    context: RequestContext, rows: "Sequence[tuple[str, StrOrPromise, tuple[str, ...]]]"
) -> list[Link]:
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return []
    match = request.resolver_match
    here = match.view_name if match else ""
    links = []
    for route, label, prefixes in rows:
        if not may_open(user, route):
            continue
        try:
            links.append(Link(reverse(route), str(label), here.startswith(prefixes)))
        except NoReverseMatch:
            continue
    return links


@register.simple_tag(takes_context=True, name="may_open")
def may_open_tag(context: RequestContext, route: str, method: str = "GET") -> bool:
    """`{% may_open "intake_edit" "POST" as may_edit %}`: whether to show a link or button."""
    request = context.get("request")
    return request is not None and may_open(request.user, route, method)


@register.simple_tag
def city_name() -> str:
    """The city in the language of the screen."""
    return str(settings.CITY_NAME_EN if get_language() == "en" else settings.CITY_NAME)


@register.simple_tag
def training_class() -> SafeString | str:
    """The frame around every page of a training copy."""
    return format_html(' class="{}"', "is-training") if settings.TRAINING_MODE else ""


@register.simple_tag
def training_banner() -> SafeString | str:
    """A banner that cannot be mistaken where the data is for training."""
    if not settings.TRAINING_MODE:
        return ""
    words: Any = gettext("For practice only: nothing here is real, and nobody is told anything.")
    return format_html('<p class="training">{}</p>', words)
