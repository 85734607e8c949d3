"""What the tests of the people's pages share: a person who is found, a page as one line of text."""

from django.urls import reverse

from learners import search
from learners.models import Learner
from staff.models import AccessEvent
from tests import factories

MOBILE = "+819031174912"
PHONE = {"number": "090-3117-4912", "line": "voice", "owner": "self"}


def person(**fields) -> Learner:
    made = factories.learner(**fields)
    search.refresh_keys(made)
    return made


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def shown(desk, route: str, *args: int) -> str:
    answer = desk.get(reverse(route, args=args))
    assert answer.status_code == 200
    return text_of(answer)


def event_of(purpose: str) -> AccessEvent:
    return AccessEvent.objects.get(purpose=purpose)
