"""On the board, about one person: walk-ins, the emergency contact, the class that fits better."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from classes import lesson_board, lesson_moves, lesson_taps, teaching
from classes.desk_registration import NewPerson
from classes.lesson_forms import WalkInForm
from classes.loan_phones import NoLoanPhoneLeft
from classes.models import Lesson
from classes.steering import NoRoom, NotWaiting
from classes.views.learners import EMERGENCY_FIELDS
from learners import duplicates, people, search
from learners.duplicates import Duplicate
from learners.models import Learner
from staff.access_log import record_view
from staff.keys import posted_key
from staff.requests import StaffRequest


@require_POST
def lesson_walk_in_search(request: StaffRequest, pk: int) -> HttpResponse:
    """People by kana or the last four digits, without address and number (rule 65)."""
    lesson = _lesson(request, pk)
    text = request.POST.get("q", "")
    found = search.find(text) if text.strip() else []
    if found:
        record_view(request, found, "walk_in_search", ("name", "kana", "age"))
    today = timezone.localdate()
    here = set(_learners_of(lesson, request))
    context = {
        "lesson": lesson,
        "found": [(person, person.age_on(today), person.pk in here) for person in found],
        "asked": bool(text.strip()),
    }
    return render(request, "classes/_lesson_walk_in_results.html", context)


@require_POST
def lesson_walk_in_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody on record walked in; the board is loaded again with them."""
    lesson = _lesson(request, pk)
    learner = _learner(request.POST.get("learner", ""))
    return _walk_in(request, lesson, learner)


@require_POST
def lesson_walk_in_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody new walked in: name, kana and perhaps a number; the rest follows at the desk."""
    lesson = _lesson(request, pk)
    form = WalkInForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        context = {"lesson": lesson, "form": form}
        return render(request, "classes/_lesson_walk_in_new.html", context, status=422)
    now = timezone.now()
    person = form.person()
    # Perhaps on record already (rule 4): asked once, with a press for each answer.
    found = [] if "not_same" in request.POST else _likely(person)
    if found:
        record_view(request, [each.learner for each in found], "walk_in_search", ("name", "kana"))
        context = {"lesson": lesson, "form": form, "likely": [each.learner for each in found]}
        return render(request, "classes/_lesson_walk_in_new.html", context, status=422)
    learner = people.create(person.fields(), person.numbers(), by=request.user, now=now)
    return _walk_in(request, lesson, learner)


@require_POST
def lesson_walk_in_remove(request: StaffRequest, pk: int, learner_pk: int) -> HttpResponse:
    """Noted by mistake."""
    now = timezone.now()
    try:
        lesson_taps.withdraw_walk_in(pk, learner_pk, by=request.user, now=now)
    except lesson_taps.NoSuchLesson as gone:
        raise Http404 from gone
    return HttpResponse(headers={"HX-Refresh": "true"})


def lesson_person(request: StaffRequest, pk: int, learner_pk: int) -> HttpResponse:
    """What can be done about one person of the board."""
    lesson = _lesson(request, pk)
    learner = _person_here(lesson, learner_pk, request)
    record_view(request, [learner], "lesson_person", ("name", "kana"))
    return _person_panel(request, lesson, learner)


@require_POST
def lesson_emergency(request: StaffRequest, pk: int, learner_pk: int) -> HttpResponse:
    """The emergency contact, opened by one press that is logged (rule 65)."""
    learner = _person_here(_lesson(request, pk), learner_pk, request)
    record_view(request, [learner], "emergency_contact_opened", EMERGENCY_FIELDS)
    return render(request, "learners/_emergency.html", {"learner": learner})


@require_POST
def lesson_move(request: StaffRequest, pk: int, learner_pk: int) -> HttpResponse:
    """Into the class that fits, or a wish for it where no seat is free."""
    now = timezone.now()
    lesson = _lesson(request, pk)
    learner = _person_here(lesson, learner_pk, request)
    proposal = lesson_moves.propose(lesson, learner, now=now)
    target = posted_key(request.POST.get("to", ""))
    if proposal is None or proposal.fits_already:
        return _person_panel(request, lesson, learner)
    if target is None:
        lesson_moves.wish(lesson, learner, now=now)
        said = _("The coordinators will look for a seat. Until then the present seat stays.")
        return _person_panel(request, lesson, learner, said=said)
    reason = _("Another level fits better (from the class-day board).")
    try:
        said = lesson_moves.move(proposal, target, reason=reason, by=request.user, now=now)
    except (NoRoom, NotWaiting):
        problem = _("That seat has just gone. The present seat is kept.")
        return _person_panel(request, lesson, learner, problem=problem)
    except NoLoanPhoneLeft:
        problem = _("No loan phone is left there. The present seat is kept.")
        return _person_panel(request, lesson, learner, problem=problem)
    record_view(request, [learner], "seat_moved", ("class",))
    context = {"lesson": lesson, "learner": learner, "said": said}
    return render(request, "classes/_lesson_moved.html", context)


def _likely(person: NewPerson) -> list[Duplicate]:
    return duplicates.likely(
        kana=person.kana,
        latin_name=person.latin_name,
        phones=[number.number.e164 for number in person.numbers()],
        birth_date=person.birth_date,
        limit=3,
    )


def _walk_in(request: StaffRequest, lesson: Lesson, learner: Learner) -> HttpResponse:
    try:
        lesson_taps.walk_in(
            lesson.pk, learner.pk, client_uuid=uuid.uuid4(), by=request.user, now=timezone.now()
        )
    except lesson_taps.NotInThisLesson:
        problem = _("This person has a seat in the class: mark them as here.")
        context = {"lesson": lesson, "found": [], "asked": False, "problem": problem}
        return render(request, "classes/_lesson_walk_in_results.html", context)
    record_view(request, [learner], "walk_in_noted", ("walk_in",))
    return HttpResponse(headers={"HX-Refresh": "true"})


def _person_panel(
    request: StaffRequest, lesson: Lesson, learner: Learner, *, said: str = "", problem: str = ""
) -> HttpResponse:
    now = timezone.now()
    context = {
        "lesson": lesson,
        "learner": learner,
        "proposal": lesson_moves.propose(lesson, learner, now=now),
        "said": said,
        "problem": problem,
    }
    return render(request, "classes/_lesson_person.html", context)


def _lesson(request: StaffRequest, pk: int) -> Lesson:
    """The lesson if one may open it. Raises Http404 (rule 65)."""
    lesson = (
        teaching.lessons_of(request.user, now=timezone.now())
        .select_related("class_session__course__level__current", "class_session__intake", "venue")
        .filter(pk=pk)
        .first()
    )
    if lesson is None:
        raise Http404
    return lesson


def _learner(pk: str | int) -> Learner:
    learner = Learner.objects.current().filter(pk=posted_key(str(pk)) or 0).first()
    if learner is None:
        raise Http404
    return learner


def _learners_of(lesson: Lesson, request: StaffRequest) -> list[int]:
    board = lesson_board.of(lesson.pk, who=request.user, now=timezone.now())
    return [row.learner.pk for row in board.rows] if board else []


def _person_here(lesson: Lesson, learner_pk: int, request: StaffRequest) -> Learner:
    """Somebody of this board; of anybody else one may not know. Raises Http404."""
    if learner_pk not in _learners_of(lesson, request):
        raise Http404
    return _learner(learner_pk)
