"""The ladder's pages: levels and competencies, their versions, and the curriculum workbook."""

import datetime

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes import curriculum_files, workbooks
from classes.ladder_forms import CompetencyForm, CurriculumForm, LevelForm
from classes.workbooks import WorkbookRefused
from skill_levels import curriculum
from skill_levels.curriculum import Curriculum
from skill_levels.models import Competency, CompetencyVersion, SkillLevel, SkillLevelVersion
from staff.requests import StaffRequest

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SALT = "curriculum"


def ladder(request: StaffRequest) -> HttpResponse:
    """Every level with what belongs to it; what is retired stands below."""
    by_level: dict[int, list[Competency]] = {}
    for competency in Competency.objects.current():
        by_level.setdefault(competency.level_id, []).append(competency)
    levels = SkillLevel.objects.exclude(current=None).select_related("current")
    context = {
        "levels": [(level, by_level.get(level.pk, [])) for level in levels.order_by("number")],
        "retired": Competency.objects.exclude(retired_at=None).select_related("current", "level"),
        "upload": CurriculumForm(),
    }
    return render(request, "classes/ladder.html", context)


def ladder_level(request: StaffRequest, code: str) -> HttpResponse:
    """Change a level: a new wording is a new version (rule 47)."""
    now_stands = curriculum.current()
    if code not in now_stands.levels:
        raise Http404
    form = (
        LevelForm(request.POST, ladder=now_stands, code=code)
        if request.method == "POST"
        else LevelForm.begin(now_stands, code)
    )
    versions = SkillLevelVersion.objects.filter(level__code=code).select_related("made_by")
    return _edited(request, form, now_stands, "level", list(versions.order_by("-version")))


def ladder_level_new(request: StaffRequest) -> HttpResponse:
    """One more level."""
    return _added(request, LevelForm)


def ladder_competency(request: StaffRequest, code: str) -> HttpResponse:
    """Change a competency: records made under the old wording keep it."""
    now_stands = curriculum.current()
    if code not in now_stands.competencies:
        raise Http404
    form = (
        CompetencyForm(request.POST, ladder=now_stands, code=code)
        if request.method == "POST"
        else CompetencyForm.begin(now_stands, code)
    )
    versions = CompetencyVersion.objects.filter(competency__code=code).select_related("made_by")
    return _edited(request, form, now_stands, "competency", list(versions.order_by("-version")))


def ladder_competency_new(request: StaffRequest) -> HttpResponse:
    """One more competency."""
    return _added(request, CompetencyForm)


def ladder_competency_retire(request: StaffRequest, code: str) -> HttpResponse:
    """No longer taught; what was recorded of it stays."""
    now_stands = curriculum.current()
    if code not in now_stands.competencies:
        raise Http404
    curriculum.save(now_stands.without_competency(code), by=request.user, now=timezone.now())
    messages.success(request, _("Retired. Its records stay."))
    return redirect("ladder")


def ladder_competency_restore(request: StaffRequest, code: str) -> HttpResponse:
    """Taught again, with the wording it had."""
    restored = Competency.objects.filter(code=code).exclude(retired_at=None).update(retired_at=None)
    if not restored:
        raise Http404
    messages.success(request, _("It is taught again."))
    return redirect("ladder")


def curriculum_download(request: StaffRequest) -> HttpResponse:
    """The whole ladder as a workbook."""
    today = timezone.localdate()
    return HttpResponse(
        curriculum_files.write(curriculum.current()),
        content_type=_XLSX,
        headers={"Content-Disposition": f'attachment; filename="curriculum-{today:%Y-%m-%d}.xlsx"'},
    )


def curriculum_upload(request: StaffRequest) -> HttpResponse:
    """What a workbook would change, before anything is changed."""
    form = CurriculumForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, form, ())
    try:
        new = curriculum_files.read(workbooks.read_upload(form.cleaned_data["file"].file))
    except WorkbookRefused as refused:
        return _refused(request, form, str(refused).splitlines())
    return _difference(request, new)


def curriculum_confirm(request: StaffRequest) -> HttpResponse:
    """Save what was shown; if the ladder changed meanwhile, show the difference anew."""
    try:
        kept = signing.loads(
            request.POST.get("ladder", ""), salt=_SALT, max_age=datetime.timedelta(days=1)
        )
        new = curriculum.from_json(kept)
    except (signing.BadSignature, KeyError, TypeError):
        messages.error(request, _("This page is too old. Choose the workbook once more."))
        return redirect("ladder")
    if request.POST.get("seen") != curriculum.current().fingerprint:
        messages.warning(request, _("The ladder was changed meanwhile: look once more."))
        return _difference(request, new)
    changes = curriculum.save(new, by=request.user, now=timezone.now())
    messages.success(request, _("Saved: %(count)d changes.") % {"count": len(changes)})
    return redirect("ladder")


def _edited(
    request: StaffRequest,
    form: LevelForm | CompetencyForm,
    now_stands: Curriculum,
    kind: str,
    versions: list[SkillLevelVersion] | list[CompetencyVersion],
) -> HttpResponse:
    context: dict[str, object] = {
        "form": form,
        "kind": kind,
        "code": form.known_code,
        "versions": versions,
    }
    if request.method != "POST":
        return render(request, "classes/ladder_form.html", context)
    if form.is_valid():
        if form.cleaned_data["seen"] == now_stands.fingerprint:
            curriculum.save(form.changed_ladder(), by=request.user, now=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("ladder")
        # Their words stand beside the form of what was typed here; saving again overrules them.
        form.data = request.POST.copy()
        form.data["seen"] = now_stands.fingerprint
        mine = form.changed_ladder()
        context["newer"] = [
            change
            for change in curriculum.differences(now_stands, mine)
            if change.code == form.known_code
        ]
    return render(request, "classes/ladder_form.html", context, status=422)


def _added(request: StaffRequest, make: type[LevelForm] | type[CompetencyForm]) -> HttpResponse:
    now_stands = curriculum.current()
    kind = "level" if make.is_level else "competency"
    begun = {
        "level": request.GET.get("level", ""),
        "is_taught": True,
        "is_required": True,
        "recheck_days": 30,
        "number": max((each.number for each in now_stands.levels.values()), default=0) + 1
        if make.is_level
        else 1,
    }
    form = make(
        request.POST if request.method == "POST" else None, ladder=now_stands, initial=begun
    )
    if request.method == "POST" and form.is_valid():
        curriculum.save(form.changed_ladder(), by=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("ladder")
    context = {"form": form, "kind": kind, "code": ""}
    status = 422 if form.is_bound else 200
    return render(request, "classes/ladder_form.html", context, status=status)


def _difference(request: StaffRequest, new: Curriculum) -> HttpResponse:
    stands = curriculum.current()
    context = {
        "changes": curriculum.differences(stands, new),
        "kept": signing.dumps(curriculum.as_json(new), salt=_SALT, compress=True),
        "seen": stands.fingerprint,
    }
    return render(request, "classes/curriculum_difference.html", context)


def _refused(request: StaffRequest, form: CurriculumForm, faults: object) -> HttpResponse:
    context = {"form": form, "faults": faults}
    return render(request, "classes/curriculum_refused.html", context, status=422)
