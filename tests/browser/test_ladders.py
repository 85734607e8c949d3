"""One person's ladder in a browser: the stairs, the sheet and the certificate, clean to axe."""

import datetime
import re
from typing import Any

import pytest
from django.utils import timezone

from learners.models import Learner
from skill_levels.models import Assessment, Competency
from tests import factories

DAY = datetime.timedelta(days=1)


@pytest.fixture
def setsuko(live_server: Any) -> Learner:
    now = timezone.now()
    intake = factories.intake(opens_at=now - DAY, closes_at=now + 9 * DAY)
    factories.class_session(intake=intake, code="N1", lessons=[now + 20 * DAY])
    learner = factories.learner(name="山田 節子")
    for place, competency in enumerate(Competency.objects.current()[:14]):
        Assessment(
            learner=learner,
            competency=competency,
            competency_version=competency.current,
            value=3 if place < 11 else 1,
            observed_at=now - 50 * DAY,
            recorded_at=now - 50 * DAY,
        ).save()
    return learner


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_the_pages_of_a_ladder_are_clean(
    signed_in_page: Any,
    setsuko: Learner,
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in ("", "sheet/", "certificate/first-steps/"):
        page.goto(f"/learners/{setsuko.pk}/ladder/{path}")
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_sheets_and_certificates_are_one_page_for_each_person(
    signed_in_page: Any, setsuko: Learner
) -> None:
    now = timezone.now()
    intake = factories.intake(opens_at=now - 40 * DAY, closes_at=now + 9 * DAY)
    session = factories.class_session(intake=intake, lessons=[now + DAY])
    for learner in (setsuko, factories.learner(), factories.learner()):
        factories.registered(session, learner, at=now - 30 * DAY)
    lesson = session.lessons.get()
    page = signed_in_page(role="coordinator")
    page.goto(f"/lessons/{lesson.pk}/sheets/")
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 3
    page.goto(f"/learners/{setsuko.pk}/ladder/certificate/first-steps/")
    printed = page.pdf(prefer_css_page_size=True)
    assert pages_of(printed) == 1
    # A4 across: 842 points wide.
    boxes = re.findall(rb"/MediaBox\s*\[0 0 (\d+)", printed)
    assert boxes == [b"841"] or boxes == [b"842"], boxes


def pages_of(printed: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
