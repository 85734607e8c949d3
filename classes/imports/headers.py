"""Column headers as offices write them, and which field each of them means."""

import re
import unicodedata
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

CALLER_FIELDS: dict[str, StrOrPromise] = {
    "number": _("running number"),
    "received": _("received at"),
    "received_date": _("day received"),
    "received_time": _("time received"),
    "name": _("full name"),
    "family_name": _("family name"),
    "given_name": _("given name"),
    "kana": _("kana"),
    "family_kana": _("kana of the family name"),
    "given_kana": _("kana of the given name"),
    "birth_date": _("date of birth"),
    "sex": _("sex"),
    "postcode": _("postcode"),
    "address": _("address"),
    "phone": _("phone number"),
    "mobile": _("second phone"),
    "choice1": _("first choice"),
    "choice2": _("second choice"),
    "choice3": _("third choice"),
    "choice4": _("fourth choice"),
    "choice5": _("fifth choice"),
    "companion": _("comes together with"),
    "device": _("device"),
    "sms": _("SMS consent"),
    "note": _("note"),
}
CLASS_FIELDS: dict[str, StrOrPromise] = {
    "number": _("running number"),
    "code": _("code in the city's paper"),
    "course": _("course"),
    "level": _("level"),
    "venue": _("venue"),
    "instructor": _("instructor"),
    "capacity": _("capacity"),
    "day": _("day"),
    "starts": _("starts at"),
    "ends": _("ends at"),
    "note": _("note"),
}
CHOICE_FIELDS = ("choice1", "choice2", "choice3", "choice4", "choice5")

_CALLER_WORDS = {
    "number": "受付番号 no 番号 整理番号 通し番号 連番 # № 受付no number",
    "received": (
        "受付日時 受付時刻 受付時間 日時 受信日時 着信日時 着信時刻 受電日時 受電時刻 申込日時 "
        "received receivedat datetime timestamp calltime"
    ),
    "received_date": "受付日 申込日 受電日 着信日 datereceived calldate",
    "received_time": "時刻 時間 timereceived",
    "name": (
        "氏名 名前 お名前 ご氏名 申込者 申込者氏名 申込者名 参加者 参加者氏名 受講者 受講者氏名 "
        "氏名漢字 漢字氏名 name fullname applicant"
    ),
    "family_name": "姓 氏 苗字 名字 familyname lastname surname",
    "given_name": "名 givenname firstname",
    "kana": (
        "フリガナ ふりがな カナ かな 氏名カナ カナ氏名 氏名フリガナ 氏名ふりがな 名前カナ "
        "氏名かな ヨミガナ よみがな 読み 読み仮名 ヨミ よみ 振り仮名 振仮名 kana furigana "
        "reading namekana"
    ),
    "family_kana": "セイ せい 姓カナ 姓フリガナ 姓ふりがな 姓かな familynamekana",
    "given_kana": "メイ めい 名カナ 名フリガナ 名ふりがな 名かな givennamekana",
    "birth_date": (
        "生年月日 誕生日 生年 お誕生日 ご生年月日 birthdate dateofbirth birthday dob born"
    ),
    "sex": "性別 男女 sex gender",
    "postcode": "郵便番号 〒 郵便 郵便no postcode postalcode zip zipcode",
    "address": "住所 ご住所 現住所 住所地 居住地 address",
    "phone": (
        "連絡先tel 日中連絡先 電話番号 電話 tel 連絡先 お電話番号 ご連絡先 連絡先電話番号 "
        "連絡先電話 電話no telno 固定電話 自宅電話 phone phonenumber telephone"
    ),
    "mobile": (
        "携帯 携帯電話 携帯番号 携帯電話番号 電話番号2 電話2 連絡先2 tel2 mobile mobilephone "
        "cellphone phone2"
    ),
    "choice1": (
        "クラス 教室 講座 コース 希望教室 希望の教室 希望の講座 希望記号 申込クラス 申込講座"
    ),
    "companion": (
        "同伴者氏名 同伴者名 同行者氏名 同行者名 同伴 同伴者 同行 同行者 一緒に 一緒 ご一緒 "
        "一緒の方 ペア 連れ お連れ様 夫婦 companion together with partner"
    ),
    "device": (
        "機種 スマホ スマートフォン スマホ機種 スマホの機種 お持ちの機種 使用機種 端末 device "
        "smartphone handset"
    ),
    "sms": (
        "sms可 sms smsの可否 sms可否 sms同意 sms送信可 sms希望 ショートメール "
        "ショートメッセージ smsconsent smsok"
    ),
    "note": (
        "備考 メモ 備考欄 特記事項 摘要 その他 連絡事項 note notes memo remarks comment comments"
    ),
}
_CLASS_WORDS = {
    "number": "no 番号 連番 # № number",
    "code": (
        "記号 クラス コード クラス記号 クラスコード クラス名 教室記号 講座記号 講座コード 組 "
        "code class classcode"
    ),
    "course": "講座名 講座 教室名 コース コース名 テーマ 内容 course coursename title",
    "level": "レベル 段階 ステップ 難易度 level step stage",
    "venue": "会場 場所 開催場所 会場名 施設 実施場所 venue place location hall",
    "instructor": "講師 担当 担当者 講師名 担当講師 instructor teacher",
    "capacity": "定員 人数 募集人数 募集人員 席数 定員数 capacity seats places",
    "day": "日程 日付 開催日 日 実施日 月日 年月日 日時 開講日 期日 date day lessondate",
    "starts": (
        "開始 開始時刻 開始時間 始 時間 時刻 開催時間 実施時間 時間帯 from start starts "
        "starttime begins"
    ),
    "ends": "終了 終了時刻 終了時間 終 to end ends endtime finishes",
    "note": "備考 メモ 摘要 note notes remarks",
}

