"""The answers that are understood, in any width, kana and politeness; a closed list, no guesses.

What is not one of these, word for word, is read by staff: a no to a question, a name, a date, an
excuse. 「キャンセル」 and 「欠席」 keep the seat (rule 37); giving up a series is said to a person.
"""

import re
import unicodedata
from dataclasses import dataclass

from classes.models import Reply

Meaning = Reply.Meaning

# Twilio stops a number by itself at these words, whatever we make of them.
PROVIDER_STOPS = frozenset(
    ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke")
)
_ENGLISH = {
    Meaning.WILL_COME: (
        "yes", "ok", "okay", "iwillcome", "illcome", "coming", "iamcoming", "imcoming",
        "iwillbethere", "illbethere",
    ),
    Meaning.WILL_NOT_COME: (
        "icannotcome", "icantcome", "icantmakeit", "icannotmakeit", "notcoming",
        "iamnotcoming", "imnotcoming", "absent",
    ),
    Meaning.STOP: (*sorted(PROVIDER_STOPS), "pleasestop", "nomoremessages"),
    Meaning.WRONG_PERSON: ("wrongnumber", "wrongperson"),
}  # fmt: skip

# All of it in hiragana, as the text is when it is compared.
# 行か|せてください, 参加|させてください.
_MAY = r"(?:せて(?:いただ|頂)きます|せて(?:もら|貰)います|せて(?:くだ|下)さい)"
_DO = rf"(?:する|します|しました|いたします|さ{_MAY})"
_PLEASE = r"(?:してください|して下さい|をして(?:くだ|下)さい|希望|きぼう)"
_JAPANESE = {
    Meaning.WILL_COME: (
        r"はい",
        r"(?:行|い)(?:きます|く|けます|ける|くよ|きますよ)",
        rf"(?:行|い)か{_MAY}",
        r"(?:伺|うかが)(?:います|えます)",
        r"(?:参|まい)ります",
        rf"(?:参加|さんか|出席|しゅっせき)(?:で|{_DO}|できます)?",
    ),
    Meaning.WILL_NOT_COME: (
        # 「おやすみ」 alone says good night.
        r"(?:お|御)?休み(?:ます|です|にします|にする)?",
        r"やすみ(?:ます|です|にします|にする)?|おやすみ(?:ます|にします|にする)",
        rf"(?:お|御)?(?:休|やす)み{_DO}",
        r"(?:休|やす)む",
        rf"(?:休|やす)ま{_MAY}",
        rf"(?:欠席|けっせき)(?:で|{_DO})?",
        r"(?:行|い)(?:けません|けない|けなくなりました|かれません|きません|かない)",
        r"(?:伺|うかが)(?:えません|えなくなりました)",
        r"(?:参加|さんか|出席|しゅっせき)(?:できません|出来ません|できない|出来ない|しません|しない"
        r"|できなくなりました|出来なくなりました)",
        r"不(?:参加|さんか)(?:で)?",
        rf"きゃんせる(?:で|を|を?{_DO}|{_PLEASE})?",
    ),
    Meaning.STOP: (
        rf"(?:配信|はいしん|送信|そうしん)?(?:を)?(?:停止|ていし)(?:を)?(?:{_DO}|{_PLEASE})?",
        rf"(?:配信|はいしん)(?:を)?(?:解除|かいじょ)(?:を)?(?:{_DO}|{_PLEASE})?",
        r"(?:配信|めっせーじ|めーる|sms)(?:は)?(?:不要|ふよう|いりません|要りません)",
        r"(?:もう)?(?:送|おく)らないで(?:くだ|下)さい",
        r"(?:もう)?(?:送|おく)らないで",
        r"すとっぷ",
    ),
    Meaning.WRONG_PERSON: (
        r"(?:人|ひと)(?:違|ちが)い",
        r"別人",
        r"(?:電話)?(?:番号|ばんごう)(?:が|を|の)?(?:違|ちが|間違|まちが)い(?:ます|ました)?",
        r"(?:電話)?(?:番号|ばんごう)(?:を)?(?:間違|まちが)(?:えて(?:い)?ます|っています)",
        r"(?:違|ちが)います",
        r"(?:送信先|宛先|あて先|相手)(?:が)?(?:違|ちが|間違|まちが)い(?:ます)?",
    ),
}
_DIGITS = {Meaning.WILL_COME: "1", Meaning.WILL_NOT_COME: "2"}
# What stands before and after an answer and adds nothing to it.
_BEFORE = (
    r"(?:すみません|すいません|すみませんが|すいませんが|申し訳ありません(?:が)?|申し訳ございません(?:が)?"
    r"|ごめんなさい|恐れ入りますが|おそれいりますが|こんにちは|おはようございます|こんばんは|はい|では)"
)
_AFTER = (
    r"(?:です|でございます|よろしく|宜しく|お願いします|おねがいします|お願いいたします|お願い致します"
    r"|おねがいいたします|ありがとうございます|ありがとうございました|有難うございます|すみません"
    r"|申し訳ありません|ごめんなさい|ね|よ)"
)
_DAYS = {"今日": 0, "きょう": 0, "本日": 0, "明日": 1, "あした": 1, "あす": 1}
_WHEN = rf"(?:(?P<day>{'|'.join(_DAYS)}|今回)(?:は|の講座は|の教室は|を|も)?)?"

