"""The pages of a draw over HTTP: stages, refusals that keep what was typed, files, why."""

import datetime
import json
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from classes import cancelling, offers, places
from classes.lottery import proof
from classes.models import Enrollment, Intake, LotteryDraw, Offer, PlaceEvent
from staff.models import StaffMember
from tests import factories
from tests.classes.conftest import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator(client) -> StaffMember:
    who = factories.staff_member(role="coordinator", language="en")
    client.force_login(who)
    return who


@pytest.fixture
def lottery() -> Intake:
    now = timezone.now()
    intake = factories.intake(
        code="2026-10",
        method=Intake.Method.LOTTERY,
        opens_at=now - 10 * DAY,
        closes_at=now - DAY,
        priority_tiers=[{"kind": "never_attended"}],
    )
    session = factories.class_session(
        intake=intake, code="N1", capacity=1, lessons=[now + 20 * DAY]
    )
    for _ in range(3):
        places.register(
            intake.pk,
            applicants=[places.Applicant(factories.learner(), uuid.uuid4())],
            wishes=[session.pk],
            by=None,
            now=now - 5 * DAY,
        )
    return intake


def frozen_by_press(client, intake):
    client.post(reverse("draw_freeze", args=[intake.code]))
    return LotteryDraw.objects.in_progress().get()


def drawn_by_press(client, intake):
    run = frozen_by_press(client, intake)
    typed = {"source": "dice", "seed": "4 2", "note": "", "is_sure": "on"}
    client.post(reverse("draw_run", args=[run.pk]), typed)
    run.refresh_from_db()
    return run


def test_from_the_list_to_the_proof_by_pressing(client, coordinator, lottery):
    page = reverse("intake_draw", args=[lottery.code])
    assert client.get(page).status_code == 200
    run = frozen_by_press(client, lottery)
    assert run.list_sha256 in client.get(page).content.decode()
    listed = client.get(reverse("draw_list_file", args=[run.pk]))
    assert proof.sha256(listed.content.decode()) == run.list_sha256
    assert client.get(reverse("draw_proof_file", args=[run.pk])).status_code == 404
    run = drawn_by_press(client, lottery)
    assert run.status == LotteryDraw.Status.DRAWN
    document = proof.read(client.get(reverse("draw_proof_file", args=[run.pk])).content)
    assert proof.differences(document) == []
    for route in ("draw_list_sheet", "draw_result_sheet"):
        assert run.list_sha256 in client.get(reverse(route, args=[run.pk])).content.decode()


def test_no_file_and_no_wall_sheet_names_anybody(client, coordinator, lottery):
    run = drawn_by_press(client, lottery)
    names = [each.learner.name for each in lottery.applications.select_related("learner")]
    for route in ("draw_list_file", "draw_proof_file", "draw_list_sheet", "draw_result_sheet"):
        text = client.get(reverse(route, args=[run.pk])).content.decode()
        assert not [name for name in names if name in text]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"source": "dice", "seed": " ", "is_sure": "on"}, "Enter the seed"),
        ({"source": "published", "seed": "7", "is_sure": "on"}, "anybody can read it"),
        ({"source": "generated", "seed": "7", "is_sure": "on"}, "Leave the seed empty"),
        ({"source": "dice", "seed": "7"}, "Confirm that the list"),
        ({"source": "dice", "seed": "7\x007", "is_sure": "on"}, "Seed"),
        ({}, "Where the seed is from"),
    ],
)
def test_a_seed_that_cannot_be_is_refused_and_stays_typed(
    client, coordinator, lottery, typed, said
):
    run = frozen_by_press(client, lottery)
    answer = client.post(reverse("draw_run", args=[run.pk]), typed)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    if typed.get("seed", "").strip() == "7":
        assert 'value="7"' in text
    run.refresh_from_db()
    assert run.status == LotteryDraw.Status.FROZEN


def test_a_generated_seed_is_recorded_as_such(client, coordinator, lottery):
    run = frozen_by_press(client, lottery)
    client.post(reverse("draw_run", args=[run.pk]), {"source": "generated", "is_sure": "on"})
    run.refresh_from_db()
    assert (run.seed_source, len(run.seed)) == ("generated", 64)


def test_why_is_read_out_and_kept(client, coordinator, lottery):  # rule 19
    run = drawn_by_press(client, lottery)
    ranked = json.loads(run.proof_text)["result"]["ranking"]
    last = ranked[-1]["receipt"]
    why = reverse("draw_why", args=[lottery.code])
    text = client.post(why, {"number": str(int(last[-4:]))}).content.decode()
    assert "3組のうち3番目(優先の第1順位では3番目)" in text
    assert "N1は、1番目の方までで満席になりました" in text
    assert "N1の補欠の2番目です" in text
    kept = PlaceEvent.objects.filter(kind=PlaceEvent.Kind.READ_ALOUD)
    assert kept.get().application.receipt == last
    assert client.post(why, {"number": last}).status_code == 200


def test_why_says_what_came_after_the_draw(client, coordinator, lottery):
    run = drawn_by_press(client, lottery)
    ranked = json.loads(run.proof_text)["result"]["ranking"]
    next_up = int(ranked[1]["receipt"][-4:])
    seated = Enrollment.objects.held().order_by("application__number").first()
    now = timezone.now()
    cancelling.cancel(lottery.pk, seated.application_id, reason="", by=coordinator, now=now)
    later = now + datetime.timedelta(minutes=lottery.undo_minutes)
    offers.announce_due(now=later)
    why = reverse("draw_why", args=[lottery.code])
    said = client.post(why, {"number": next_up}).content.decode()
    assert "お席が空きましたので、お返事をお待ちしております" in said
    assert "補欠の1番目" not in said
    offer = Offer.objects.open().get()
    offers.accept(offer.pk, by=coordinator, now=later)
    said = client.post(why, {"number": next_up}).content.decode()
    assert "その後、N1のお席が決まりました" in said


