"""経過 in words: what one event says besides its kind, for pages and paper (rules 24 and 27)."""

from django.utils.translation import gettext as _

from classes.models import Application, Offer, PlaceEvent

Kind = PlaceEvent.Kind


def describe(event: PlaceEvent) -> str:
    """What happened, from the event's details, in the language of the screen; "" if nothing."""
    details = event.details
    match event.kind:
        case Kind.PASSED_OVER if "together" in details:
            return _(
                "%(together)d together, %(free)d free; receipt number %(served)d was served."
            ) % {
                "together": details["together"],
                "free": details["free"],
                "served": details.get("served", 0),
            }
        case Kind.OVERTAKEN if "by_receipt" in details:
            return _("By receipt number %(number)d, received earlier (%(source)s).") % {
                "number": details["by_receipt"],
                "source": _label(Application.Source, details.get("source")),
            }
        case Kind.MOVED if "from" in details:
            return _("From %(old)s to %(new)s.") % {"old": details["from"], "new": details["to"]}
        case Kind.TOLD if "told_by" in details:
            return _label(Offer.ToldBy, details["told_by"])
        case Kind.SPLIT if "leaving" in details:
            numbers = ", ".join(str(number) for number in details["leaving"])
            return _("Apart from now on: receipt number %(numbers)s.") % {"numbers": numbers}
        case Kind.OFFERED | Kind.ANNOUNCED | Kind.ACCEPTED if details.get("seats", 1) > 1:
            return _("%(count)d seats together.") % {"count": details["seats"]}
        case Kind.CORRECTED if details.get("notice") == "put_back":
            return _("A letter was marked as sent by mistake.")
        case Kind.CORRECTED if details.get("notice") == "by_post":
            return _("A letter instead of a call.")
        case Kind.UNDONE if details.get("retracted"):
            return _("The entry was taken back.")
    return ""


def _label(choices: type[Application.Source] | type[Offer.ToldBy], value: object) -> str:
    return str(dict(choices.choices).get(value, value or ""))  # type: ignore[call-overload]
