"""Folding: one spelling for all the ways in which a name is written or typed (rules 2 and 17)."""

import re
import unicodedata

# Hiragana ぁ–ゖ, ゝ and ゞ stand 0x60 below their katakana.
_TO_KATAKANA = {code: code + 0x60 for code in [*range(0x3041, 0x3097), 0x309D, 0x309E]}
# Separate voiced marks become combining ones first: NFKC would set a space before them.
_VOICED_MARKS = str.maketrans({"゛": "\u3099", "゜": "\u309a"})
_LONG_MARKS = re.compile(r"(?<=[ァ-ヺヽヾー])[-‐‑‒–—―─━−~〜～ー]")
_VARIATION_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SAME_SOUND = str.maketrans(
    "ァィゥェォッャュョヮヵヶヂヅヰヱヲヴヷヸヹヺ",
    "アイウエオツヤユヨワカケジズイエオブワイエオ",
)
_VOWEL = {
    **dict.fromkeys("アカガサザタダナハバパマヤラワ", "a"),
    **dict.fromkeys("イキギシジチニヒビピミリ", "i"),
    **dict.fromkeys("ウクグスズツヌフブプムユル", "u"),
    **dict.fromkeys("エケゲセゼテデネヘベペメレ", "e"),
    **dict.fromkeys("オコゴソゾトドノホボポモヨロ", "o"),
}
# What lengthens a vowel, and the one letter that stands for it: オオ, オウ and オー are オウ.
_LENGTHENERS = {"a": "アー", "i": "イー", "u": "ウー", "e": "エイー", "o": "オウー"}
_LONG = {"a": "ア", "i": "イ", "u": "ウ", "e": "イ", "o": "ウ"}
_LATIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})

# Kanji of names that are one to the ear and to most keyboards: all variants, then the common one.
_KANJI_GROUPS = (
    "髙高 﨑嵜㟢崎 𠮷吉 濵濱浜 邊邉辺 齋齊斎斉 澤沢 廣広 德徳 惠恵 國国 眞真 龍竜 嶋嶌島 櫻桜 "
    "槇槙 瀨瀬 渕淵渊 冨富 栁桺柳 ⻆角 舘館 籔薮藪 檜桧 禮礼 壽寿 實実 榮栄 圓円 學学 藏蔵 "
    "曾曽 增増 黑黒 靜静 淸清 敎教 敍敘叙 與与 萬万 來来 傳伝 佛仏 兒児 凛凜 劍劔劒剱剣 勳勲 "
    "卷巻 嚴厳 圖図 堯尭 壯壮 奧奥 孃嬢 將将 專専 巖巌 巢巣 帶帯 彌弥 彥彦 從従 應応 懷懐 "
    "戶戸 拔抜 晉晋 曉暁 會会 條条 樂楽 樣様 橫横 步歩 歲歳 每毎 氣気 涉渉 淨浄 溪渓 溫温 "
    "滿満 瀧滝 燈灯 爲為 狹狭 瑤瑶 畫画 當当 盡尽 祕秘 祿禄 穗穂 穰穣 竝並 總総 綠緑 緖緒 "
    "緣縁 縱縦 繩縄 繪絵 聰聡 聲声 肅粛 舊旧 藝芸 蘆芦 蟬蝉 螢蛍 裝装 觀観 讓譲 豐豊 賴頼 "
    "輕軽 遙遥 郞郎 鄕鄉郷 釋釈 鐵鉄 關関 隱隠 靑青 顯顕 鷗鴎 麥麦 黃黄 點点 龜亀 麴麹 楳梅 "
    "埜野 峯峰 嶽岳 桒桑 杤栃 煕凞熙 菴庵 蔣蒋 兔兎 薗園 莊荘 凉涼 頴穎 穐龝秋 昻昂 皓晧 曻昇 "
    "恆恒 悅悦 銳鋭 內内 吳呉 尙尚 强強 薰薫 亞亜 亙亘 羣群 謠謡 譽誉 寬寛 寳寶宝 愼慎 鎭鎮 "
    "卽即 旣既 槪概 舩船 鯵鰺 濤涛 檉柽 籠篭 灣湾 驒騨 邨村 絲糸 龢和 艷艶 霸覇 顏顔 虎乕 "
    "閒間 罇樽 閇閉 鶯鴬 躰體体 數数 禰祢 稻稲 瓊琼 茂𦱳 鹽塩 鷄鶏 辯弁 臺台 獨独 髮髪"
)
_COMMON_KANJI = str.maketrans(
    {letter: group[-1] for group in _KANJI_GROUPS.split() for letter in group[:-1]}
)


def to_katakana(text: str) -> str:
    """Full-width katakana for kana of any width and kind; dashes after kana become long marks."""
    text = unicodedata.normalize("NFKC", text.translate(_VOICED_MARKS))
    # Someone who types ゛ apart may have typed a space before it.
    text = unicodedata.normalize("NFC", re.sub("\\s+([\u3099\u309a])", r"\1", text))
    text = re.sub("[\u3099\u309a]", "", text).translate(_TO_KATAKANA)
    return _LONG_MARKS.sub("ー", text)


def fold(text: str) -> str:
    """One spelling for all: what two texts fold to is equal where rule 2 wants them to match.

    Width, kana, case, accents, spaces, small letters, long vowels, ジ/ヂ and the common variants
    of kanji are made one; か and が stay two. The result is for comparing, never for showing.
    """
    text = _VARIATION_SELECTOR.sub("", text)
    text = "".join(to_katakana(text).split())
    text = _expand_repeats(text).translate(_SAME_SOUND).translate(_COMMON_KANJI)
    text = _lengthen(text.casefold())
    return unicodedata.normalize("NFC", "".join(filter(_is_kept, _strip_accents(text))))


def spellings(text: str) -> set[str]:
    """The folded text, with long marks as vowels and without: ヨウコ and ヨコ for ヨーコ."""
    return {fold(text), fold(re.sub("ー", "", to_katakana(text)))} - {""}


def _expand_repeats(text: str) -> str:
    """佐々木 as 佐佐木, みすゞ as ミスズ: a repeated letter written out."""
    result: list[str] = []
    for letter in text:
        if letter in "々ヽ" and result:
            result.append(result[-1])
        elif letter == "ヾ" and result:
            result.append(unicodedata.normalize("NFC", result[-1] + "\u3099")[0])
        else:
            result.append(letter)
    return "".join(result)


def _lengthen(text: str) -> str:
    """Long vowels by one letter each; a long mark that lengthens nothing goes."""
    result: list[str] = []
    vowel = ""
    for letter in text:
        if vowel and letter in _LENGTHENERS[vowel]:
            result.append(_LONG[vowel])
        elif letter != "ー":
            result.append(letter)
            vowel = _VOWEL.get(letter, "")
    return "".join(result)


def _strip_accents(text: str) -> str:
    """Latin letters without their accents; kana keep their voiced marks."""
    letters = (c if "\u30a0" <= c <= "\u30ff" else unicodedata.normalize("NFD", c) for c in text)
    return "".join(letters).translate(_LATIN)


def _is_kept(letter: str) -> bool:
    """Whether a letter tells names apart: no punctuation, accents or invisible marks.

    Kept beside letters and digits: private use (外字), symbols (radicals typed as kanji), vowel
    signs of other scripts, and letters younger than Python's own tables.
    """
    category = unicodedata.category(letter)
    return category[0] in "LN" or category in ("Co", "So", "Mc", "Cn")
