"""Running a draw: seed fixed once, then ranking, walk, seats, lines and notices in one commit."""

import datetime
import json
import secrets
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from classes.locking import lock_intake
from classes.lottery import freezing, giving, proof, ranking
from classes.lottery.freezing import NotNow
from classes.lottery.ranking import Drawing
from classes.models import Intake, LotteryDraw
from staff.models import StaffMember

LONGEST_SEED = 200
# As much chance as the digest has: nobody can try all of them.
GENERATED_BYTES = 32


class BadSeed(ValueError):
    """This cannot be the seed; the message, translated, says why."""


def generate_seed() -> str:
    """A seed from the machine's own source of chance, as 64 hexadecimal digits."""
    return secrets.token_hex(GENERATED_BYTES)


def fix_seed(
    draw_pk: int,
    *,
    seed: str,
    source: LotteryDraw.SeedSource,
    note: str,
    by: StaffMember,
    now: datetime.datetime,
) -> LotteryDraw:
    """Write the seed down before anything is drawn with it, once and for all.

    Committed by itself: should the machine fail while it draws, the same seed draws again. Who
    comes second gets the draw with the first one's seed. Raises BadSeed and NotNow.
    """
    text = ranking.normalised(seed)
    with transaction.atomic():
        intake = lock_intake(LotteryDraw.objects.get(pk=draw_pk).intake_id)
        draw = LotteryDraw.objects.get(pk=draw_pk)
        if draw.status == LotteryDraw.Status.TAKEN_BACK:
            raise NotNow(_("The freezing of this list was taken back. Freeze it again."))
        if draw.status != LotteryDraw.Status.FROZEN:
            return draw
        _check_seed(text, source, note)
        _check_time(intake, draw, now)
        draw.seed, draw.seed_source, draw.seed_note = text, source, note.strip()
        draw.seeded_at, draw.seeded_by = now, by
        draw.status = LotteryDraw.Status.SEEDED
        draw.save(
            update_fields=[
                "seed",
                "seed_source",
                "seed_note",
                "seeded_at",
                "seeded_by",
                "status",
            ]
        )
        return draw


def run(draw_pk: int, *, by: StaffMember, now: datetime.datetime) -> LotteryDraw:
    """Draw: either all of it is committed or none (rule 33). Two presses draw once.

    Without a seed only where everybody gets the first choice (rule 32). Raises NotNow.
    """
    with transaction.atomic():
        intake = lock_intake(LotteryDraw.objects.get(pk=draw_pk).intake_id)
        draw = LotteryDraw.objects.select_related("supersedes").get(pk=draw_pk)
        if draw.drawn_at is not None:
            return draw
        if not draw.is_in_progress:
            raise NotNow(_("The freezing of this list was taken back. Freeze it again."))
        _check_time(intake, draw, now)
        draw.intake = intake
        listed = list_of(draw)
        drawing = proof.drawing_of(listed)
        seed = draw.seed or None
        if seed is None and (draw.is_of_lines or ranking.is_needed(drawing)):
            raise NotNow(_("More people apply than there are seats: a draw needs a seed."))
        outcome = ranking.draw(drawing, seed)
        told = giving.end_former(intake, draw, by=by, now=now)
        _finish(draw, listed, seed, outcome, by=by, now=now)
        freezing.reopen_list(intake)
        intake.drawn_at = now
        Intake.objects.filter(pk=intake.pk).update(drawn_at=now)
        giving.give(intake, draw, outcome, told=told, by=by, now=now)
        return draw


def list_of(draw: LotteryDraw) -> dict[str, Any]:
    """The frozen list, read again from the very text that was hashed."""
    if proof.sha256(draw.list_text) != draw.list_sha256:
        raise RuntimeError("the stored list does not have the published hash")
    listed: dict[str, Any] = json.loads(draw.list_text)
    return listed


def drawing_of(draw: LotteryDraw) -> Drawing:
    """The frozen list as the draw takes it."""
    return proof.drawing_of(list_of(draw))


def _finish(
    draw: LotteryDraw,
    listed: dict[str, Any],
    seed: str | None,
    outcome: ranking.Outcome,
    *,
    by: StaffMember,
    now: datetime.datetime,
) -> None:
    """Mark what it replaces, then this one, with its proof."""
    if draw.supersedes is not None:
        draw.supersedes.status = LotteryDraw.Status.SUPERSEDED
        draw.supersedes.save(update_fields=["status"])
    draw.status = LotteryDraw.Status.DRAWN
    draw.drawn_at, draw.drawn_by = now, by
    draw.proof_text = proof.canonical(
        proof.proof_document(
            listed,
            list_sha256=draw.list_sha256,
            seed=seed,
            seed_source=draw.seed_source,
            seed_note=draw.seed_note,
            drawn_at=now.astimezone(datetime.UTC).isoformat(timespec="seconds"),
            outcome=outcome,
        )
    )
    draw.save(update_fields=["status", "drawn_at", "drawn_by", "proof_text"])


def _check_seed(text: str, source: str, note: str) -> None:
    if not text:
        raise BadSeed(_("Enter the seed: the numbers thrown, or the published number."))
    if len(text) > LONGEST_SEED:
        raise BadSeed(_("The seed is longer than %(n)d characters.") % {"n": LONGEST_SEED})
    if any(ord(letter) < ord(" ") for letter in text):
        raise BadSeed(_("The seed must be one line, without control characters."))
    if source not in LotteryDraw.SeedSource.values:
        raise BadSeed(_("Say where the seed is from."))
    if source == LotteryDraw.SeedSource.PUBLISHED and not note.strip():
        raise BadSeed(_("Say which number it is and where anybody can read it."))


def _check_time(intake: Intake, draw: LotteryDraw, now: datetime.datetime) -> None:
    """A draw that replaces another must be over before the first lesson (rule 33)."""
    begins = freezing.first_lesson(intake) if draw.supersedes_id else None
    if begins is not None and now >= begins:
        raise NotNow(_("The first lesson has begun: the draw stands."))