_CHOICE = re.compile(
    r"(?:第?([1-5一二三四五])(?:希望|志望|候補|番希望|番目の希望)|第([1-5一二三四五])|"
    r"(?:希望|志望|希望クラス|希望講座|希望コース)(?:第?([1-5]))?|"
    r"(?:choice|wish|preference)([1-5])?|([1-5])(?:st|nd|rd|th)(?:choice|wish|preference))"
    r"(?:クラス|講座|コース|教室)?"
)
_ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"}
_CIRCLED = "①②③④⑤"
_KANJI_DIGITS = "一二三四五"


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_\-.:・*※/()\[\]【】「」〔〕<>]+", "", folded)


_CALLERS = {_fold(word): name for name, words in _CALLER_WORDS.items() for word in words.split()}
_CLASSES = {_fold(word): name for name, words in _CLASS_WORDS.items() for word in words.split()}


def fold(text: str) -> str:
    """One spelling per header: width, case, spaces, dots and marks make no difference."""
    return _fold(text)


def field_of(text: str, *, callers: bool, by_hand: Mapping[str, str]) -> str | None:
    """The field that a header means, or None if it is not known.

    `by_hand` holds what staff named earlier (folded header → field). First it is read with what
    stands in brackets, 氏名(カナ), then without, 電話番号(日中).
    """
    words = _CALLERS if callers else _CLASSES
    bare = re.sub(r"\([^()]*\)|【[^】]*】|\[[^\]]*\]", "", unicodedata.normalize("NFKC", text))
    for candidate in (_fold(text), _fold(bare)):
        if not candidate:
            continue
        if candidate in by_hand:
            return by_hand[candidate]
        if candidate in words:
            return words[candidate]
        if callers and (choice := _choice(text, candidate)):
            return choice
    return None


def _choice(text: str, folded: str) -> str | None:
    stripped = text.strip()
    if stripped and stripped[0] in _CIRCLED and len(stripped) == 1:
        return f"choice{_CIRCLED.index(stripped) + 1}"
    for word, short in _ORDINALS.items():
        folded = re.sub(f"^{word}", short, folded)
    match = _CHOICE.fullmatch(folded)
    if match is None:
        return None
    digit = next((group for group in match.groups() if group), "1")
    if digit in _KANJI_DIGITS:
        digit = str(_KANJI_DIGITS.index(digit) + 1)
    return f"choice{digit}"
