"""The desk's search over a large city, against a bare indexed query on the same table.

    .venv/bin/python benchmarks/search.py [--learners 1000000] [--database sqlite|postgres|both]

Makes a database in a temporary folder with that many people (names by how common they are, each
with a number and all search keys), then runs, in turns, whole desk searches (the people and their
numbers, as the result list needs them) and bare queries: one range of the same index, no further
than twenty rows, each with its person, through the ORM. Prints both and the ratio; aim: at most 2.
Also prints how each database reads the index. Stops by itself.
"""

import argparse
import functools
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

AIM = 2.0
ROUNDS = 400
BATCH = 50_000
# The most common names of Japan, the first ones most often.
FAMILY = """
佐藤 サトウ 鈴木 スズキ 高橋 タカハシ 田中 タナカ 伊藤 イトウ 渡辺 ワタナベ 山本 ヤマモト
中村 ナカムラ 小林 コバヤシ 加藤 カトウ 吉田 ヨシダ 山田 ヤマダ 佐々木 ササキ 山口 ヤマグチ
松本 マツモト 井上 イノウエ 木村 キムラ 林 ハヤシ 斎藤 サイトウ 清水 シミズ 山崎 ヤマザキ
森 モリ 池田 イケダ 橋本 ハシモト 阿部 アベ 石川 イシカワ 山下 ヤマシタ 中島 ナカジマ
石井 イシイ 小川 オガワ 前田 マエダ 岡田 オカダ 長谷川 ハセガワ 藤田 フジタ 後藤 ゴトウ
近藤 コンドウ 村上 ムラカミ 遠藤 エンドウ 青木 アオキ 坂本 サカモト 福田 フクダ 太田 オオタ
西村 ニシムラ 藤井 フジイ 岡本 オカモト 金子 カネコ 藤原 フジワラ 三浦 ミウラ 中野 ナカノ
中川 ナカガワ 原田 ハラダ 松田 マツダ 竹内 タケウチ 小野 オノ 田村 タムラ 中山 ナカヤマ
和田 ワダ 石田 イシダ 森田 モリタ 上田 ウエダ 原 ハラ 内田 ウチダ 柴田 シバタ 酒井 サカイ
"""
GIVEN = """
節子 セツコ 和子 カズコ 幸子 サチコ 洋子 ヨウコ 恵子 ケイコ 京子 キョウコ 文子 フミコ
清 キヨシ 茂 シゲル 正 タダシ 進 ススム 弘 ヒロシ 実 ミノル 勝 マサル 昭 アキラ 博 ヒロシ
稔 ミノル 千代子 チヨコ 美代子 ミヨコ 久子 ヒサコ 弘子 ヒロコ 道子 ミチコ 敏子 トシコ
信子 ノブコ 光子 ミツコ 良子 ヨシコ 正子 マサコ 静子 シズコ 春子 ハルコ 秋子 アキコ
義雄 ヨシオ 一郎 イチロウ 二郎 ジロウ 三郎 サブロウ 健二 ケンジ 武 タケシ 豊 ユタカ
隆 タカシ 修 オサム 誠 マコト
"""


