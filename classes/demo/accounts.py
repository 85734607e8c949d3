"""Who works in the demo city. Those who sign in share one password, which everybody may read."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from staff import roles
from staff.models import StaffMember

PASSWORD = "sumaho-kyoshitsu"  # noqa: S105 - printed on purpose; only demo accounts have it


@dataclass(frozen=True)
class Account:
    """One staff member of the demo; `signs_in` gives the demo password."""

    username: str
    name: str
    role: str
    signs_in: bool = True


ACCOUNTS = (
    Account("uketsuke", "田口 美咲", roles.RECEPTION),
    Account("uketsuke2", "宮本 直樹", roles.RECEPTION),
    Account("uketsuke3", "岸 真由美", roles.RECEPTION),
    Account("tanto", "川島 由美", roles.COORDINATOR),
    Account("kanri", "黒田 誠", roles.ADMINISTRATOR),
    Account("koshi", "早川 恵", roles.INSTRUCTOR),
    Account("koshi2", "岩崎 学", roles.INSTRUCTOR),
    Account("koshi3", "星野 さゆり", roles.INSTRUCTOR, signs_in=False),
    Account("hojo1", "平野 千尋", roles.INSTRUCTOR, signs_in=False),
    Account("hojo2", "久保 勇太", roles.INSTRUCTOR, signs_in=False),
    Account("hojo3", "野口 明美", roles.INSTRUCTOR, signs_in=False),
    Account("hojo4", "菅原 亮", roles.INSTRUCTOR, signs_in=False),
)
_SIGN_IN = {account.username for account in ACCOUNTS if account.signs_in}


def make(*, reset: bool, now: datetime.datetime) -> dict[str, StaffMember]:
    """The staff by user name; whoever is missing is made.

    An account that stands already keeps its password, unless `reset` says that it is a demo's.
    """
    hashed = make_password(PASSWORD)
    known = {m.username: m for m in StaffMember.objects.filter(username__in=_usernames())}
    for account in ACCOUNTS:
        member = known.get(account.username)
        if member is None:
            known[account.username] = _create(account, hashed, now)
        elif reset and account.signs_in and not check_password(PASSWORD, member.password):
            member.password = hashed
            member.is_active = True
            member.ends_on = None
            member.save(update_fields=["password", "is_active", "ends_on"])
    return known


def able_to_sign_in() -> list[tuple[Account, str]]:
    """Demo accounts that exist, each with the password that opens it, "" where it was changed."""
    stored = dict(
        StaffMember.objects.filter(username__in=_SIGN_IN).values_list("username", "password")
    )
    # They share one hash as they were made, so that it is reckoned once.
    opened = {hashed: check_password(PASSWORD, hashed) for hashed in set(stored.values())}
    return [
        (account, PASSWORD if opened[stored[account.username]] else "")
        for account in ACCOUNTS
        if account.username in stored
    ]


def _usernames() -> Iterable[str]:
    return [account.username for account in ACCOUNTS]


def _create(account: Account, hashed: str, now: datetime.datetime) -> StaffMember:
    member = StaffMember.objects.create_user(
        account.username,
        name=account.name,
        date_joined=now - datetime.timedelta(days=300),
        # Rule 70: an account has an end; this one's is in sight.
        ends_on=timezone.localtime(now).date() + datetime.timedelta(days=120)
        if account.username == "uketsuke3"
        else None,
    )
    if account.signs_in:
        member.password = hashed
        member.save(update_fields=["password"])
    member.groups.add(Group.objects.get_or_create(name=account.role)[0])
    return member
