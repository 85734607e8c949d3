"""The whole suite, as `make test` and CI run it: checks, then SQLite, then PostgreSQL.

Anything after the command's name goes to pytest, for instance `python tests/run.py -k waitlist`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import pytest  # noqa: E402

from tests import postgres  # noqa: E402

WORKERS = os.environ.get("TEST_WORKERS", "2")


@dataclass
class Outcome:
    """What one part of the suite came to."""

    part: str
    passed: int = 0
    failed: int = 0
    not_run: str = ""

    def __str__(self) -> str:
        said = self.not_run or f"{self.passed} passed, {self.failed} failed"
        return f"{self.part}: {said}"


def run_checks() -> Outcome:
    """Every check of `make check`, each counted as one."""
    print("== Checks", flush=True)
    names = subprocess.run(
        ["make", "--no-print-directory", "list-checks"], capture_output=True, text=True, check=True
    ).stdout.split()
    outcome = Outcome("Checks")
    for name in names:
        if subprocess.run(["make", "--no-print-directory", name], check=False).returncode:
            outcome.failed += 1
        else:
            outcome.passed += 1
    return outcome


def run_pytest(part: str, database_url: str, arguments: list[str]) -> Outcome:
    """One run of pytest against one database."""
    print(f"\n== {part}", flush=True)
    with tempfile.TemporaryDirectory(prefix="desk-tests-") as folder:
        results = Path(folder) / "results.xml"
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-n", WORKERS, f"--junitxml={results}", *arguments],
            env=os.environ | {"DATABASE_URL": database_url},
            check=False,
        ).returncode
        outcome = _count(part, results)
    nothing_chosen = code == pytest.ExitCode.NO_TESTS_COLLECTED and arguments
    if code and not nothing_chosen and not outcome.failed:
        outcome.failed = 1  # stopped before any test could fail: an import error, for instance
    return outcome


def _count(part: str, results: Path) -> Outcome:
    if not results.exists():
        return Outcome(part)
    suites = list(ET.parse(results).getroot().iter("testsuite"))
    failed = sum(int(suite.get(kind, 0)) for suite in suites for kind in ("failures", "errors"))
    skipped = sum(int(suite.get("skipped", 0)) for suite in suites)
    total = sum(int(suite.get("tests", 0)) for suite in suites)
    return Outcome(part, passed=total - failed - skipped, failed=failed)


def run_on_postgresql(arguments: list[str]) -> Outcome:
    """The same tests on the server that is named, else on a private one."""
    named = os.environ.get("TEST_POSTGRES_URL") or os.environ.get("DATABASE_URL", "")
    if named.startswith(("postgres", "pgsql", "psql")):
        return run_pytest("PostgreSQL", named, arguments)
    try:
        with postgres.private_cluster() as url:
            return run_pytest("PostgreSQL", url, arguments)
    except postgres.NoServerError as problem:
        print(f"\n== PostgreSQL\n{problem}", flush=True)
        if os.environ.get("CI"):
            return Outcome("PostgreSQL", failed=1)
        return Outcome("PostgreSQL", not_run="not run, and with it every test of a race")


def main(arguments: list[str]) -> int:
    """Run all parts even when one fails, then say in the last line how many passed and failed."""

    def stop(*_: object) -> NoReturn:
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop)
    os.chdir(HERE.parent)
    with contextlib.suppress(KeyboardInterrupt):
        outcomes = [
            run_checks(),
            run_pytest("SQLite", "sqlite://:memory:", arguments),
            run_on_postgresql(arguments),
        ]
        print("", *outcomes, sep="\n")
        failed = sum(outcome.failed for outcome in outcomes)
        print(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
        return 1 if failed else 0
    return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