def prepare(database_url: str) -> None:
    """Point Django at the database and make its tables."""
    os.environ |= {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "ERROR",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@functools.cache
def name_keys(name: str, kana: str) -> tuple[tuple[str, str], ...]:
    from learners.search_keys import keys_for

    found = keys_for(name=name, kana=kana, latin_name="", phones=[])
    return tuple((str(key.kind), key.key) for key in found)


def pairs(text: str) -> list[tuple[str, str]]:
    """Kanji and kana, one after the other."""
    words = text.split()
    return list(zip(words[::2], words[1::2], strict=True))


def population(count: int, chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Name, kana and number of each person; common names are common."""
    families, givens = pairs(FAMILY), pairs(GIVEN)
    # Behind the common names a long tail of rare ones, as in any register.
    rare = [(f"{a[0]}{b[0][-1]}", a[1] + b[1]) for a in families for b in families if a != b]
    weights = [1 / (place + 2) for place in range(len(families))]
    for _ in range(count):
        if chance.random() < 0.7:
            family = chance.choices(families, weights)[0]
        else:
            family = chance.choice(rare)
        given = chance.choice(givens)
        if chance.random() < 0.6:
            number = f"+81{chance.choice(('90', '80', '70'))}{chance.randrange(10**8):08}"
        else:
            number = f"+8142{chance.randrange(2 * 10**6, 9 * 10**6):07}0"[:12]
        yield f"{family[0]} {given[0]}", f"{family[1]} {given[1]}", number


def fill(count: int) -> None:
    """Write the people, their numbers and their keys in bulk, the indexes afterwards."""
    from django.db import connection
    from django.utils import timezone

    from learners.models import Learner, PhoneNumber, SearchKey
    from learners.search_keys import TAIL_MARK

    now = timezone.now()
    blank = {"emergency_name": "", "emergency_relation": "", "emergency_phone": "", "notes": ""}
    learner_values = {
        "birth_date": "1940-03-02", "sex": "", "postcode": "192-0364", "language": "ja",
        "address": "八王子市南大沢2-1", "device": "", "support_needs": "[]", **blank,
        "no_phone_calls": False, "postal_channel": "postcard", "created_at": now,
    }  # fmt: skip
    phone_values = {
        "line": "voice", "owner": "self", "owner_name": "", "position": 0, "sms_consent": "",
        "consent_given_by": "",
    }  # fmt: skip
    people = population(count, random.Random(20261001))
    indexed = (Learner, PhoneNumber, SearchKey)
    with connection.schema_editor() as editor:
        for model in indexed:
            for index in model._meta.indexes:
                editor.remove_index(model, index)
    first = 1
    while batch := list(islice(people, BATCH)):
        numbered = list(enumerate(batch, first))
        write(
            Learner,
            ["id", "name", "kana", "latin_name", *learner_values],
            ((pk, name, kana, "", *learner_values.values()) for pk, (name, kana, _n) in numbered),
        )
        write(
            PhoneNumber,
            ["learner_id", "e164", "as_spoken", *phone_values],
            ((pk, e164, e164, *phone_values.values()) for pk, (_n, _k, e164) in numbered),
        )
        write(
            SearchKey,
            ["learner_id", "kind", "key"],
            (
                (pk, kind, key)
                for pk, (name, kana, e164) in numbered
                for digits in ["0" + e164[3:]]
                for kind, key in (
                    *name_keys(name, kana),
                    ("phone", digits),
                    ("tail", TAIL_MARK + digits[::-1]),
                )
            ),
        )
        first += len(batch)
    with connection.schema_editor() as editor:
        for model in indexed:
            for index in model._meta.indexes:
                editor.add_index(model, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def write(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by the quickest way of the database."""
    from django.db import connection, transaction

    table, names = model._meta.db_table, ", ".join(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The keys of this program are right; checking millions of them is not measured here.
            cursor.execute("SET LOCAL session_replication_role = replica")
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(rows))


def bare(prefix: str) -> list[Any]:
    """One range of the index in its order, twenty rows, each with its person: nothing else."""
    from django.db import connection

    from learners.models import SearchKey
    from learners.search_keys import upper_bound

    if connection.vendor == "postgresql":
        keys = SearchKey.objects.filter(key__startswith=prefix)
    else:
        keys = SearchKey.objects.filter(key__gte=prefix, key__lt=upper_bound(prefix))
        keys = keys.order_by("key")
    return list(keys.select_related("learner")[:20])


def samples(count: int) -> dict[str, list[tuple[str, str]]]:
    """What operators type, each with the folded prefix that the bare query looks for."""
    from learners.models import Learner, PhoneNumber
    from learners.search_keys import query_prefixes

    chance = random.Random(7)
    pks = [chance.randrange(1, count + 1) for _ in range(ROUNDS)]
    people = Learner.objects.in_bulk(pks)
    numbers = dict(PhoneNumber.objects.filter(learner__in=pks).values_list("learner", "e164"))
    typed = {
        "last four digits": [numbers[pk][-4:] for pk in pks],
        "whole number": ["0" + numbers[pk][3:] for pk in pks],
        "full kana": [people[pk].kana for pk in pks],
        "family name in kana": [people[pk].kana.split()[0] for pk in pks],
        "one or two letters of kana": [people[pk].kana[: 1 + pk % 2] for pk in pks],
        "kanji": [people[pk].name.split()[0] for pk in pks],
        "beginning of a number (0903, 0426)": [("0" + numbers[pk][3:])[:4] for pk in pks],
    }
    tails = {"last four digits"}
    return {
        kind: [(text, query_prefixes(text)[-1 if kind in tails else 0].key) for text in texts]
        for kind, texts in typed.items()
    }


def timed(call: Callable[[str], list[Any]], argument: str) -> tuple[float, int]:
    begin = time.perf_counter()
    rows = call(argument)
    return time.perf_counter() - begin, len(rows)


def report(name: str, desk: list[float], plain: list[float], found: float) -> float:
    desk_cuts, plain_cuts = statistics.quantiles(desk, n=100), statistics.quantiles(plain, n=100)
    ratio = desk_cuts[49] / plain_cuts[49]
    print(
        f"  {name:<36} desk p50 {desk_cuts[49] * 1000:6.2f}  p95 {desk_cuts[94] * 1000:6.2f} ms"
        f"   bare p50 {plain_cuts[49] * 1000:6.2f}  p95 {plain_cuts[94] * 1000:6.2f} ms"
        f"   ratio {ratio:4.2f} (p95 {desk_cuts[94] / plain_cuts[94]:4.2f})   {found:4.1f} people"
    )
    return ratio


def plan_of(text: str) -> str:
    """How the database reads the keys for a search."""
    from django.db import connection

    from learners import search
    from learners.search_keys import query_prefixes

    sql, parameters = search._statement(query_prefixes(text), limit=20)
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", parameters)
        lines = [str(row[-1]) for row in cursor.fetchall()]
    reads = [line.strip() for line in lines if "searchkey" in line or "person" in line]
    return "\n".join(f"    {line.partition('  (')[0]}" for line in reads)


def measure_here(count: int) -> bool:
    """Fill the database of the environment and measure; whether every ratio meets the aim."""
    prepare(os.environ["DATABASE_URL"])
    from django.db import connection, reset_queries

    from learners import search
    from learners.models import SearchKey

    begin = time.perf_counter()
    fill(count)
    keys = SearchKey.objects.count()
    print(f"  {count:,} people, {keys:,} keys, written in {time.perf_counter() - begin:.0f} s")
    ratios = []
    for kind, texts in samples(count).items():
        for text, prefix in texts[:50]:  # warm
            search.find(text)
            bare(prefix)
        desk, plain, found = [], [], 0
        for text, prefix in texts:
            seconds, people = timed(search.find, text)
            desk.append(seconds)
            found += people
            plain.append(timed(bare, prefix)[0])
        reset_queries()
        ratios.append(report(kind, desk, plain, found / len(texts)))
    print(f"  worst ratio {max(ratios):.2f}, aim at most {AIM:.0f}")
    print(f"  how {connection.vendor} reads サトウ:\n{plan_of('サトウ')}")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    return max(ratios) <= AIM


def measure(name: str, url: str, count: int) -> bool:
    """Measure in a process of its own, so that each database starts with fresh settings."""
    print(name, flush=True)
    command = [sys.executable, __file__, "--learners", str(count), "--here"]
    return (
        subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode == 0
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--learners", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        return 0 if measure_here(arguments.learners) else 1
    fine = True
    if arguments.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="desk-search-") as folder:
            fine &= measure("SQLite", f"sqlite:///{folder}/desk.sqlite3", arguments.learners)
    if arguments.database in ("postgres", "both"):
        from tests import postgres

        try:
            with postgres.private_cluster() as url:
                fine &= measure("PostgreSQL", url, arguments.learners)
        except postgres.NoServerError as problem:
            print(problem)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