# Marks that end or dress a sentence. A question mark is none: a question is for somebody to read.
_MARKS = re.compile(r"[\s。、.,!！・:;'\"“”‘’「」『』()\[\]【】<>〈〉《》_~〜\-–—…♪♡☆★※#*＊]+")
# Whoever writes more than this writes to be read.
LONGEST = 60
_LEFT_OUT = frozenset(("So", "Sk", "Cf", "Cc", "Me"))
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


@dataclass(frozen=True)
class Understood:
    """What an answer means; `days_ahead` where it names a day (今日 0, 明日 1)."""

    meaning: Reply.Meaning
    days_ahead: int | None = None


def _pattern(meaning: Reply.Meaning) -> re.Pattern[str]:
    phrase = "|".join((*_JAPANESE[meaning], *_ENGLISH[meaning]))
    # 「1」, 「1番」, 「1 はい」; never 「1名」 or 「12」.
    digit = rf"{_DIGITS[meaning]}(?:番)?" if meaning in _DIGITS else r"(?!)"
    said = rf"(?:{_WHEN}(?:{phrase}))"
    more = rf"(?:(?:{phrase})|{_AFTER})*"
    return re.compile(rf"{_BEFORE}*(?:{digit}{_AFTER}*|(?:{digit})?{said}{more})")


_PATTERNS = {meaning: _pattern(meaning) for meaning in _JAPANESE}


def fold(text: str) -> str:
    """An answer as it is compared: one width, one case, hiragana, no blanks, marks or pictures."""
    plain = unicodedata.normalize("NFKC", _VARIATIONS.sub("", text)).casefold()
    plain = _MARKS.sub("", plain.translate(_TO_HIRAGANA))
    return "".join(c for c in plain if unicodedata.category(c) not in _LEFT_OUT)


def says_cancel(text: str) -> bool:
    """Whether 「キャンセル」 is among the words."""
    return "きゃんせる" in fold(text)


def understand(text: str) -> Understood:
    """What one incoming text means; OTHER where it is not on the list, or means two things."""
    folded = fold(text) if len(text) <= 2 * LONGEST else ""
    if folded in PROVIDER_STOPS:
        return Understood(Meaning.STOP)
    if not folded or len(folded) > LONGEST:
        return Understood(Meaning.OTHER)
    found = {
        meaning: match
        for meaning, pattern in _PATTERNS.items()
        if (match := pattern.fullmatch(folded))
    }
    if len(found) != 1:
        return Understood(Meaning.OTHER)
    meaning, match = next(iter(found.items()))
    return Understood(meaning, _DAYS.get(match["day"] or ""))
