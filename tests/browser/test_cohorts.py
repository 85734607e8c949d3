"""The cohort's page in a browser: charts with their tables, clean to axe, nothing cut off."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from classes.models import ClassSession
from skill_levels.models import Assessment, Competency
from tests import factories

DAY = datetime.timedelta(days=1)


@pytest.fixture
def taught(live_server: Any) -> ClassSession:
    now = timezone.now()
    intake = factories.intake(opens_at=now - 90 * DAY, closes_at=now - 60 * DAY)
    session = factories.class_session(intake=intake, code="N1", lessons=[now - 40 * DAY])
    for place in range(6):
        person = factories.learner()
        factories.registered(session, person, at=now - 80 * DAY)
        for competency in Competency.objects.current()[: 9 + place]:
            Assessment(
                learner=person,
                competency=competency,
                competency_version=competency.current,
                value=2 + place % 3,
                observed_at=now - 30 * DAY,
                recorded_at=now - 30 * DAY,
            ).save()
    return session


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)])
def test_the_page_of_a_cohort_is_clean(
    signed_in_page: Any,
    taught: ClassSession,
    assert_axe_clean: Any,
    language: str,
    size: tuple[int, int],
) -> None:
    page = signed_in_page(role="coordinator", language=language)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in (f"/classes/{taught.pk}/cohort/", f"/intakes/{taught.intake.code}/cohort/"):
        page.goto(path)
        assert page.locator("svg[role=img]").count() == 3
        assert_axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
