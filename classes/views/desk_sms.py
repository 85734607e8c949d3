"""S at the desk: may the city text this number? Asked and noted while the caller is on the line."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from classes import desk, number_changes, sentences
from classes.models import Intake
from classes.views.desk_answers import levels_of, say
from learners.models import Learner, PhoneNumber
from learners.numbers import InvalidEntry
from staff.access_log import record_view
from staff.requests import StaffRequest


def desk_sms(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """The question to read aloud; then yes or no, kept with who said it and when (rule 11)."""
    intake = get_object_or_404(Intake, code=code)
    current = PhoneNumber.objects.filter(learner__in=Learner.objects.current())
    number = get_object_or_404(current.select_related("learner"), pk=pk)
    learner, said = number.learner, request.POST.get("said", "")
    record_view(request, [learner], "desk_sms", ("sms_consent",))
    context = {"intake": intake, "number": number, "said": said}
    if said not in ("y", "n"):
        question = sentences.render("may_send_sms", learner, number=str(number))
        return render(request, "classes/_desk_sms.html", {**context, "question": question})
    now = timezone.now()
    given_by = number.owner_name or learner.display_name
    try:
        number_changes.set_consent(
            pk, given=said == "y", given_by=given_by, by=request.user, now=now
        )
    except InvalidEntry as error:
        return say(request, str(error))
    context |= {"card": desk.card(intake, learner, now=now), "levels": levels_of(intake, learner)}
    return render(request, "classes/_desk_sms.html", context)
