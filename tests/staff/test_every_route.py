"""Every address × role × method answers as the one table of permissions says."""

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from config.permissions import ROUTES
from staff.models import StaffMember
from staff.roles import ALL, ANYONE, SIGNED_IN, row_of
from tests import factories

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NO_ROLE, NOBODY = "no role", "not signed in"
# Open to everybody who signs what they say: these requests carry no signature (rule 56).
SIGNED = {"sms_status", "sms_inbound"}
# What stands in an address where a converter wants a value: rows that do not exist.
ARGUMENTS = {
    "int": 0,
    "string": "none",
    "slug": "none",
    "uuid": uuid.UUID(int=0),
    "path": "none",
}


def routes(
    patterns: list[Any], namespaces: tuple[str, ...] = (), converters: dict[str, Any] | None = None
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Name and arguments of each route; None for a regular expression or a route without name."""
    for pattern in patterns:
        here = (converters or {}) | pattern.pattern.converters
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from routes(pattern.url_patterns, inner, here)
        else:
            assert isinstance(pattern, URLPattern)
            name = ":".join((*namespaces, pattern.name or ""))
            plain = isinstance(pattern.pattern, RoutePattern) and pattern.name
            yield name, {key: argument(kind) for key, kind in here.items()} if plain else None


def argument(converter: Any) -> Any:
    """A harmless value for a converter of Django's or, by its `example`, of our own."""
    kind = type(converter).__name__.removesuffix("Converter").lower()
    return ARGUMENTS[kind] if kind in ARGUMENTS else converter.example  # noqa: SIM401


ALL_ROUTES = sorted(routes(get_resolver().url_patterns), key=lambda route: route[0])


def expected(name: str, who: str, method: str) -> str:
    """allowed, not_allowed (405), refused (403) or sign_in, from the table alone."""
    row = row_of(ROUTES, name)
    assert row is not None, f"{name} has no line in config/permissions.py"
    holds = {
        NOBODY: {ANYONE},
        NO_ROLE: {ANYONE, SIGNED_IN},
    }.get(who, {ANYONE, SIGNED_IN, who})
    by_table = "GET" if method in {"HEAD", "OPTIONS"} else method
    anywhere = any(not holds.isdisjoint(roles) for roles in row.values())
    if by_table in row and not holds.isdisjoint(row[by_table]):
        return "allowed"
    if who == NOBODY and not any(ANYONE in roles for roles in row.values()):
        return "sign_in"
    return "not_allowed" if by_table not in row and anywhere else "refused"


def answered(response: HttpResponseBase) -> str:
    if response.status_code in {301, 302}:
        where = response.headers["Location"].partition("?")[0]
        return "sign_in" if where == reverse(settings.LOGIN_URL) else "allowed"
    return {403: "refused", 405: "not_allowed"}.get(response.status_code, "allowed")


@pytest.fixture
def clients(db: None) -> dict[str, Client]:
    """One browser per role, one with an account without roles, one that is not signed in."""
    made = {NOBODY: Client(raise_request_exception=False)}
    for role in (*ALL, NO_ROLE):
        made[role] = Client(raise_request_exception=False)
        member = factories.staff_member(username=role, role=None if role == NO_ROLE else role)
        made[role].force_login(member)
    return made


def test_every_route_has_a_line_and_no_line_is_stale() -> None:
    names = {name for name, _arguments in ALL_ROUTES}
    assert [name for name in names if row_of(ROUTES, name) is None] == []
    spaces = {f"{name.partition(':')[0]}:*" for name in names if ":" in name}
    assert set(ROUTES) - names - spaces == set()


def test_the_table_knows_only_the_four_roles() -> None:
    known = {*ALL, ANYONE, SIGNED_IN}
    assert {role for row in ROUTES.values() for roles in row.values() for role in roles} <= known
    assert {method for row in ROUTES.values() for method in row} <= {"GET", "POST"}


ADDRESSES = [
    *(
        (name, reverse(name, kwargs=arguments))
        for name, arguments in ALL_ROUTES
        if arguments is not None
    ),
    # The admin has routes without a name or written as regular expressions.
    ("admin:app_list", "/admin/staff/"),
    ("admin:", "/admin/staff/staffmember/0/"),
    ("admin:", "/admin/none"),
]


def test_every_route_without_a_plain_address_is_walked_by_hand() -> None:
    by_hand = {name for name, _address in ADDRESSES}
    assert {name for name, arguments in ALL_ROUTES if arguments is None} <= by_hand


@pytest.mark.parametrize(("name", "address"), ADDRESSES, ids=[name for name, _ in ADDRESSES])
def test_a_route_answers_each_role_and_method_as_the_table_says(
    name: str, address: str, clients: dict[str, Client]
) -> None:
    wrong = []
    for who, method in itertools.product(clients, METHODS):
        response = clients[who].generic(method, address)
        should = expected(name, who, method)
        if name == "sign_out" and method == "POST" and who != NOBODY:
            # Allowed; that it ends at the sign-in page is no refusal.
            assert should == "allowed"
            clients[who].force_login(StaffMember.objects.get(username=who))
        elif name in SIGNED and method == "POST":
            assert (should, response.status_code) == ("allowed", 403)
        elif response.status_code >= 500 or answered(response) != should:
            wrong.append((who, method, response.status_code, should))
    assert wrong == []
