"""What every page knows of the demo: since when it stands, once it has gone stale."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from classes.demo import state


def stale_demo(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """Context of templates. Asked only where a whole page is made, and of signed-in staff."""

    def built_at() -> Any:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return None
        return state.stale_since(now=timezone.now())

    return {"stale_demo": built_at}
