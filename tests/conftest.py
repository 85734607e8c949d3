"""What every test shares: a quick database, which tests can run here, and rows of migrations."""

import os
import shutil
import tempfile
from collections import Counter
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core import serializers
from django.db import transaction
from django.db.models import Model

from tests import chromium

# `make chaos` looks longer and elsewhere each time; every other run repeats the same examples, so
# that a red test is red again.
EXAMPLES = os.environ.get("CHAOS_EXAMPLES")
hypothesis.settings.register_profile(
    "desk",
    deadline=None,
    database=None,
    derandomize=EXAMPLES is None,
    max_examples=int(EXAMPLES or 50),
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("desk")

ON_SQLITE = settings.DATABASES["default"]["ENGINE"] == "config.sqlite"
OUR_APPS = ("config", "classes", "skill_levels", "learners", "sms", "staff")
NOT_RUN = {
    "postgres": "marked postgres, need PostgreSQL (make test runs them where it is installed)",
    "sqlite": "marked sqlite, need SQLite",
    "browser": f"marked browser: {chromium.HOW_TO_GET_IT}",
}

not_run = pytest.StashKey[Counter[str]]()
database_folder = pytest.StashKey[str]()
flushed = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Settings that make tests quick and change nothing they could show."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # No collectstatic before tests: files come from the folders they are written in.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    settings.STATIC_ROOT = None
    if ON_SQLITE:
        # A file, not memory: threads and the live server get connections of their own, as at work.
        folder = config.stash[database_folder] = tempfile.mkdtemp(prefix="desk-tests-")
        database = settings.DATABASES["default"]
        database["TEST"] = {**database.get("TEST", {}), "NAME": f"{folder}/desk.sqlite3"}
        database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"


def pytest_unconfigure(config: pytest.Config) -> None:
    if folder := config.stash.get(database_folder, None):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count, what this database or this machine cannot show."""
    lacking = {"postgres"} if ON_SQLITE else {"sqlite"}
    if not chromium.executable() and not os.environ.get("CI"):
        lacking.add("browser")
    left_out: Counter[str] = Counter()
    kept = []
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")
        reason = next((mark for mark in sorted(lacking) if item.get_closest_marker(mark)), None)
        if reason:
            left_out[reason] += 1
        else:
            kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    config.stash[not_run] = left_out
    if hasattr(config, "workeroutput"):  # a worker of xdist tells the process that prints
        config.workeroutput["not_run"] = dict(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    node.config.stash[not_run] = Counter(getattr(node, "workeroutput", {}).get("not_run", {}))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for mark, count in config.stash.get(not_run, Counter()).items():
        terminalreporter.write_line(f"NOT RUN: {count} tests {NOT_RUN[mark]}", yellow=True)


@pytest.fixture(scope="session")
def rows_of_migrations(django_db_setup: None, django_db_blocker: Any) -> str:
    """What the migrations wrote into the tables, serialized."""
    with django_db_blocker.unblock():
        models: list[type[Model]] = [
            Group,
            *(model for name in OUR_APPS for model in apps.get_app_config(name).get_models()),
        ]
        return serializers.serialize(
            "json", (row for model in models for row in model._default_manager.order_by("pk"))
        )


@pytest.fixture(autouse=True)
def _migrated_rows_outlive_a_flush(request: pytest.FixtureRequest) -> None:
    """A test with real transactions empties every table; put the migrations' rows back."""
    names = request.fixturenames
    marker = request.node.get_closest_marker("django_db")
    real_transactions = {"transactional_db", "live_server"}.intersection(names) or (
        marker and marker.kwargs.get("transaction")
    )
    if not (marker or real_transactions or "db" in names):
        return
    request.getfixturevalue("transactional_db" if real_transactions else "db")
    rows = request.getfixturevalue("rows_of_migrations")
    if request.session.stash.get(flushed, False):
        with transaction.atomic():  # rows that point at each other
            for row in serializers.deserialize("json", rows):
                row.save()
    if real_transactions:
        request.session.stash[flushed] = True
