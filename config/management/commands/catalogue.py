"""`manage.py catalogue`: compile, update, check and merge the Japanese of the screens."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import catalogue


class Command(BaseCommand):
    help = "Compile, update, check or merge the Japanese of the screens, without gettext."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("compile", help="write the .mo files that Django reads")
        actions.add_parser("update", help="gather new sentences, drop those that are gone")
        actions.add_parser("check", help="fail if a sentence has no faithful Japanese")
        merge = actions.add_parser("merge", help="fill empty entries from snippets")
        merge.add_argument("files", nargs="+", type=Path)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        self.folder = Path(settings.LOCALE_PATHS[0])
        self.path = self.folder / "ja" / "LC_MESSAGES" / "django.po"
        if action == "merge":
            self.merge(options["files"])
        else:
            {"compile": self.compile, "update": self.update, "check": self.check_all}[action]()

    def compile(self) -> None:
        for path in sorted(self.folder.glob("*/LC_MESSAGES/*.po")):
            catalogue.compile_file(path)
            self.stdout.write(f"compiled {path.relative_to(self.folder)}")

    def update(self) -> None:
        gathered = catalogue.gather(settings.BASE_DIR)
        catalogue.write(catalogue.update(gathered, catalogue.read(self.path)), self.path)
        self.stdout.write(f"{len(gathered)} sentences")

    def check_all(self) -> None:
        gathered = catalogue.gather(settings.BASE_DIR)
        faults = catalogue.check(gathered, catalogue.read(self.path))
        if faults:
            raise CommandError("\n".join([*faults, f"{len(faults)} faults in {self.path.name}"]))
        self.stdout.write(f"{len(gathered)} sentences, all of them in Japanese")

    def merge(self, files: list[Path]) -> None:
        known = catalogue.read(self.path)
        for remark in catalogue.merge(known, [catalogue.read(file) for file in files]):
            self.stdout.write(remark)
        catalogue.write(known, self.path)
