"""The 250 October callers drawn as a lottery, against a naive draw of its own."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from classes.lottery import draw, freezing, proof
from classes.models import Application, Enrollment, Intake, LotteryDraw, Notice, WaitlistEntry
from tests import factories
from tests.classes import invariants
from tests.classes.workbook_builder import OCTOBER_CALLERS, OCTOBER_CLASSES, run
from tests.factories import tokyo

pytestmark = pytest.mark.django_db
CLOSED = tokyo(2026, 10, 2, 9)
SEED = "3 1 4 1 5 9"
# Computed once: both databases must give just these bytes.
LIST_SHA256 = "46d4cf8e543ec21d0a53e6be15cd7dc22b3d6d110d5223c1fdd6531438a6f776"
PROOF_SHA256 = "cf5a29394b735c6114a0ebdc861352539e418d96cbc2503a979998c35a05be81"


@pytest.fixture
def result() -> LotteryDraw:
    """The morning as paper applications of a lottery with tiers and two seats for repeating."""
    coordinator = factories.staff_member(role="coordinator")
    run("import_classes", OCTOBER_CLASSES, intake="2026-10", method="lottery")
    Intake.objects.update(
        priority_tiers=[{"kind": "lost", "losses": 1, "rounds": 3}, {"kind": "never_attended"}],
        repeat_seats=2,
        closes_at=tokyo(2026, 10, 1, 17),
    )
    run("import_callers", OCTOBER_CALLERS, intake="2026-10")
    frozen = freezing.freeze(Intake.objects.get().pk, by=coordinator, now=CLOSED)
    draw.fix_seed(
        frozen.pk,
        seed=SEED,
        source=LotteryDraw.SeedSource.DICE,
        note="",
        by=coordinator,
        now=CLOSED,
    )
    return draw.run(frozen.pk, by=coordinator, now=CLOSED)


def naive(listed: dict[str, Any]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Seats and lines, from the published list and seed alone; nobody repeats here."""
    left = {each["code"]: each["seats"] for each in listed["classes"]}
    lines: dict[str, list[str]] = {code: [] for code in left}
    seats: dict[str, str] = {}

    def rank(party: dict[str, Any]) -> tuple[int, str]:
        text = f"{SEED}:{party['receipts'][0]}"
        return party["tier"], hashlib.sha256(text.encode()).hexdigest()

    for party in sorted(listed["parties"], key=rank):
        size = len(party["receipts"])
        fits = [code for code in party["choices"] if left[code] >= size]
        if fits:
            left[fits[0]] -= size
            seats |= dict.fromkeys(party["receipts"], fits[0])
        else:
            for code in party["choices"]:
                lines[code].append(party["receipts"][0])
    return seats, lines


def test_every_caller_has_the_place_a_naive_draw_gives(result: LotteryDraw) -> None:
    seats, lines = naive(json.loads(result.list_text))
    held = {
        each.application.receipt: each.class_session.code
        for each in Enrollment.objects.held().select_related("application__intake", "class_session")
    }
    assert held == seats
    assert len(held) == 40
    for code, wanted in lines.items():
        waiting = WaitlistEntry.objects.waiting().filter(class_session__code=code).in_line()
        intake = result.intake
        assert [intake.receipt(entry.receipt_number) for entry in waiting] == wanted


def test_couples_are_together_and_everybody_is_told_once(result: LotteryDraw) -> None:
    invariants.check(Intake.objects.get(), now=CLOSED)
    where: dict[int, set[str]] = {}
    applications = Application.objects.active().prefetch_related("enrollments__class_session")
    for application in applications:
        codes = {seat.class_session.code for seat in application.enrollments.all()}
        where.setdefault(application.party_id, set()).add("".join(sorted(codes)))
    assert all(len(places) == 1 for places in where.values())  # rule 26
    assert Notice.objects.filter(purpose=Notice.Purpose.RESULT).count() == len(where)


def test_the_proof_stands_by_itself(result: LotteryDraw, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(result.proof_text.encode())
    out = io.StringIO()
    call_command("verify_draw", str(file), stdout=out)
    assert (result.list_sha256, proof.sha256(result.proof_text)) == (LIST_SHA256, PROOF_SHA256)
