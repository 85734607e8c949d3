"""While somebody new is typed: what the search text may begin, the age, a whole number, and
people on record who may be the same."""

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from classes.desk_forms import is_latin
from learners import birth_dates, duplicates, names
from learners.duplicates import Duplicate
from learners.models import Learner
from sms import phone_numbers

_KANA_ONLY = re.compile("[ぁ-ヿｦ-ﾟー・\\s]+")


@dataclass(frozen=True)
class Hints:
    """What is shown beside the fields; nothing of it changes what was typed."""

    age: int | None = None
    era_date: str = ""
    birth_error: str = ""
    phone: str = ""
    sms_capable: bool | None = None
    suggestion: str = ""
    phone_error: str = ""
    duplicates: tuple[Duplicate, ...] = ()


def begin(text: str) -> dict[str, str]:
    """Put a search that found nobody where it belongs: number, kana or name."""
    text = " ".join(text.split())
    if not text:
        return {}
    if phone_numbers.search_digits(text):
        # Four digits are the end of a number, not a number.
        return {"phone": text} if len(phone_numbers.search_digits(text)) > 5 else {}
    return {"kana": text} if _KANA_ONLY.fullmatch(text) else {"name": text}


def beside(typed: Mapping[str, str], known: Learner | None) -> dict[str, str]:
    """What a second person shares with the first: family name, phone, address (rule 26)."""
    if known is None:
        name, kana = typed.get("first-name", ""), typed.get("first-kana", "")
        shared = {
            field: typed.get(f"first-{field}", "")
            for field in ("phone", "address", "postcode", "owner", "owner_name")
        }
    else:
        numbers = list(known.phone_numbers.all())
        first = numbers[0] if numbers else None
        name, kana = known.name, known.kana
        shared = {
            "phone": str(first) if first else "",
            "address": known.address,
            "postcode": known.postcode,
            "owner": first.owner if first else "",
            "owner_name": first.owner_name if first else "",
        }
    return {**shared, "name": _family_name(name), "kana": _family_name(kana)}


def hints(typed: Mapping[str, str], prefix: str, *, today: datetime.date, area_code: str) -> Hints:
    """Age, number and likely duplicates of what stands in the fields now (rules 4, 6 and 13)."""
    birth, birth_error = _birth(typed.get(f"{prefix}-birth", ""), today)
    number, suggestion, phone_error = _phone(typed.get(f"{prefix}-phone", ""), area_code)
    name = names.clean_name(typed.get(f"{prefix}-name", ""))
    found = duplicates.likely(
        kana=typed.get(f"{prefix}-kana", ""),
        latin_name=name if is_latin(name) else "",
        phones=[number.e164] if number else [],
        birth_date=birth,
        exclude=_already_chosen(typed),
        limit=2,
    )
    return Hints(
        age=birth_dates.age_on(birth, today) if birth else None,
        era_date=birth_dates.format_era_date(birth) if birth else "",
        birth_error=birth_error,
        phone=number.national if number else "",
        sms_capable=number.sms_capable if number else None,
        suggestion=suggestion,
        phone_error=phone_error,
        duplicates=tuple(found),
    )


def _birth(text: str, today: datetime.date) -> tuple[datetime.date | None, str]:
    if not text.strip():
        return None, ""
    try:
        return birth_dates.parse(text, today=today), ""
    except birth_dates.ImpossibleDate as error:
        return None, str(error)


def _phone(text: str, area_code: str) -> tuple[phone_numbers.ParsedNumber | None, str, str]:
    if not unicodedata.normalize("NFKC", text).strip():
        return None, "", ""
    try:
        return phone_numbers.parse(text, area_code=area_code), "", ""
    except phone_numbers.NoNumber:
        return None, "", ""
    except phone_numbers.InvalidNumber as error:
        return None, error.suggestion, str(error)


def _already_chosen(typed: Mapping[str, str]) -> list[int]:
    chosen = (typed.get("learner", ""), typed.get("second_learner", ""))
    return [int(pk) for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < 18]


def _family_name(name: str) -> str:
    parts = name.split()
    return parts[0] + " " if len(parts) > 1 else ""
