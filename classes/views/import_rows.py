"""Rows that wait: listed across workbooks, put right one by one, or set aside with a reason."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classes.import_forms import RowForm, SetAsideForm
from classes.imports import corrections, pages
from classes.imports.problems import OVERRIDABLE
from classes.models import ImportBatch, ImportRow
from staff.access_log import record_view
from staff.requests import StaffRequest

Status = ImportRow.Status
ROWS_PER_PAGE = 50


def import_waiting(request: StaffRequest) -> HttpResponse:
    """Every waiting row with what is wrong, oldest call first."""
    page = Paginator(pages.waiting_rows(), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    record_view(request, page, "import_waiting")
    context = {"page": page, "lines": pages.lines(page, expected=False)}
    return render(request, "classes/import_waiting.html", context)


def import_row(request: StaffRequest, pk: int) -> HttpResponse:
    """One waiting row: what was read, what is wrong, and the fields to put right."""
    row = get_object_or_404(
        ImportRow.objects.select_related("batch__intake", "partner_row__batch"), pk=pk
    )
    if row.status != Status.ATTENTION:
        messages.info(request, _("This row was put right or set aside already."))
        return redirect("import_waiting")
    record_view(request, [row], "import_row")
    form = _row_form(request, row)
    if request.method == "POST" and form.is_valid():
        try:
            answer = _settle(request, row, form)
        except corrections.NotWaiting:
            messages.info(request, _("This row was put right or set aside already."))
            return redirect("import_waiting")
        if answer.went_in:
            messages.success(request, _told(answer.row))
            return redirect("import_waiting")
        row = ImportRow.objects.select_related("batch__intake", "partner_row__batch").get(pk=pk)
        messages.warning(request, _("Something is still to be put right."))
        form = _row_form(request, row, unbound=True)
    return _row_page(request, row, form, SetAsideForm())


def import_row_set_aside(request: StaffRequest, pk: int) -> HttpResponse:
    """Close a row that will not go in; the reason stays with it."""
    row = get_object_or_404(ImportRow.objects.select_related("batch__intake"), pk=pk)
    form = SetAsideForm(request.POST)
    if not form.is_valid() and row.status == Status.ATTENTION:
        return _row_page(request, row, _row_form(request, row, unbound=True), form, status=422)
    record_view(request, [row], "import_row_set_aside")
    try:
        reason = form.cleaned_data.get("reason", "")
        corrections.set_aside(row.pk, reason=reason, by=request.user, now=timezone.now())
    except corrections.NotWaiting:
        messages.info(request, _("This row was put right or set aside already."))
    else:
        messages.success(request, _("The row was set aside. It stays in the list of its workbook."))
    return redirect("import_waiting")


def _row_form(request: StaffRequest, row: ImportRow, *, unbound: bool = False) -> RowForm:
    """The form of a row; people on record are named where staff must choose among them."""
    kinds = {problem["kind"] for problem in row.problems}
    callers = row.batch.kind == ImportBatch.Kind.CALLERS
    candidates = []
    if callers and kinds & {"several_people", "birth_differs"}:
        candidates = corrections.look_at(row, now=timezone.now()).candidates
    partner_kinds = {p["kind"] for p in row.partner_row.problems} if row.partner_row else set()
    return RowForm(
        pages.fixable(row),
        candidates,
        request.POST if request.method == "POST" and not unbound else None,
        may_override=bool((kinds | partner_kinds) & OVERRIDABLE),
        is_couple=callers and bool(kinds & {"couple_wishes_differ", "couple_incomplete"}),
        may_join=[
            (line.row.pk, f"{line.place} {line.name} {line.kana}")
            for line in pages.lines(corrections.tieable(row), expected=False)
        ]
        if callers and "couple_incomplete" in kinds
        else (),
    )


def _settle(request: StaffRequest, row: ImportRow, form: RowForm) -> corrections.Answer:
    said = form.cleaned_data
    return corrections.settle(
        row.pk,
        fixed=form.fixed(),
        by=request.user,
        now=timezone.now(),
        override_reason=said.get("override_reason", "").strip(),
        alone=said.get("alone", False),
        tie_to=said.get("tie_to"),
    )


def _row_page(
    request: StaffRequest, row: ImportRow, form: RowForm, aside: SetAsideForm, status: int = 200
) -> HttpResponse:
    partner = row.partner_row
    context = {
        "row": row,
        "line": pages.lines([row], expected=False)[0],
        "partner": pages.lines([partner], expected=False)[0] if partner is not None else None,
        "form": form,
        "aside_form": aside,
        "extras": pages.cells_of(row).extras(),
    }
    return render(request, "classes/import_row.html", context, status=status)


def _told(row: ImportRow) -> str:
    """What became of a row that was put right."""
    words = {
        Status.ENROLLED: _("Seated. The person is on the call list to be told."),
        Status.WAITLISTED: _("In line, by the written time. The person is on the call list."),
        Status.APPLIED: _("Applied for the lottery, by the written time."),
        Status.DUPLICATE: _("This person has an application; what was said went into its note."),
        Status.MADE: _("The lesson was made."),
    }
    return words.get(Status(row.status), "")
