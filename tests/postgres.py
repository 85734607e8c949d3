"""A private PostgreSQL for tests and measurements: started for one command, then thrown away.

    python tests/postgres.py [--durable] COMMAND [ARGUMENT ...]

runs the command with DATABASE_URL pointing at it.
"""

import argparse
import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HOW_TO_GET_IT = (
    "No PostgreSQL server was found. Install one (Debian, Ubuntu: apt-get install postgresql; "
    "macOS: brew install postgresql), or set TEST_POSTGRES_URL to a server whose user may "
    "create databases."
)
# Nothing in a throw-away cluster needs to outlive a power cut.
IN_A_HURRY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class NoServerError(Exception):
    """There is no usable PostgreSQL on this machine; the message says what to do."""


def bin_directory() -> Path | None:
    """Where initdb and pg_ctl live, the newest version first; None where they do not."""
    on_path = shutil.which("initdb")
    # Debian keeps the servers off PATH, one folder per version.
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest_first = sorted(installed, key=lambda found: float(found.parts[-3]), reverse=True)
    for initdb in [Path(on_path).resolve()] if on_path else newest_first:
        if (initdb.parent / "pg_ctl").exists() and (initdb.parent / "postgres").exists():
            return initdb.parent
    return None


def _unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: the account to run it as, None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServerError("PostgreSQL does not run as root, and no other account was found.")


@contextlib.contextmanager
def private_cluster(*, durable: bool = False) -> Iterator[str]:
    """Start a cluster that only this machine's root and we can reach; gives its DATABASE_URL.

    It listens on a Unix socket in a folder of its own, so it needs no port and no password.
    Raises NoServerError where there is no PostgreSQL.
    """
    binaries = bin_directory()
    if binaries is None:
        raise NoServerError(HOW_TO_GET_IT)
    account = _unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="desk-pg-"))
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(binaries / program), "-D", str(folder / "data"), *arguments],
            cwd=folder,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            # The server keeps its parent's outputs open, so a pipe would never end: a file.
            stdout=log,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    with contextlib.ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        log = cleanup.enter_context((folder / "log").open("w+", encoding="utf-8"))

        def fail(what: str) -> NoServerError:
            log.seek(0)
            return NoServerError(f"PostgreSQL could not be {what}:\n{log.read()[-2000:]}")

        common = ("--username=desk", "--auth=trust", "--encoding=UTF8", "--no-sync")
        # Sorted as on a Japanese server, because a prefix search that leans on byte order must
        # not pass here and fail there. Servers before 15 cannot: they sort by bytes.
        japanese = ("--no-locale", "--locale-provider=icu", "--icu-locale=ja")
        if run("initdb", *common, *japanese).returncode != 0:
            shutil.rmtree(folder / "data", ignore_errors=True)
            if run("initdb", *common, "--no-locale").returncode != 0:
                raise fail("set up")
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        options += [] if durable else IN_A_HURRY
        if run("pg_ctl", "start", "-w", "-t", "60", "-o", " ".join(options)).returncode != 0:
            raise fail("started")
        cleanup.callback(run, "pg_ctl", "stop", "-w", "-m", "immediate")
        yield f"postgres://desk@/{folder}/postgres"


def main() -> int:
    """Run a command beside a private cluster; its exit code is ours."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--durable", action="store_true", help="write to disk as a real server")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the command to run")
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("name a command to run")
    try:
        with private_cluster(durable=arguments.durable) as url:
            environment = os.environ | {"DATABASE_URL": url}
            return subprocess.run(arguments.command, env=environment, check=False).returncode
    except NoServerError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
