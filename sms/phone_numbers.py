"""Phone numbers as people say them, as E.164 stores them, and which of them an SMS reaches."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SPOKEN_LENGTH = 40
# What people put between the digits once full width has become ASCII: brackets, dots, spaces,
# and every dash a Japanese keyboard offers, the long-vowel mark included.
DASHES = "-‐‑‒–—―─━−ー﹣"
SEPARATORS = f"{DASHES}()[]./・ \t\n　"
SEPARATOR = re.compile("[" + re.escape(SEPARATORS) + "]+")
EXTENSION = re.compile(r"内線|ext|[x#*]", re.IGNORECASE)
NO_PHONE_WORDS = frozenset({"なし", "無し", "無", "ない", "ナシ", "電話なし", "none", "no"})


class PhoneKind(TextChoices):
    MOBILE = "mobile", _("mobile phone")
    LANDLINE = "landline", _("landline")
    IP_PHONE = "ip_phone", _("IP phone (050)")
    TOLL_FREE = "toll_free", _("toll-free number")
    M2M = "m2m", _("data line (020)")
    NAVI = "navi", _("shared-cost number (0570)")
    PERSONAL = "personal", _("forwarding number (060, ten digits)")
    OTHER = "other", _("other number")


@dataclass(frozen=True)
class ParsedNumber:
    """One number: stored form, the caller's words, and how it is shown (rule 7)."""

    e164: str
    spoken: str
    national: str
    sms_capable: bool
    kind: PhoneKind


