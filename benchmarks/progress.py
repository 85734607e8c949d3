"""Progress among many: one learner's, and a cohort's, against the bare query for the same rows.

    .venv/bin/python benchmarks/progress.py [--learners 100000] [--each 50] [--database both]

Makes a database in a temporary folder with that many people and fifty observations of each (five
million by default), then runs, in turns, the desk's progress (the rows, the placements, and what is
computed from them), the bare SQL that fetches the same rows, and those rows through Django; the
same for the people of a class (20) and of an intake (200) at once. Prints them and the ratios;
aim: at most 2. Stops by itself.
"""

import argparse
import functools
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import search  # noqa: E402 - the folder above is not on the path before

AIM = 2.0
BATCH = 200_000
GROUPS = {"one learner": (1, 300), "a class of 20": (20, 100), "an intake of 200": (200, 30)}


def observations(learners: int, each: int) -> Iterator[tuple[int, int, int, int]]:
    """Learner, place of the competency, value, day: the later, the better, sometimes forgotten."""
    chance = random.Random(20261123)
    for learner in range(1, learners + 1):
        for step in range(each):
            value = min(4, max(0, round(chance.gauss(1 + 2 * step / each, 1))))
            yield learner, chance.randrange(20), value, step * 7


def fill(learners: int, each: int) -> None:
    """People and what was seen of them, in bulk, the indexes afterwards."""
    import datetime

    from django.db import connection
    from django.utils import timezone

    from skill_levels.models import Assessment, Competency

    search.fill(learners)
    taught = list(Competency.objects.current()[:20])
    start = timezone.now() - datetime.timedelta(days=7 * each)
    days = [start + datetime.timedelta(days=day) for day in range(7 * each)]
    columns = [
        "learner_id", "competency_id", "competency_version_id", "value", "observed_at",
        "recorded_at", "client_uuid", "note", "device", "setting",
    ]  # fmt: skip
    sqlite = connection.vendor == "sqlite"
    with connection.schema_editor() as editor:
        for index in Assessment._meta.indexes:
            editor.remove_index(Assessment, index)
    seen = observations(learners, each)
    number = 0
    while batch := list(islice(seen, BATCH)):
        written = []
        for learner, place, value, day in batch:
            number += 1
            competency = taught[place % len(taught)]
            key = uuid.UUID(int=number)
            written.append(
                (
                    learner, competency.pk, competency.current_id, value, days[day], days[day],
                    key.hex if sqlite else key, "", "", "",
                )
            )  # fmt: skip
        search.write(Assessment, columns, written)
    with connection.schema_editor() as editor:
        for index in Assessment._meta.indexes:
            editor.add_index(Assessment, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def bare(learners: Sequence[int]) -> list[Any]:
    """The same rows in the same order, without Django's ORM and without what is made of them."""
    from django.db import connection

    marks = ", ".join(["%s"] * len(learners))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT learner_id, competency_id, value, observed_at, id FROM skill_levels_assessment"
            f" WHERE learner_id IN ({marks}) AND value IS NOT NULL AND NOT id IN"
            f" (SELECT supersedes_id FROM skill_levels_assessment WHERE learner_id IN ({marks})"
            " AND supersedes_id IS NOT NULL)"
            " ORDER BY learner_id, competency_id, observed_at, id",
            [*learners, *learners],
        )
        return list(cursor.fetchall())


def rows(learners: Sequence[int]) -> list[Any]:
    """The same through Django: what reading dates and numbers costs, nothing made of them."""
    from skill_levels.models import Assessment

    found = Assessment.objects.standing_of(learners)
    ordered = found.order_by("learner_id", "competency_id", "observed_at", "pk")
    return list(ordered.values_list("learner_id", "competency_id", "value", "observed_at", "pk"))


def ours(learners: Sequence[int], steps: Any) -> Any:
    """What a page shows: where each of these people stands."""
    from skill_levels import progress

    return progress.of(learners, steps=steps)


def timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measure_here(learners: int, each: int) -> bool:
    """Fill the database that is set up and print the measurements; whether the aim was reached."""
    from skill_levels import progress

    began = time.perf_counter()
    fill(learners, each)
    took = time.perf_counter() - began
    print(f"  {learners:,} learners, {learners * each:,} observations: {took:.0f} s")
    steps = progress.ladder()
    chance = random.Random(5)
    reached = True
    for name, (size, rounds) in GROUPS.items():
        groups = [chance.sample(range(1, learners + 1), size) for _ in range(rounds)]
        times: dict[str, list[float]] = {"progress": [], "rows": [], "bare": []}
        for group in groups:
            times["bare"].append(timed(functools.partial(bare, group)))
            times["rows"].append(timed(functools.partial(rows, group)))
            times["progress"].append(timed(functools.partial(ours, group, steps)))
        median = {each: statistics.median(found) * 1000 for each, found in times.items()}
        ratio = median["progress"] / median["bare"]
        reached &= ratio <= AIM
        print(
            f"  {name:<18} progress {median['progress']:7.2f} ms   "
            f"bare SQL {median['bare']:7.2f} ms, ratio {ratio:5.2f}   "
            f"the rows through Django {median['rows']:7.2f} ms, "
            f"ratio {median['progress'] / median['rows']:5.2f}"
        )
    return reached


def measure(name: str, url: str, learners: int, each: int) -> bool:
    """One database in a process of its own."""
    print(name, flush=True)
    command = [
        sys.executable, str(Path(__file__).resolve()),
        "--measure", url, "--learners", str(learners), "--each", str(each),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Measure what was asked for; 1 where a ratio is above the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=50)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        search.prepare(arguments.measure)
        return 0 if measure_here(arguments.learners, arguments.each) else 1
    ok = True
    if arguments.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="desk-progress-") as folder:
            url = f"sqlite:///{folder}/progress.sqlite3"
            ok &= measure("SQLite", url, arguments.learners, arguments.each)
    if arguments.database in ("postgres", "both"):
        from tests import postgres

        with postgres.private_cluster() as url:
            ok &= measure("PostgreSQL", url, arguments.learners, arguments.each)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
