"""manage.py rebuild_search_keys: for a database filled by hand, or after folding has changed."""

from typing import Any

from django.core.management.base import BaseCommand

from learners import search


class Command(BaseCommand):
    help = "Makes the keys by which learners are found anew; changes nothing that is right already."

    def handle(self, *args: Any, **options: Any) -> None:
        count = search.rebuild_keys()
        self.stdout.write(f"{count} learners looked at.")