class InvalidNumber(ValueError):
    """The text is no phone number; the message, translated, says what to do.

    `suggestion` is a number that was probably meant, for the operator to confirm, or "".
    """

    def __init__(self, message: str, *, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


class NoNumber(InvalidNumber):
    """Nothing was given, or a word such as なし."""


class LocalNumber(InvalidNumber):
    """A number without its area code (rule 6).

    `suggested` is the number with the city's own area code, or None where that gives no number.
    """

    def __init__(self, message: str, *, suggested: ParsedNumber | None) -> None:
        super().__init__(message, suggestion=suggested.national if suggested else "")
        self.suggested = suggested


def parse(text: str, *, area_code: str) -> ParsedNumber:
    """The number that was said or typed, in any width and with any separators (rules 6 to 9).

    `area_code` is the city's own, with its 0. Raises LocalNumber where the area code is missing,
    NoNumber where nothing was given, InvalidNumber for anything else that is no number.
    """
    spoken = " ".join(text.split())
    digits, abroad = _read(text)
    if abroad:
        return _parse_abroad(digits, spoken)
    if digits.startswith("0"):
        return _number(digits, spoken)
    if 5 <= len(digits) <= 8:
        raise _local(digits, spoken, area_code)
    if restored := _restore_zero(digits):
        raise InvalidNumber(
            gettext("The first 0 is missing. Ask for the number from its first 0."),
            suggestion=_number(restored, spoken).national,
        )
    raise InvalidNumber(_length_message(len(digits)))


def parse_cell(value: object, *, area_code: str) -> ParsedNumber:
    """The number in a workbook's cell, where Excel may have dropped the leading zero (rule 67).

    Raises what `parse` raises; a zero is restored only where the result is a whole number.
    """
    if value is None:
        return parse("", area_code=area_code)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidNumber(
            gettext("Excel has changed this number. Type it again, from its first 0.")
        )
    if isinstance(value, float) and not value.is_integer():
        raise InvalidNumber(
            gettext("Excel has changed this number. Type it again, from its first 0.")
        )
    text = value if isinstance(value, str) else str(int(value))
    digits = _to_ascii(text).strip()
    if re.fullmatch(r"[0-9]+", digits):
        if restored := _restore_zero(digits):
            return _number(restored, text.strip())
        if re.fullmatch(r"81[1-9][0-9]{8,9}", digits):
            return _number("0" + digits[2:], text.strip())
    return parse(text, area_code=area_code)


def is_sms_capable(e164: str) -> bool:
    """Whether an SMS reaches the number: 060/070/080/090 and eight digits (rules 8 and 9).

    0800 and seven digits is a toll-free number, although it has the shape of an 080 mobile.
    """
    return re.fullmatch(r"\+81(?:[679]0[0-9]{8}|80[1-9][0-9]{7})", e164) is not None


def kind_of(e164: str) -> PhoneKind:
    """What sort of line a stored number is (rules 8 and 9)."""
    if is_sms_capable(e164):
        return PhoneKind.MOBILE
    if not e164.startswith("+81"):
        return PhoneKind.OTHER
    national = "0" + e164[3:]
    for pattern, kind in (
        (r"050[0-9]{8}", PhoneKind.IP_PHONE),
        (r"0120[0-9]{6}|0800[0-9]{7}", PhoneKind.TOLL_FREE),
        (r"020[0-9]{8}|0200[0-9]{10}", PhoneKind.M2M),
        (r"0570[0-9]{6}", PhoneKind.NAVI),
        (r"060[0-9]{7}", PhoneKind.PERSONAL),
        (r"0(?:180|990)[0-9]{6}", PhoneKind.OTHER),
        (r"0[1-9](?!0)[0-9]{8}", PhoneKind.LANDLINE),
    ):
        if re.fullmatch(pattern, national):
            return kind
    return PhoneKind.OTHER


def display(e164: str) -> str:
    """The number as it is printed in Japan, with dashes: 042-626-3111."""
    national = national_digits(e164)
    if is_sms_capable(e164) or kind_of(e164) in (PhoneKind.IP_PHONE, PhoneKind.M2M):
        return f"{national[:3]}-{national[3:7]}-{national[7:]}"
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    if not e164.startswith("+81"):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    # libphonenumber drops the 0 of numbers that it does not know yet.
    return shown if shown.startswith("0") else national


def national_digits(e164: str) -> str:
    """The digits as dialled in Japan (09031174912); a foreign number keeps its country code."""
    return "0" + e164[3:] if e164.startswith("+81") else e164.lstrip("+")


def search_digits(text: str) -> str:
    """The digits of a search for a number, typed in any width, or "" if it is no such search."""
    ascii_text = _to_ascii(text).strip()
    digits = SEPARATOR.sub("", ascii_text.removeprefix("+"))
    if not re.fullmatch(r"[0-9]+", digits):
        return ""
    if ascii_text.startswith("+81"):
        return "0" + digits[2:].removeprefix("0")
    if digits.startswith("0081"):
        return "0" + digits[4:].removeprefix("0")
    return digits


def _to_ascii(text: str) -> str:
    """NFKC, but a half-width long mark stays a dash and a circled digit stays no digit."""
    return "".join(c if c in "①②③④⑤⑥⑦⑧⑨" else unicodedata.normalize("NFKC", c) for c in text)


def _read(text: str) -> tuple[str, bool]:
    """The bare digits, and whether they start with a country code."""
    ascii_text = _to_ascii(text).strip()
    if not SEPARATOR.sub("", ascii_text) or ascii_text.lower() in NO_PHONE_WORDS:
        raise NoNumber(gettext("There is no phone number. Ask for one."))
    if len(" ".join(ascii_text.split())) > SPOKEN_LENGTH:
        raise InvalidNumber(gettext("Write one number only. Further numbers get their own line."))
    ascii_text = re.sub(r"^tel[.:]?\s*", "", ascii_text, flags=re.IGNORECASE)
    if EXTENSION.search(ascii_text):
        raise InvalidNumber(
            gettext("Leave the extension out of the number and write it in the notes.")
        )
    abroad = ascii_text.startswith(("+", "(+"))
    digits = SEPARATOR.sub("", ascii_text.replace("+", "", 1) if abroad else ascii_text)
    if not re.fullmatch(r"[0-9]+", digits):
        raise InvalidNumber(
            gettext("Write only digits and dashes as the number, anything else in the notes.")
        )
    if digits.startswith("0081"):
        return digits[2:], True
    return digits, abroad


def _parse_abroad(digits: str, spoken: str) -> ParsedNumber:
    """A number with its country code; Japan's may carry the 0 of its area code as well."""
    if digits.startswith("81"):
        return _number("0" + digits[2:].removeprefix("0"), spoken)
    e164 = "+" + digits
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise InvalidNumber(gettext("There is no such number abroad. Check the country code."))
    return ParsedNumber(e164, spoken, display(e164), False, PhoneKind.OTHER)


def _number(digits: str, spoken: str) -> ParsedNumber:
    """A national number from its first 0, refused if its length cannot be right."""
    if len(digits) > 14:
        raise InvalidNumber(gettext("Write one number only. Further numbers get their own line."))
    expected = _expected_length(digits)
    if expected is None:
        raise InvalidNumber(gettext("No number starts like this. Ask for the number once more."))
    if len(digits) not in expected:
        raise InvalidNumber(_length_message(len(digits)))
    e164 = "+81" + digits[1:]
    return ParsedNumber(e164, spoken, display(e164), is_sms_capable(e164), kind_of(e164))


def _expected_length(digits: str) -> tuple[int, ...] | None:
    """How many digits a national number with this beginning has, or None if none begins so."""
    if digits.startswith(("00", "010", "030", "040")):
        return None
    if digits.startswith("0200"):
        return (11, 14)
    if digits.startswith("060"):
        return (10, 11)
    if re.match(r"0[25789]0", digits):
        return (11,)
    return (10,)


def _restore_zero(digits: str) -> str:
    """The number with the 0 that Excel drops, or "" if that does not make a whole one."""
    if re.fullmatch(r"[1-9][0-9]{8}|[256789]0[0-9]{8}", digits):
        restored = "0" + digits
        expected = _expected_length(restored)
        return restored if expected and len(restored) in expected else ""
    return ""


def _local(digits: str, spoken: str, area_code: str) -> LocalNumber:
    """The refusal of a number without area code, with the city's own to confirm (rule 6)."""
    suggested = None
    if len(area_code) + len(digits) == 10 and digits[0] not in "01":
        suggested = _number(area_code + digits, spoken)
        message = gettext("The area code is missing. Is it %(area_code)s? Ask, then confirm.")
    else:
        message = gettext("The beginning of the number is missing. Ask for it from its first 0.")
    return LocalNumber(message % {"area_code": area_code}, suggested=suggested)


def _length_message(length: int) -> str:
    return gettext(
        "These are %(count)s digits: landlines have 10, mobile phones 11. Ask once more."
    ) % {"count": length}
