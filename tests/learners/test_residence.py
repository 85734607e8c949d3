"""Addresses as they are said on the phone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learners import residence

CITY = "八王子市"


def is_resident(address: str, postcode: str = "", *, city: str = CITY) -> bool | None:
    return residence.is_resident(address, postcode, city=city)


@pytest.mark.parametrize(
    "address",
    [
        "八王子市狭間町1-4-11",
        "東京都八王子市狭間町1-4-11",
        "東京都 八王子市 狭間町１－４－１１",
        "〒192-0046 東京都八王子市明神町6-8-6",
        "〒１９２－００４６　明神町６－８－６",
        "明神町6-8-6",
        "明神町六丁目8-6",
        "八日町1-1",
        "千人町二丁目",
        "元八王子町3-2",
        "中野上町1-2",
        "みつい台6-22-18",
        "南大沢2-30-15",
        "松木6-16-7 市川荘203",
        "高尾町8-9-19 東京都営住宅",
        "市場町1-2",
        "古市2-3",
        "八日市場1-2",
        "十日市場町3",
        "東京都明神町6-8-6",
        "町屋3-1",
        "上恩方町 大字恩方1",
    ],
)
def test_an_address_of_the_city_with_or_without_its_name_is_inside(address: str) -> None:
    assert is_resident(address) is True  # rule 15


@pytest.mark.parametrize(
    "address",
    [
        "日野市神明3-11",
        "東京都日野市神明3-11",
        "日野市　神明３－１１",
        "町田市原町田1-2",
        "東村山市本町1-2",
        "武蔵村山市本町1-2",
        "四日市市諏訪町1-5",
        "廿日市市下平良1-11",
        "野々市市三納1-1",
        "市川市八幡1-1",
        "市原市国分寺台1-1",
        "大和郡山市北郡山町248",
        "郡山市朝日1-23",
        "郡上市八幡町島谷228",
        "蒲郡市旭町17",
        "十日町市千歳町3-3",
        "村上市三之町1",
        "津市西丸之内23",
        "堺市堺区南瓦町3-1",
        "神奈川県相模原市緑区橋本6-2",
        "西多摩郡瑞穂町箱根ケ崎2335",
        "東京都西多摩郡檜原村467",
        "東京都瑞穂町箱根ケ崎2335",
        "山梨県道志村馬場6181",
        "新宿区歌舞伎町1-4",
        "東京都港区芝公園1-5",
    ],
)
def test_an_address_of_another_municipality_is_outside(address: str) -> None:
    assert is_resident(address) is False  # rule 15


@pytest.mark.parametrize(
    "address",
    ["", "  ", "Hachioji-shi Myojin-cho 6-8-6", "6-8-6", "瑞穂町箱根ケ崎2335", "安塚区安塚722"],
)
def test_what_the_address_leaves_open_is_unknown(address: str) -> None:
    assert is_resident(address) is None


def test_known_postcodes_decide_what_the_address_leaves_open() -> None:
    def ask(address: str, postcode: str) -> bool | None:
        return residence.is_resident(address, postcode, city=CITY, postcodes=("192", "193"))

    assert ask("", "192-0046") is True
    assert ask("", "191-0016") is None
    assert ask("瑞穂町箱根ケ崎2335", "190-1211") is False
    assert ask("本町東3-2", "192-0066") is True
    assert ask("神明3-11", "191-0016") is None
    assert ask("明神町6-8-6", "") is True
    assert ask("明神町6-8-6", "1920046") is True
    assert ask("日野市神明3-11", "192-0046") is False
    assert ask("八王子市明神町6-8-6", "191-0016") is True
    assert ask("明神町6-8-6", "19") is True


def test_the_city_may_be_a_town_of_a_county_or_written_with_the_other_ke() -> None:
    assert is_resident("西多摩郡日の出町平井2780", city="日の出町") is True
    assert is_resident("東京都西多摩郡日の出町平井2780", city="日の出町") is True
    assert is_resident("平井2780", city="日の出町") is True
    assert is_resident("西多摩郡瑞穂町箱根ケ崎2335", city="日の出町") is False
    assert is_resident("茅ヶ崎市茅ヶ崎1-1", city="茅ケ崎市") is True
    assert is_resident("港区芝公園1-5", city="横浜市") is None
    assert is_resident("港区芝公園1-5", city="港区") is True
    assert is_resident("四日市市諏訪町1-5", city="四日市市") is True


@pytest.mark.parametrize(
    ("address", "town"),
    [
        ("明神町6-8-6", "明神町"),
        ("八王子市狭間町1-4-11", "狭間町"),
        ("東京都八王子市みつい台６－２２－１８", "みつい台"),
        ("〒192-0364 南大沢2-30-15", "南大沢"),
        ("明神町六丁目8-6", "明神町"),
        ("八日町1-1", "八日町"),
        ("千人町二丁目", "千人町"),
        ("日野市神明3-11", "日野市神明"),
        ("八王子市 高尾町 コーポ高尾", "高尾町"),
        ("6-8-6", ""),
        ("", ""),
        ("八王子市", ""),
    ],
)
def test_the_town_is_shown_without_numbers(address: str, town: str) -> None:
    assert residence.town(address, city=CITY) == town  # rule 5


@pytest.mark.parametrize(
    ("value", "postcode"),
    [
        ("192-0046", "192-0046"),
        ("１９２－００４６", "192-0046"),
        ("〒192ー0046", "192-0046"),
        ("1920046", "192-0046"),
        (1920046, "192-0046"),
        (1920046.0, "192-0046"),
        (600001, "060-0001"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_postcode_of_any_spelling_is_kept_as_one(value: object, postcode: str) -> None:
    assert residence.normalise_postcode(value) == postcode  # rule 67


@pytest.mark.parametrize("value", ["192", "192-00467", "abc", 19200461, True])
def test_a_postcode_of_another_length_is_refused(value: object) -> None:
    with pytest.raises(residence.InvalidPostcode):
        residence.normalise_postcode(value)


@given(st.text(), st.text())
def test_no_address_at_all_brings_the_reader_down(address: str, postcode: str) -> None:
    assert is_resident(address, postcode) in (True, False, None)
    residence.town(address, city=CITY)
