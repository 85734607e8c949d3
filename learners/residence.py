"""Where a learner lives, read from the address as it was said: in the city or not, which town."""

import re
import unicodedata
from collections.abc import Collection

from django.utils.translation import gettext

from learners.folding import fold

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_POSTCODE = re.compile(r"^〒?\s*[0-9]{3}[-‐−–ー]?[0-9]{4}\s+|^〒\s*[0-9]{3}[-‐−–ー]?[0-9]{4}\s*")
_PREFECTURE = re.compile(
    r"^(?:北海道|東京都|(?:京都|大阪)府|"
    r"(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡"
    r"|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分"
    r"|宮崎|鹿児島|沖縄)県)"
)
# Where the house number begins: a digit, or kanji numerals that count something.
_HOUSE_NUMBER = re.compile(r"[0-9]|[〇一二三四五六七八九十]+(?:丁目|番地|番(?!町)|号)|番地")
_ONE_KANJI_CITIES = frozenset("津柏蕨堺呉萩光関旭燕")
# Markets of old gave their names to towns (八日市, 市場町); these are cities all the same.
_MARKET_TOWN = re.compile(r"^.{0,3}[二三四五六七八九十廿]日市(?!市)|^.{0,3}市場")
_TOKYO_WARD = re.compile(
    "千代田|中央|港|新宿|文京|台東|墨田|江東|品川|目黒|大田|世田谷|渋谷|中野|杉並|豊島"
    "|北|荒川|板橋|練馬|足立|葛飾|江戸川"
)
# Cities with wards of their own, some named like Tokyo's (港区, 中央区).
_DESIGNATED_CITY = re.compile(
    "(?:札幌|仙台|さいたま|千葉|横浜|川崎|相模原|新潟|静岡|浜松|名古屋|京都|大阪|堺"
    "|神戸|岡山|広島|北九州|福岡|熊本)市"
)


class InvalidPostcode(ValueError):
    """Not seven digits; the message, translated, says what to do."""


def is_resident(
    address: str, postcode: str, *, city: str, postcodes: Collection[str] = ()
) -> bool | None:
    """Whether the address lies in the city; None where that cannot be told (rule 15).

    People of the city leave its name out, so an address that names no other municipality is the
    city's. `postcodes` are the beginnings of the city's own postcodes (192, 193), where known:
    they decide what the address leaves open, and an address without a municipality whose
    postcode is none of the city's is unknown.
    """
    inside = _postcode_inside(postcode, postcodes)
    text, prefecture = _split_prefecture(_plain(address))
    if not re.search("[ぁ-ヿ一-鿿]", text):
        return True if inside else None
    named = _named_municipality(text, city=city, after_prefecture=bool(prefecture))
    if named == city:
        return True
    if named:
        return False
    if named is None:
        return inside
    return None if inside is False else True


def town(address: str, *, city: str) -> str:
    """The town without numbers (rule 5): 明神町; another city's with its name: 日野市神明."""
    text, _prefecture = _split_prefecture(_plain(address))
    rest = _without_city(text, city)
    head = _head(text if rest is None else rest)
    return (head.split() or [""])[0].rstrip("-(,、字")


def normalise_postcode(value: object) -> str:
    """A postcode as 192-0046; "" for nothing. A number from Excel gets its zeros back (rule 67).

    Raises InvalidPostcode for anything but seven digits.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:07d}"
    text = unicodedata.normalize("NFKC", str(value or ""))
    digits = re.sub(r"[〒\s\-‐‑‒–—―─━−ー.]", "", text)
    if not digits:
        return ""
    if not re.fullmatch("[0-9]{7}", digits):
        raise InvalidPostcode(gettext("Write the postcode as seven digits, like 192-0046."))
    return f"{digits[:3]}-{digits[3:]}"


def _plain(address: str) -> str:
    """ASCII digits and spaces, no postcode in front; kanji as typed (rule 17)."""
    return _POSTCODE.sub("", address.translate(_FULL_WIDTH).strip()).strip()


def _split_prefecture(text: str) -> tuple[str, str]:
    match = _PREFECTURE.match(text)
    return (text[match.end() :].strip(), match.group()) if match else (text, "")


def _postcode_inside(postcode: str, postcodes: Collection[str]) -> bool | None:
    """Whether the postcode is the city's, None if either is not known."""
    try:
        digits = normalise_postcode(postcode).replace("-", "")
    except InvalidPostcode:
        return None
    if not digits or not postcodes:
        return None
    return digits.startswith(tuple(p.replace("-", "") for p in postcodes))


def _head(text: str) -> str:
    """What stands before the house number."""
    match = _HOUSE_NUMBER.search(text)
    return text[: match.start()] if match else text


def _without_city(text: str, city: str) -> str | None:
    """What follows the city's name (with its 郡, where it has one), or None if it is not named."""
    match = re.match(r"^\D{1,5}?郡", text)
    for start in [0, *([match.end()] if match else [])]:
        length = len(city)
        # 茅ヶ崎市 and 茅ケ崎市, 龍ケ崎市 and 竜ケ崎市 are one.
        if fold(text[start : start + length]) == fold(city):
            return text[start + length :].strip()
    return None


def _named_municipality(text: str, *, city: str, after_prefecture: bool) -> str | None:
    """The municipality an address begins with, "" if it names none, None if it may be one."""
    if _without_city(text, city) is not None:
        return city
    head = "".join(_head(text).split())
    if name := _city_name(head):
        return name
    if match := re.match(r"(.{1,5}?郡.{1,6}?[町村])", head):
        return match.group(1)
    if match := re.match(r"(.{1,5}?)区", head):
        return _ward(match.group(1), city=city)
    # A town's name ends where the numbers begin (明神町6-8); what goes on after 町 or 村 may
    # be a town of another municipality (瑞穂町箱根ケ崎), or of this one (本町東).
    match = re.match(r"(.{1,5}?[町村])(?![町村]|大?字)..", head)
    if match:
        return match.group(1) if after_prefecture else None
    return ""


def _city_name(head: str) -> str:
    """The other city that an address begins with: 四日市市, 市川市, 津市; not 市場町 or 古市."""
    if _MARKET_TOWN.match(head):
        return ""
    end = head.find("市", 1)
    if end < 0:
        return ""
    if head[end + 1 : end + 2] == "市":
        end += 1
    name = head[:end]
    if len(name) == 1 and name not in _ONE_KANJI_CITIES:
        return ""
    return name + "市"


def _ward(name: str, *, city: str) -> str | None:
    if _DESIGNATED_CITY.fullmatch(city):
        return None
    return f"{name}区" if _TOKYO_WARD.fullmatch(name) else None
