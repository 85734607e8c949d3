"""Names as they are kept: kanji untouched, spaces one, kana in full-width katakana."""

import re
import unicodedata

from django.utils.translation import gettext

from learners import folding

# Letters and marks of a reading: katakana, long mark, iteration marks, the dot of foreign names.
_KANA = re.compile("[ァ-ヺーヽヾ・ ]*")
_INVISIBLE = dict.fromkeys([0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF])


class InvalidKana(ValueError):
    """The reading holds something other than kana; the message, translated, says what to do."""


def clean_name(text: str) -> str:
    """A name trimmed, with one ASCII space between its parts, every letter as typed (rule 17).

    No Unicode normalisation: it would replace rare kanji by common ones.
    """
    kept = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join(kept.translate(_INVISIBLE).split())


def normalise_kana(text: str) -> str:
    """A reading as full-width katakana, its parts as typed: ﾌｼﾞﾀ ｲﾁﾛｳ → フジタ イチロウ (rule 2).

    "" stays "". Raises InvalidKana for kanji, Latin letters or digits.
    """
    kana = " ".join(folding.to_katakana(text).replace("=", "・").split())
    if not _KANA.fullmatch(kana):
        raise InvalidKana(gettext("Write the kana in katakana or hiragana only."))
    return kana
