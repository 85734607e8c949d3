"""Coming back: who is slipping, who came back, who was told; one press that tells many."""

import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from classes import charts, coming_back, coming_back_people, invitations, return_rate
from classes.coming_back import Filters, Reason
from classes.models import Notice
from learners.models import Learner
from skill_levels.models import SkillLevel
from staff.access_log import record_view
from staff.keys import posted_key, posted_keys
from staff.requests import StaffRequest

PER_PAGE = 50
# On paper everybody stands on one list.
ALL = 500
TABS = ("slipping", "returned", "told", "rate")
SEEN_FIELDS = ("name", "kana", "last_seen", "last_contact", "next_class")


def coming_back_page(request: StaffRequest) -> HttpResponse:
    """One of the four lists, with the sentence that says what counts."""
    now = timezone.now()
    show = request.GET.get("show", "")
    show = show if show in TABS else TABS[0]
    context = {
        "show": show,
        "now": now,
        "return_days": return_rate.RETURN_DAYS,
        "horizon_days": coming_back.HORIZON_DAYS,
        "told_days": coming_back.TOLD_DAYS,
        "is_all": request.GET.get("all") == "1",
    }
    context |= {
        "slipping": _slipping,
        "returned": _returned,
        "told": _told,
        "rate": _rate,
    }[show](request, now)
    return render(request, "classes/coming_back.html", context)


@require_POST
def coming_back_invite(request: StaffRequest) -> HttpResponse:
    """Say what a press would do for those who were chosen; with `confirmed`, do it."""
    now = timezone.now()
    chosen = chosen_people(request, now=now)
    if not chosen:
        messages.warning(request, _("Nobody is ticked."))
        return redirect("coming_back")
    if request.POST.get("confirmed"):
        plan = invitations.send(chosen, now=now)
        record_view(request, told_of(plan), "coming_back_told", ("notices",))
        messages.success(request, _said(plan))
        return redirect("coming_back")
    plan = invitations.prepare(chosen, now=now)
    record_view(request, told_of(plan), "coming_back_preview", ("name", "phone_numbers"))
    context = {"plan": plan, "chosen": chosen, "posted": request.POST}
    return render(request, "classes/coming_back_invite.html", context)


def told_of(plan: invitations.Plan) -> list[Learner]:
    """Everybody whom a plan names or tells something."""
    pks = [due.learner_pk for due in plan.proposals]
    proposed = Learner.objects.in_bulk(pks).values()
    return [*proposed, *plan.asked, *(each.learner for each in plan.skipped)]


def _said(plan: invitations.Plan) -> str:
    done = ngettext(
        "%(count)d person is being told: %(text)d by SMS, %(call)d by phone, %(letter)d by letter.",
        "%(count)d people are being told: %(text)d by SMS, %(call)d by phone, "
        "%(letter)d by letter.",
        plan.people,
    ) % {
        "count": plan.people,
        "text": plan.by_text,
        "call": plan.by_call,
        "letter": plan.by_letter,
    }
    left = ngettext("%(count)d was left out.", "%(count)d were left out.", len(plan.skipped))
    return f"{done} {left % {'count': len(plan.skipped)}}" if plan.skipped else done


def chosen_people(request: HttpRequest, *, now: datetime.datetime) -> list[int]:
    """Whom a posted list names: those ticked, or everybody whom its filters show."""
    if request.POST.get("everybody"):
        wanted = filters_of(request.POST)
        return [x.learner_pk for x in coming_back.slipping(now=now) if wanted.wants(x)]
    return list(dict.fromkeys(posted_keys(request.POST.getlist("learner"))))


def filters_of(data: Any) -> Filters:
    """Level and reason as an address or a form names them; what cannot be read counts for all."""
    reason = data.get("reason", "")
    return Filters(
        posted_key(data.get("level", "")), Reason(reason) if reason in Reason.values else None
    )


def _slipping(request: StaffRequest, now: datetime.datetime) -> dict[str, Any]:
    everybody = coming_back.slipping(now=now)
    wanted = filters_of(request.GET)
    found = [each for each in everybody if wanted.wants(each)]
    page = _page(request, found)
    people = coming_back_people.people(list(page.object_list), now=now)
    record_view(request, [each.learner for each in people], "coming_back", SEEN_FIELDS)
    return {
        "page": page,
        "people": people,
        "total": len(found),
        "counts": [
            (reason, count) for reason, count in coming_back.count_by_reason(everybody).items()
        ],
        "everybody": len(everybody),
        "levels": SkillLevel.objects.taught(),
        "filters": wanted,
        "today": timezone.localtime(now).date(),
        "query": _query(wanted),
    }


def _returned(request: StaffRequest, now: datetime.datetime) -> dict[str, Any]:
    page = _page(request, return_rate.returned(now=now))
    lines = coming_back_people.back(list(page.object_list))
    record_view(request, [each.learner for each in lines], "coming_back", ("name", "applications"))
    return {"page": page, "lines": lines, "query": "show=returned"}


def _told(request: StaffRequest, now: datetime.datetime) -> dict[str, Any]:
    keys = coming_back_people.recent_notices(now=now, days=coming_back.TOLD_DAYS)
    page = _page(request, keys)
    notices = (
        Notice.objects.filter(pk__in=list(page.object_list))
        .select_related("learner", "class_session__course", "lesson__class_session__course")
        .order_by("-due_at", "-pk")
    )
    lines = coming_back_people.told_lines(list(notices))
    record_view(request, [x.notice.learner for x in lines], "coming_back", ("name", "notices"))
    return {
        "page": page,
        "lines": lines,
        "counts": coming_back_people.told_table(coming_back.told(now=now)),
        "query": "show=told",
    }


def _rate(request: StaffRequest, now: datetime.datetime) -> dict[str, Any]:
    """Figures only: it names nobody."""
    kinds = (
        ("alone", _("came back")),
        ("not-seen", _("still have time")),
        ("not-yet", _("did not come back")),
    )
    return {
        "rates": [
            (each, charts.stacked([(q.label, q.parts) for q in each.quarters], kinds))
            for each in return_rate.by_level(now=now)
        ],
    }


def _page(request: StaffRequest, found: list[Any]) -> Any:
    size = ALL if request.GET.get("all") == "1" else PER_PAGE
    return Paginator(found, size).get_page(request.GET.get("page"))


def _query(wanted: Filters) -> str:
    level = f"&level={wanted.level_pk}" if wanted.level_pk else ""
    reason = f"&reason={wanted.reason}" if wanted.reason else ""
    return f"show=slipping{level}{reason}"
