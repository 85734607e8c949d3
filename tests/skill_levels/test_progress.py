"""Rules 43 to 48: what somebody can do follows from what was seen, and from nothing else."""

import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_levels.progress import (
    History,
    Observation,
    Placed,
    Progress,
    Rung,
    Step,
    recheck_day,
    stand,
)

START = datetime.datetime(2026, 10, 1, 1, tzinfo=datetime.UTC)
# Two levels: the first asks for 11 and 12 (13 is optional), the second for 21.
LADDER = (
    Step(1, 0, (Rung(11, True, 30), Rung(12, True, 30), Rung(13, False, 30))),
    Step(2, 1, (Rung(21, True, 14),)),
    Step(3, 2, (Rung(31, True, 30),)),
)


def day(number: int) -> datetime.datetime:
    return START + datetime.timedelta(days=number)


def seen(*observations: tuple[int, int, int], placed: Placed | None = None) -> Progress:
    """Progress after (day, competency, value) in this order."""
    history = History()
    for pk, (number, competency, value) in enumerate(observations, start=1):
        history.add(Observation(day(number), pk, competency, value))
    return stand(history, LADDER, placed)


def test_nobody_looked_differs_from_cannot() -> None:
    progress = seen((0, 11, 0))  # rule 43
    assert progress.abilities[11].value == 0
    assert 12 not in progress.abilities
    assert progress.levels[0].seen == 1


@pytest.mark.parametrize("value", [0, 1, 2])
def test_below_3_is_never_mastered(value: int) -> None:
    progress = seen((0, 11, value), (0, 12, 4))  # rule 43
    assert not progress.levels[0].is_reached
    assert [rung.pk for rung in progress.levels[0].missing] == [11]


def test_a_level_is_reached_when_all_that_is_required_is_done_alone() -> None:
    progress = seen((0, 11, 3), (7, 12, 3))  # rule 45
    assert progress.levels[0].reached_since == day(7)
    assert progress.next_level is progress.levels[1]


def test_what_is_optional_is_not_needed_for_a_level() -> None:
    assert seen((0, 11, 3), (0, 12, 3), (0, 13, 1)).levels[0].is_reached  # rule 45


def test_a_level_is_kept_only_while_all_stays_mastered() -> None:
    progress = seen((0, 11, 3), (0, 12, 3), (30, 11, 2))  # rule 45
    assert not progress.levels[0].is_reached
    assert progress.abilities[11].was_forgotten  # rule 44
    assert progress.forgotten == (11,)


def test_what_comes_back_counts_from_the_day_it_came_back() -> None:
    progress = seen((0, 11, 3), (0, 12, 3), (30, 11, 2), (60, 11, 3), (90, 11, 4))
    assert progress.levels[0].reached_since == day(60)


def test_what_is_mastered_is_due_for_another_look() -> None:
    progress = seen((0, 11, 3), (10, 21, 3))  # rule 48
    first = recheck_day(progress.abilities[11], LADDER[0].rungs[0])
    assert first == datetime.date(2026, 10, 31)
    assert progress.due(datetime.date(2026, 10, 24)) == ()
    assert [rung.pk for rung, _ in progress.due(datetime.date(2026, 10, 25))] == [21]
    assert [rung.pk for rung, _ in progress.due(datetime.date(2026, 11, 1))] == [21, 11]


def test_what_is_not_mastered_is_not_due() -> None:
    assert seen((0, 11, 2)).due(datetime.date(2027, 10, 1)) == ()  # rule 48


def test_levels_below_the_phone_placement_count_as_reached() -> None:
    progress = seen(placed=Placed(1, day(0)))  # rule 46
    assert progress.levels[0].is_reached
    assert progress.levels[0].reached_since is None
    assert not progress.levels[1].is_reached
    assert progress.provisional == 1


def test_until_one_of_their_required_competencies_is_seen_below_3() -> None:
    placed = Placed(1, day(0))  # rule 46
    assert seen((1, 13, 1), placed=placed).levels[0].is_reached
    assert not seen((1, 11, 2), placed=placed).levels[0].is_reached
    # From then on ratings alone decide: the one that came back does not vouch for the rest.
    progress = seen((1, 11, 2), (2, 11, 3), placed=placed)
    assert not progress.levels[0].is_reached


def test_what_was_seen_below_3_long_before_the_call_and_is_mastered_since_does_not_matter() -> None:
    progress = seen((0, 11, 1), (5, 11, 3), placed=Placed(1, day(10)))
    assert progress.levels[0].is_reached


def test_the_first_observation_at_the_placed_level_replaces_the_placement() -> None:
    progress = seen((3, 21, 4), placed=Placed(1, day(0)))  # rule 46
    assert progress.provisional is None
    assert progress.levels[1].is_reached
    assert progress.next_level is progress.levels[2]


def test_the_highest_level_reached_is_below_the_first_that_is_not() -> None:
    progress = seen((0, 31, 3), placed=Placed(1, day(0)))
    assert progress.highest_reached is progress.levels[0]
    assert seen((0, 31, 3)).highest_reached is None


def test_the_top_of_the_ladder_has_no_next_level() -> None:
    progress = seen((0, 11, 3), (0, 12, 3), (0, 21, 3), (0, 31, 3))
    assert progress.next_level is None
    assert progress.highest_reached is progress.levels[2]


def test_a_level_that_requires_nothing_is_not_reached_by_itself() -> None:
    bare = (Step(9, 0, (Rung(1, False, 30),)),)
    history = History()
    history.add(Observation(day(0), 1, 1, 4))
    assert not stand(history, bare, None).levels[0].is_reached


OBSERVATIONS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([11, 12, 13, 21, 31]), st.integers(0, 4)),
    max_size=40,
)


@given(OBSERVATIONS, st.randoms(use_true_random=False), st.integers(0, 5))
def test_step_by_step_is_the_same_as_the_whole_history(
    rows: list[tuple[int, int, int]], order: random.Random, corrections: int
) -> None:
    """Whatever the order of arrival, and whatever is corrected on the way."""
    observations = [
        Observation(day(number), pk, competency, value)
        for pk, (number, competency, value) in enumerate(rows, start=1)
    ]
    placed = Placed(1, day(20))
    arriving = observations[:]
    order.shuffle(arriving)
    history = History()
    standing: list[Observation] = []
    for observation in arriving:
        history.add(observation)
        standing.append(observation)
        if corrections and order.random() < 0.2:
            corrections -= 1
            corrected = order.choice(standing)
            standing.remove(corrected)
            history.remove(corrected)
        whole = History()
        for each in sorted(standing):
            whole.add(each)
        assert history == whole
        assert stand(history, LADDER, placed) == stand(whole, LADDER, placed)
        _matches_the_rules(stand(history, LADDER, placed), standing)


def _matches_the_rules(progress: Progress, standing: list[Observation]) -> None:
    """The same answer, read off the rules by going through everything for each question."""
    last: dict[int, int] = {}
    for observation in sorted(standing):
        last[observation.competency_pk] = observation.value
    for level in progress.levels:
        required = [rung.pk for rung in level.step.rungs if rung.is_required]
        by_ratings = all(last.get(pk, -1) >= 3 for pk in required)
        assert (level.reached_since is not None) == by_ratings  # rule 45
        assert {rung.pk for rung in level.missing} == {
            pk for pk in required if last.get(pk, -1) < 3
        }
    assert {pk: ability.value for pk, ability in progress.abilities.items()} == last
