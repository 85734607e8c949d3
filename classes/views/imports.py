"""Bringing workbooks in: upload, name columns, look, confirm, see what became of it."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from classes.import_forms import CallersUploadForm, ClassesUploadForm, ColumnsForm
from classes.imports import batches, class_commit, commit, pages
from classes.imports.new_intake import OptionsRefused
from classes.models import ImportBatch, ImportRow, Intake
from classes.workbooks import WorkbookRefused, read_upload
from staff.access_log import record_view
from staff.requests import StaffRequest

Kind = ImportBatch.Kind
BatchStatus = ImportBatch.Status
BATCHES_PER_PAGE = 30
ROWS_PER_PAGE = 100
# Rows that one answer of the confirming page brings in; the page goes on by itself.
ROWS_PER_ANSWER = 100


def import_list(request: StaffRequest) -> HttpResponse:
    """Both upload forms, and every workbook that was brought in."""
    return _list_page(request, CallersUploadForm(), ClassesUploadForm(initial=_city()))


def import_callers_upload(request: StaffRequest) -> HttpResponse:
    """Read a workbook of callers and go to its preview; a refusal says what to do."""
    form = CallersUploadForm(request.POST, request.FILES)
    if form.is_valid():
        batch = _upload(request, form, Kind.CALLERS, form.cleaned_data["intake"], {})
        if batch is not None:
            return redirect(_next_page(batch), batch.pk)
    return _list_page(request, form, ClassesUploadForm(initial=_city()), status=422)


def import_classes_upload(request: StaffRequest) -> HttpResponse:
    """Read a workbook of classes and go to its preview; a refusal says what to do."""
    form = ClassesUploadForm(request.POST, request.FILES)
    if form.is_valid():
        options = form.options()
        intake = Intake.objects.filter(code=options.code).first()
        batch = _upload(request, form, Kind.CLASSES, intake, options.as_json())
        if batch is not None:
            return redirect(_next_page(batch), batch.pk)
    return _list_page(request, CallersUploadForm(), form, status=422)


def import_mapping(request: StaffRequest, pk: int) -> HttpResponse:
    """Name the columns whose headers nobody knows."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    if not batches.may_name_columns(batch):
        return redirect(_next_page(batch), batch.pk)
    form = ColumnsForm(batch, request.POST or None)
    if request.method == "POST" and form.is_valid():
        batches.name_columns(batch, form.chosen())
        batches.look_ahead(batch, now=timezone.now())
        return redirect("import_preview", batch.pk)
    context = {"batch": batch, "form": form, "missing": pages.missing(batch)}
    return render(request, "classes/import_mapping.html", context)


def import_preview(request: StaffRequest, pk: int) -> HttpResponse:
    """For every row what will happen and what is wrong, before anything is written."""
    batch = get_object_or_404(ImportBatch.objects.select_related("intake"), pk=pk)
    if batch.status != BatchStatus.PREVIEW:
        return redirect(_next_page(batch), batch.pk)
    show = "attention" if request.GET.get("show") == "attention" else ""
    page = _row_page(request, batch, show, expected=True)
    outcomes, kinds = pages.counts(batch, expected=True)
    context = {
        "batch": batch,
        "page": page,
        "lines": pages.lines(page, expected=True),
        "outcomes": outcomes,
        "kinds": kinds,
        "show": show,
        "filters": pages.FILTERS.items(),
        "left_aside": batch.mapping.get("left_aside", []),
        "kept_as_remarks": [
            f"{title}: {'、'.join(sheet['unknown'].values())}"
            for title, sheet in batch.mapping.get("sheets", {}).items()
            if sheet["unknown"] and batch.kind == Kind.CALLERS
        ],
        "may_name": batches.may_name_columns(batch),
    }
    return render(request, "classes/import_preview.html", context)


