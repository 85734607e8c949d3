"""Which answers are understood, however they are typed; and which are not guessed at."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classes import reply_words
from classes.models import Reply

Meaning = Reply.Meaning
KNOWN = {
    Meaning.WILL_COME: (
        "1", "はい", "行きます", "いきます", "参加します", "出席します", "伺います", "yes",
        "参加させていただきます", "1番", "はい、参加します", "行かせていただきます",
    ),
    Meaning.WILL_NOT_COME: (
        "2", "休みます", "お休みします", "やすみます", "欠席", "欠席します", "キャンセル",
        "キャンセルします", "行けません", "参加できません", "休ませてください", "2番",
        "欠席させてください", "はい、休みます",
    ),
    Meaning.STOP: (
        "停止", "配信停止", "配信停止してください", "STOP", "unsubscribe", "ストップ",
        "もう送らないでください",
    ),
    Meaning.WRONG_PERSON: (
        "人違い", "人違いです", "番号違い", "番号が違います", "違います", "別人です",
    ),
}  # fmt: skip
ANSWERS = [(meaning, text) for meaning, texts in KNOWN.items() for text in texts]


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def katakana(text: str) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def apart(text: str) -> str:
    """Voiced marks as characters of their own, as some phones send them."""
    return unicodedata.normalize("NFD", text)


WIDTHS = st.sampled_from([str, full_width, katakana, apart, str.upper, str.title])
BLANKS = st.sampled_from(["", " ", "　", "\n", "\r\n ", "\u200b"])
BEFORE = st.sampled_from(
    ["", "すみません、", "すみませんが ", "申し訳ありません。", "こんにちは。", "「"]
)
ENDINGS = st.sampled_from(
    [
        "",
        "。",
        ".",
        "．",
        "!",
        "！",
        "です。",
        "、お願いします。",
        "。よろしくお願いいたします",
        "…",
        "」",
        "🙏",
    ]
)


@given(st.sampled_from(ANSWERS), WIDTHS, BLANKS, BEFORE, ENDINGS, BLANKS)
def test_an_answer_is_understood_in_any_width_kana_case_and_politeness(
    answer, width, blank, before, ending, last
):
    meaning, text = answer
    typed = width(f"{blank}{before}{text}{ending}{last}")
    assert reply_words.understand(typed).meaning == meaning


@pytest.mark.parametrize("word", sorted(reply_words.PROVIDER_STOPS))
def test_the_words_at_which_twilio_stops_a_number_stop_it_here(word):  # rule 58
    assert reply_words.understand(word.upper()).meaning == Meaning.STOP


def test_a_japanese_cancel_is_an_absence_and_an_english_one_stops_the_messages():
    assert reply_words.understand("ｷｬﾝｾﾙ").meaning == Meaning.WILL_NOT_COME  # rule 37
    assert reply_words.understand("CANCEL").meaning == Meaning.STOP


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "。", "?", "12", "3", "1か2", "1 2", "1名", "2名", "2人", "1回目は休みます",
        "いいえ", "大丈夫です", "わかりました", "行きますか?", "行きます?", "行けますか",
        "休みません", "停止しないで", "次回は休みます", "10日は休みます", "山田です。休みます",
        "行きます。休みます", "1 休みます", "辞退します", "おやすみ", "おやすみなさい",
        "何時からですか", "end of the line?", "母が亡くなりました", "休みます" * 30,
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_read_by_somebody(text):
    assert reply_words.understand(text).meaning == Meaning.OTHER


@given(st.text(max_size=400))
def test_any_text_is_taken_up_without_an_error(text):
    assert reply_words.understand(text).meaning in Meaning


@pytest.mark.parametrize(
    ("text", "days"),
    [("明日は休みます", 1), ("あした、休みます", 1), ("本日欠席します", 0), ("欠席", None)],
)
def test_a_named_day_is_kept_beside_the_meaning(text, days):
    understood = reply_words.understand(text)
    assert (understood.meaning, understood.days_ahead) == (Meaning.WILL_NOT_COME, days)
