"""The draw of an intake: look, freeze, fix the seed, draw, prove, explain."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import standing
from classes.lottery import draw as drawing
from classes.lottery import freezing, pages, wall, why
from classes.lottery.draw import BadSeed
from classes.lottery.forms import SeedForm
from classes.lottery.freezing import NotNow
from classes.models import Application, Intake, LotteryDraw
from staff.access_log import record_view
from staff.keys import posted_key
from staff.requests import StaffRequest


def intake_draw(request: StaffRequest, code: str) -> HttpResponse:
    """The draw at the stage it has reached."""
    return _page(request, get_object_or_404(Intake, code=code))


@require_POST
def draw_freeze(request: StaffRequest, code: str) -> HttpResponse:
    """Fix the list; after a draw, with a reason, for one that will replace it."""
    intake = get_object_or_404(Intake, code=code)
    reason = request.POST.get("reason", "").strip()[:200]
    try:
        freezing.freeze(intake.pk, by=request.user, now=timezone.now(), reason=reason)
    except NotNow as refused:
        messages.error(request, str(refused))
        return redirect("intake_draw", code=code)
    messages.success(
        request, _("The list is frozen. Print it with its hash before a seed is thrown.")
    )
    return redirect("intake_draw", code=code)


@require_POST
def draw_take_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Open the list again; only until a seed exists."""
    run = get_object_or_404(LotteryDraw.objects.select_related("intake"), pk=pk)
    try:
        freezing.take_back(pk, by=request.user, now=timezone.now())
    except NotNow as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The list is open again: applications may change."))
    return redirect("intake_draw", code=run.intake.code)


@require_POST
def draw_run(request: StaffRequest, pk: int) -> HttpResponse:
    """Fix the seed, then draw. Where nothing is short, without a seed (rule 32)."""
    run = get_object_or_404(LotteryDraw.objects.select_related("intake"), pk=pk)
    intake, now = run.intake, timezone.now()
    needs_seed = run.status == LotteryDraw.Status.FROZEN and pages.summary_of(run).is_needed
    form = SeedForm(request.POST)
    if needs_seed and not form.is_valid():
        return _page(request, intake, form=form, status=422)
    try:
        if needs_seed:
            source = LotteryDraw.SeedSource(form.cleaned_data["source"])
            generated = source == LotteryDraw.SeedSource.GENERATED
            drawing.fix_seed(
                pk,
                seed=drawing.generate_seed() if generated else form.cleaned_data["seed"],
                source=source,
                note=form.cleaned_data["note"],
                by=request.user,
                now=now,
            )
        drawing.run(pk, by=request.user, now=now)
    except BadSeed as refused:
        form.add_error("seed", str(refused))
        return _page(request, intake, form=form, status=422)
    except NotNow as refused:
        messages.error(request, str(refused))
        return redirect("intake_draw", code=intake.code)
    messages.success(request, _("Drawn. Everybody who applied is on the list of calls or letters."))
    return redirect("intake_draw", code=intake.code)


@require_POST
def draw_why(request: StaffRequest, code: str) -> HttpResponse:
    """One applicant by receipt number: the sentence to read out, kept as said (rule 19)."""
    intake = get_object_or_404(Intake, code=code)
    typed = request.POST.get("number", "")
    number = posted_key(typed.strip().rpartition("-")[2])
    run = intake.draws.standing().first()
    application = (
        Application.objects.filter(intake=intake, number=number).select_related("learner").first()
        if number is not None
        else None
    )
    if run is None or application is None:
        return _page(request, intake, status=422, asked=typed, not_found=True)
    application.intake = intake
    record_view(request, [application.learner], "draw_why", ("places",))
    sentence = why.sentence(run, application)
    standing.read_aloud(intake, application, sentence, by=request.user, now=timezone.now())
    return _page(request, intake, asked=typed, application=application, sentence=sentence)


def draw_list_file(request: StaffRequest, pk: int) -> HttpResponse:
    """The frozen list, exactly the bytes that were hashed."""
    run = get_object_or_404(LotteryDraw.objects.select_related("intake"), pk=pk)
    return _file(run.list_text, f"draw-list-{run.intake.code}-{run.number}.json")


def draw_proof_file(request: StaffRequest, pk: int) -> HttpResponse:
    """The proof for `manage.py verify_draw`, or for anybody with a hash tool."""
    run = get_object_or_404(LotteryDraw.objects.public().select_related("intake"), pk=pk)
    return _file(run.proof_text, f"draw-proof-{run.intake.code}-{run.number}.json")


def draw_list_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """One page for the wall before the draw: the hash, the figures, the rules."""
    run = get_object_or_404(LotteryDraw.objects.select_related("intake", "frozen_by"), pk=pk)
    if run.status == LotteryDraw.Status.TAKEN_BACK:
        raise Http404
    context = {"intake": run.intake, "run": run, "sheet": wall.list_sheet(run)}
    return render(request, "classes/draw_list_sheet.html", context)


def draw_result_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """One page for the wall after the draw: seed, hash, receipts class by class."""
    run = get_object_or_404(LotteryDraw.objects.public().select_related("intake"), pk=pk)
    context = {"intake": run.intake, "run": run, "sheet": wall.result_sheet(run)}
    return render(request, "classes/draw_result_sheet.html", context)


def _page(
    request: StaffRequest,
    intake: Intake,
    *,
    form: SeedForm | None = None,
    status: int = 200,
    **extra: object,
) -> HttpResponse:
    page = pages.page(intake, now=timezone.now())
    context = {
        "intake": intake,
        "page": page,
        "form": form or SeedForm(),
        "results": pages.results(page.current) if page.stage == "drawn" and page.current else (),
        **extra,
    }
    return render(request, "classes/intake_draw.html", context, status=status)


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text.encode(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