def test_why_is_answered_while_a_new_list_is_frozen(client, coordinator, lottery):  # rule 33
    drawn_by_press(client, lottery)
    freeze = reverse("draw_freeze", args=[lottery.code])
    client.post(freeze, {"reason": "一名もれていました"})
    page = client.get(reverse("intake_draw", args=[lottery.code]))
    assert page.context["page"].stage == "frozen"
    assert 'id="draw-number"' in page.content.decode()


@pytest.mark.parametrize("number", ["", "99", "x", "9" * 40, "2026-10-"])
def test_a_number_that_nobody_has_gets_a_sentence(client, coordinator, lottery, number):
    drawn_by_press(client, lottery)
    answer = client.post(reverse("draw_why", args=[lottery.code]), {"number": number})
    assert answer.status_code == 422
    assert "No application has this number" in answer.content.decode()


def test_a_new_draw_without_a_reason_changes_nothing(client, coordinator, lottery):  # rule 33
    run = drawn_by_press(client, lottery)
    again = reverse("draw_freeze", args=[lottery.code])
    client.post(again, {"reason": " "})
    assert not LotteryDraw.objects.in_progress().exists()
    client.post(again, {"reason": "用紙が残っていた"})
    assert LotteryDraw.objects.in_progress().get().supersedes == run


def test_reception_looks_and_explains_but_does_not_draw(client, coordinator, lottery):
    run = drawn_by_press(client, lottery)
    client.force_login(factories.staff_member())
    assert client.get(reverse("intake_draw", args=[lottery.code])).status_code == 200
    assert client.post(reverse("draw_freeze", args=[lottery.code])).status_code == 403
    assert client.post(reverse("draw_take_back", args=[run.pk])).status_code == 403


def test_the_rules_are_printed_with_the_call(client, coordinator, lottery):
    page = reverse("intake_rules_sheet", args=[lottery.code])
    text = client.get(page).content.decode()
    assert "People who have never attended one of these classes" in text
    assert "Everybody else" in text


def test_while_the_list_is_frozen_a_class_cannot_grow(client, coordinator, lottery):  # rule 25
    frozen_by_press(client, lottery)
    session = lottery.class_sessions.get()
    page = reverse("class_edit", args=[session.pk])
    lesson = session.lessons.get()
    start = timezone.localtime(lesson.starts_at)
    typed = {
        "code": "N1",
        "course": session.course_id,
        "venue": session.venue_id,
        "capacity": 5,
        "notes": "",
        "lessons-TOTAL_FORMS": 1,
        "lessons-INITIAL_FORMS": 0,
        "lessons-0-day": f"{start:%Y-%m-%d}",
        "lessons-0-begins": f"{start:%H:%M}",
        "lessons-0-ends": f"{timezone.localtime(lesson.ends_at):%H:%M}",
        "lessons-0-venue": "",
    }
    answer = client.post(page, typed)
    assert answer.status_code == 422
    assert "frozen for the draw" in answer.content.decode()
    session.refresh_from_db()
    assert session.capacity == 1


def test_the_person_s_page_says_why(client, coordinator, lottery) -> None:
    from classes.lottery import draw, freezing

    now = timezone.now()
    frozen = freezing.freeze(lottery.pk, by=coordinator, now=now)
    draw.fix_seed(
        frozen.pk,
        seed="1",
        source=LotteryDraw.SeedSource.DICE,
        note="",
        by=coordinator,
        now=now,
    )
    draw.run(frozen.pk, by=coordinator, now=now)
    told = [
        client.get(reverse("learner_detail", args=[application.learner_id])).context["page"]
        for application in lottery.applications.all()
    ]
    said = [page.applications[0].why for page in told]
    assert all("番" in sentence or "th" in sentence for sentence in said)
    assert len(set(said)) == 3


@pytest.mark.parametrize("route", ["draw_list_sheet", "draw_result_sheet"])
def test_the_wall_reads_japanese_whoever_prints_it(client, coordinator, lottery, route):
    run = drawn_by_press(client, lottery)
    page = client.get(reverse(route, args=[run.pk])).content.decode()
    assert "お席" in page
    assert "SHA-256" in page
    assert "Seats" not in page
    assert "Print" in page  # what is pressed stays in the language of the screen


def test_the_wall_tells_what_a_code_stands_for(client, coordinator, lottery):
    run = drawn_by_press(client, lottery)
    page = client.get(reverse("draw_result_sheet", args=[run.pk])).content.decode()
    session = lottery.class_sessions.get()
    assert f"{session.code} {session.course.name}" in page
    assert session.venue.name in page


@pytest.mark.parametrize(
    ("rules", "step"),
    [
        ({"repeat_seats": 1}, "まず各クラスの復習席1席が"),
        ({"seat_rule": Intake.SeatRule.PER_CHOICE}, "全員が入れるところすべてに決まります"),
        ({}, "希望順位の高いクラスから"),
    ],
)
def test_the_steps_on_the_wall_are_those_of_the_rules(client, coordinator, lottery, rules, step):
    Intake.objects.filter(pk=lottery.pk).update(**rules)
    run = drawn_by_press(client, lottery)
    page = client.get(reverse("draw_result_sheet", args=[run.pk])).content.decode()
    assert step in page
