"""The pure draw: what must hold for every list and every seed, and proofs that give it away."""

import json
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from classes.lottery import proof, ranking
from classes.lottery.ranking import ClassSeats, Drawing, Entry

CODES = ("N1", "N2", "A1")


@st.composite
def drawings(make):
    """Up to 25 parties of one to three, three classes, tiers, some of whom repeat."""
    classes = tuple(
        ClassSeats(code, make(st.integers(0, 8)), make(st.integers(0, 3))) for code in CODES
    )
    entries, number = [], 1
    for _ in range(make(st.integers(0, 25))):
        size = make(st.sampled_from((1, 1, 1, 2, 3)))
        receipts = tuple(f"2026-10-{number + step:04d}" for step in range(size))
        number += size
        choices = make(st.permutations(CODES))[: make(st.integers(0, 3))]
        entries.append(
            Entry(receipts, make(st.integers(1, 3)), tuple(choices), make(st.booleans()))
        )
    return Drawing(classes, tuple(entries), make(st.sampled_from((False, False, True))))


SEEDS = st.text(min_size=1, max_size=12).map(ranking.normalised).filter(bool)


def taken(outcome):
    seats = Counter()
    for one in outcome.drawn:
        for code in one.seats:
            seats[code] += one.entry.size
    return seats


@given(drawings(), SEEDS)
def test_no_class_gets_more_people_than_seats(drawing, seed):  # rule 21
    seats = taken(ranking.draw(drawing, seed))
    assert all(seats[each.code] <= each.seats for each in drawing.classes)


@given(drawings(), SEEDS)
def test_no_seat_stays_empty_that_a_waiting_party_fits_and_wants(drawing, seed):
    outcome = ranking.draw(drawing, seed)
    seats = taken(outcome)
    for each in drawing.classes:
        free = each.seats - seats[each.code]
        assert all(one.entry.size > free for one in outcome.lines[each.code])


@given(drawings(), SEEDS)
def test_nobody_of_a_lower_tier_holds_what_a_higher_one_preferred(drawing, seed):  # rule 34
    outcome = ranking.draw(drawing, seed)
    for higher in outcome.drawn:
        got = higher.seats[0] if higher.seats else None
        place = higher.entry.choices.index(got) if got else len(higher.entry.choices)
        preferred = set(higher.entry.choices[:place])
        for lower in outcome.drawn:
            if lower.by_kept_seat or lower.entry.size < higher.entry.size:
                continue
            if lower.entry.tier > higher.entry.tier:
                assert not preferred & set(lower.seats)


@given(drawings(), SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_insertion_changes_nothing(drawing, seed, dice):  # rule 33
    entries = list(drawing.entries)
    dice.shuffle(entries)
    shuffled = Drawing(drawing.classes[::-1], tuple(entries), drawing.seat_per_choice)
    assert ranking.draw(shuffled, seed).drawn == ranking.draw(drawing, seed).drawn


@given(drawings())
def test_where_nothing_is_short_everybody_gets_the_first_choice(drawing):  # rule 32
    if ranking.is_needed(drawing):
        return
    for one in ranking.draw(drawing, None).drawn:
        assert one.seats[:1] == one.entry.choices[:1]


def test_kept_seats_go_first_to_those_who_repeat_and_the_rest_to_all():
    entries = [Entry((f"X-{n:04d}",), 1, ("N1",), n == 9) for n in range(1, 10)]
    drawing = Drawing((ClassSeats("N1", 3, 2),), tuple(entries))
    for seed in "abcdefgh":
        seated = [one for one in ranking.draw(drawing, seed).drawn if one.seats]
        assert len(seated) == 3
        assert [one.entry.receipt for one in seated if one.by_kept_seat] == ["X-0009"]


def test_within_a_tier_everybody_has_the_same_chance():
    """Over 2,000 fixed seeds each of ten comes first about 200 times (chi-square, 9 degrees)."""
    entries = [Entry((f"2026-10-{n:04d}",), 1, ("N1",)) for n in range(1, 11)]
    first = Counter(ranking.rank(entries, str(seed))[0].receipt for seed in range(2_000))
    chi_square = sum((first[e.receipt] - 200) ** 2 / 200 for e in entries)
    assert chi_square < 27.9  # p = 0.001


def test_the_digest_is_what_sha256sum_prints():
    # printf '%s' '426135:2026-10-0042' | sha256sum
    expected = "483172261ab2c6589370786771664fe8f11889d7208252063f8da489adf9cdd3"
    assert ranking.digest("426135", "2026-10-0042") == expected


def proved(seed="426135", seats=2):
    entries = tuple(
        Entry((f"2026-10-{n:04d}",), 1 + n % 2, ("N1", "A1")[: 1 + n % 2]) for n in range(1, 8)
    )
    drawing = Drawing((ClassSeats("N1", seats), ClassSeats("A1", 1)), entries)
    listed = proof.list_document(
        intake="2026-10",
        kind="intake",
        number=1,
        frozen_at="2026-10-02T00:00:00+00:00",
        rules={"choices": 2, "kept": 0, "seats": "one", "tiers": []},
        drawing=drawing,
    )
    return proof.proof_document(
        listed,
        list_sha256=proof.sha256(proof.canonical(listed)),
        seed=seed,
        seed_source="dice",
        seed_note="",
        drawn_at="2026-10-02T01:00:00+00:00",
        outcome=ranking.draw(drawing, seed),
    )


def test_a_right_proof_verifies_without_a_database(tmp_path, capsys):
    path = tmp_path / "proof.json"
    path.write_text(proof.canonical(proved()), encoding="utf-8")
    call_command("verify_draw", path)
    assert proved()["list_sha256"] in capsys.readouterr().out


def swap(document):
    ranked = document["result"]["ranking"]
    ranked[0], ranked[1] = ranked[1], ranked[0]


def another_seed(document):
    document["seed"] = "426136"


def another_list(document):
    document["list"]["parties"][0]["tier"] = 1 - document["list"]["parties"][0]["tier"] + 2


def line_turned(document):
    document["result"]["lines"]["N1"].reverse()


def seat_added(document):
    document["result"]["ranking"][-1]["seats"] = ["N1"]


def no_seed(document):
    document["seed"] = None


@pytest.mark.parametrize(
    "forge", [swap, another_seed, another_list, line_turned, seat_added, no_seed]
)
def test_every_forgery_is_found(forge, tmp_path):
    document = json.loads(proof.canonical(proved()))
    forge(document)
    assert proof.differences(document)
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("verify_draw", path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"format":"smartphone-class-draw-proof/1"}',
        b'{"format":"smartphone-class-draw-proof/1","list":{},"result":{}}',
        b'{"format":"smartphone-class-draw-proof/1","list":{"classes":[{}],"parties":[]},"result":{}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_proof_gets_a_sentence(data, tmp_path):
    path = tmp_path / "proof.json"
    path.write_bytes(data)
    with pytest.raises(CommandError):
        call_command("verify_draw", path)


def test_a_file_that_is_not_there_gets_a_sentence(tmp_path):
    with pytest.raises(CommandError):
        call_command("verify_draw", tmp_path / "nothing.json")
