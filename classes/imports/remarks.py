"""What short entries and free remarks tell: consent, device, needs, a loan phone, who called."""

import re
import unicodedata
from dataclasses import dataclass

from learners.models import Learner, PhoneNumber


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES = _words("○ ◯ 〇 ⭕ ● ◎ o y yes ok true 1 可 はい 有 あり 同意 希望 可能 レ ✓ ✔ ☑")
_NO = _words("× ✕ ✖ ❌ x n no ng false 0 不可 否 いいえ 無 なし 不要 不同意 希望しない 拒否")
_FEMALE = _words("女 女性 f female 婦人 ♀")
_MALE = _words("男 男性 m male ♂")
_NONE = _words("- ー − ― なし 無し 無 ない ナシ none × /")

_DEVICES = (
    (re.compile(r"らくらく|かんたん|簡単|シニア|easy", re.IGNORECASE), Learner.Device.EASY_PHONE),
    (re.compile(r"iphone|アイフォン|アイホン|ios", re.IGNORECASE), Learner.Device.IPHONE),
    (
        re.compile(
            r"android|アンドロイド|galaxy|ギャラクシー|xperia|エクスペリア|aquos|アクオス|pixel|arrows",
            re.IGNORECASE,
        ),
        Learner.Device.ANDROID,
    ),
    (
        re.compile(
            r"^(?:なし|無し|無|ない|ナシ|未所持|持っていない|持ってない|ガラケー.*|none|no)$",
            re.IGNORECASE,
        ),
        Learner.Device.NONE,
    ),
)
_UNKNOWN_DEVICE = frozenset({"不明", "わからない", "分からない", "?", "-", "unknown"})

_NEEDS = (
    (re.compile(r"耳が(?:遠|悪|聞こえ)|難聴|補聴器|聞こえにく|hard of hearing", re.IGNORECASE),
     Learner.SupportNeed.HEARING),
    (re.compile(r"手話"), Learner.SupportNeed.SIGN_LANGUAGE),
    (re.compile(r"要約筆記"), Learner.SupportNeed.CAPTIONING),
    (re.compile(r"目が(?:悪|不自由|見え)|弱視|視覚障|見えにく"), Learner.SupportNeed.SIGHT),
    (re.compile(r"つえ|杖|歩行器|シルバーカー"), Learner.SupportNeed.WALKING),
    (re.compile(r"車(?:いす|椅子|イス)"), Learner.SupportNeed.WHEELCHAIR),
    (re.compile(r"1階|一階"), Learner.SupportNeed.GROUND_FLOOR),
)  # fmt: skip
_NOT_NEEDED = re.compile(r"不要|いらない|いりません|なし$|無し$")
_LOAN = re.compile(r"貸出|貸し出し|貸出し|借りたい|レンタル")
_PROXY = re.compile(
    r"(?:ご)?(長女|次女|三女|娘|長男|次男|三男|息子|妻|奥様|夫|ご主人|主人|嫁|お嫁さん|孫|姉|妹|兄|弟|家族"
    r"|ケアマネ(?:ジャー|ージャー)?|ヘルパー|施設)(?:さん|様)?(?:が|から|より)(?:の)?(?:お)?(?:電話|連絡|申込|代理)"
)


@dataclass(frozen=True)
class Remark:
    """What a remark says beyond its words, which are kept whatever they say."""

    needs: tuple[str, ...] = ()
    wants_loan_phone: bool = False
    proxy_relation: str = ""


def consent(text: str) -> str:
    """SMS consent from ○ or ×; anything else was not asked (rule 11)."""
    word = _word(text)
    if word in _YES:
        return PhoneNumber.Consent.GIVEN
    if word in _NO:
        return PhoneNumber.Consent.REFUSED
    return PhoneNumber.Consent.UNKNOWN


def sex(text: str) -> str:
    word = _word(text)
    if word in _FEMALE:
        return Learner.Sex.FEMALE
    return Learner.Sex.MALE if word in _MALE else ""


def device(text: str) -> tuple[str, bool]:
    """The device, and whether the word said all there is (otherwise it belongs into the note)."""
    word = unicodedata.normalize("NFKC", text).strip()
    if not word or word.casefold() in _UNKNOWN_DEVICE:
        return "", True
    for pattern, found in _DEVICES:
        if pattern.search(word):
            return found, True
    return "", False


def is_nothing(text: str) -> bool:
    """Whether an entry says that there is none: a dash, なし."""
    return _word(text) in _NONE


def read_remark(text: str) -> Remark:
    """Needs, a wish for a loan phone and a proxy caller in a free remark (rules 10, 20 and 39)."""
    plain = unicodedata.normalize("NFKC", text)
    parts = [part for part in re.split(r"[。、,;\n]", plain) if not _NOT_NEEDED.search(part)]
    kept = "。".join(parts)
    needs = tuple(need.value for pattern, need in _NEEDS if pattern.search(kept))
    proxy = _PROXY.search(plain)
    return Remark(needs, _LOAN.search(kept) is not None, proxy.group(1) if proxy else "")


def _word(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