def import_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Bring in the next rows of a previewed workbook; the page asks on until all are through."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    now = timezone.now()
    try:
        if batch.kind == Kind.CLASSES:
            class_commit.commit_classes(batch.pk, by=request.user, now=now)
            return redirect("import_detail", batch.pk)
        result = commit.commit(batch.pk, by=request.user, now=now, most=ROWS_PER_ANSWER)
    except OptionsRefused as error:
        messages.error(request, str(error))
        return redirect("import_preview", batch.pk)
    except commit.NothingToConfirm:
        return _go(request, batch)
    if not result.left:
        record_view(request, [batch], "import")
        return _go(request, batch)
    context = {"batch": batch, "done": result.rows - result.left, "rows": result.rows}
    template = "_import_progress" if request.htmx else "import_progress"
    return render(request, f"classes/{template}.html", context)


def import_discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Throw a preview away with everything that was read."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    if batches.discard(batch):
        messages.success(request, _("The workbook was not brought in. What was read is deleted."))
    else:
        messages.warning(request, _("Rows of this workbook were brought in already."))
    return redirect("import_list")


def import_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """What became of every row."""
    batch = get_object_or_404(ImportBatch.objects.select_related("intake", "uploaded_by"), pk=pk)
    if batch.status in (BatchStatus.MAPPING, BatchStatus.PREVIEW):
        return redirect(_next_page(batch), batch.pk)
    show = "attention" if request.GET.get("show") == "attention" else ""
    page = _row_page(request, batch, show, expected=False)
    outcomes, kinds = pages.counts(batch, expected=False)
    context = {
        "batch": batch,
        "page": page,
        "lines": pages.lines(page, expected=False),
        "outcomes": outcomes,
        "kinds": kinds,
        "show": show,
        "filters": pages.FILTERS.items(),
        "left_aside": batch.mapping.get("left_aside", []),
    }
    return render(request, "classes/import_detail.html", context)


def _upload(
    request: StaffRequest,
    form: CallersUploadForm | ClassesUploadForm,
    kind: Kind,
    intake: Intake | None,
    options: dict[str, str],
) -> ImportBatch | None:
    """The batch, or None with the refusal put at the form's file."""
    file = form.cleaned_data["file"]
    now = timezone.now()
    try:
        batch = batches.upload(
            read_upload(file),
            kind=kind,
            file_name=file.name,
            intake=intake,
            by=request.user,
            now=now,
            options=options,
        )
    except WorkbookRefused as error:
        form.add_error("file", str(error))
        return None
    if batch.status == BatchStatus.PREVIEW:
        batches.look_ahead(batch, now=now)
    record_view(request, [batch], "import_upload")
    return batch


def _list_page(
    request: StaffRequest, callers: CallersUploadForm, classes: ClassesUploadForm, status: int = 200
) -> HttpResponse:
    attention = Count("rows", filter=Q(rows__status=ImportRow.Status.ATTENTION))
    listed = (
        ImportBatch.objects.select_related("intake", "uploaded_by")
        .exclude(status=BatchStatus.DISCARDED)
        .annotate(row_count=Count("rows"), waiting_count=attention)
        .order_by("-uploaded_at", "-pk")
    )
    page = Paginator(listed, BATCHES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "callers_form": callers,
        "classes_form": classes,
        "page": page,
        "waiting": pages.waiting_rows().count(),
    }
    return render(request, "classes/import_list.html", context, status=status)


def _row_page(
    request: StaffRequest, batch: ImportBatch, show: str, *, expected: bool
) -> Page[ImportRow]:
    """One page of a batch's rows; whoever is shown is logged as one event (rule 64)."""
    rows = batch.rows.select_related("batch", "application__intake").order_by(
        "sheet_order", "row_number"
    )
    if show:
        rows = rows.filter(expected__status=show) if expected else rows.filter(status=show)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    if batch.kind == Kind.CALLERS:
        record_view(request, page, "import_rows")
    return page


def _next_page(batch: ImportBatch) -> str:
    """Where a batch stands."""
    return {
        BatchStatus.MAPPING: "import_mapping",
        BatchStatus.PREVIEW: "import_preview",
    }.get(BatchStatus(batch.status), "import_detail")


def _go(request: StaffRequest, batch: ImportBatch) -> HttpResponse:
    answer = redirect("import_detail", batch.pk)
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer


def _city() -> dict[str, str]:
    return {"residence": settings.CITY_NAME}
