"""The pages on which administrators word the messages."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classes import message_texts, message_wordings
from classes.message_texts import Wordings
from classes.message_wordings import SHIPPED, NewerVersion, TextKey
from classes.models import MessageTemplate
from staff.models import StaffMember
from tests import factories
from tests.factories import tokyo

OFFER = TextKey("offer", "ja", "one")
EDITOR = ("offer", "ja", "one")
NOW = tokyo(2026, 9, 1, 9)

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> StaffMember:
    return factories.staff_member(role="administrator", name="佐藤 花子")


@pytest.fixture
def admin_desk(client: Client, administrator: StaffMember) -> Client:
    client.force_login(administrator)
    return client


def words(answer: Any) -> str:
    return str(answer.content.decode())


def save(client: Client, wording: str, *, seen: int = SHIPPED) -> Any:
    return client.post(reverse("message_text", args=EDITOR), {"wording": wording, "seen": seen})


@pytest.mark.parametrize("role", ["reception", "instructor", "coordinator"])
def test_only_administrators_word_messages(client: Client, role: str) -> None:
    client.force_login(factories.staff_member(role=role))
    assert client.get(reverse("message_texts")).status_code == 403
    assert client.get(reverse("message_text", args=EDITOR)).status_code == 403
    assert save(client, "空席").status_code == 403
    for route in ("message_text_preview", "message_text_restore"):
        assert client.post(reverse(route, args=EDITOR), {"version": 0}).status_code == 403
    assert not MessageTemplate.objects.exists()


def test_every_text_is_listed_with_its_size_as_the_longest_names_make_it(
    admin_desk: Client,
) -> None:  # rule 49
    factories.course(short_name="アカウント", name_en="Getting an account")
    factories.venue(short_name="クリエイトホール")
    page = words(admin_desk.get(reverse("message_texts")))
    for kind in MessageTemplate.Kind:
        for form in MessageTemplate.Form:
            assert reverse("message_text", args=[kind, "ja", form]) in page
    assert '70/70</span> <span class="nowrap">1通' in page
    factories.venue(short_name="会" * 20)
    page = words(admin_desk.get(reverse("message_texts")))
    assert "会" * 20 in page
    assert '82/70</span> <span class="nowrap">2通' in page
    # The reminder of the day before is shown as on that day.
    assert page.count("は明日10/13(火)") == 1
    page = words(admin_desk.get(reverse("message_texts"), {"language": "en"}))
    assert "Hachioji City smartphone class &quot;Getting an account&quot;" in page
    assert admin_desk.get(reverse("message_texts"), {"language": "fr"}).status_code == 404


def test_the_list_asks_no_more_for_more_versions(
    admin_desk: Client, django_assert_max_num_queries: Any
) -> None:
    for kind in MessageTemplate.Kind:
        for version in (1, 2):
            MessageTemplate.objects.create(
                kind=kind, language="ja", version=version, wording="一", created_at=NOW
            )
    with django_assert_max_num_queries(12):
        admin_desk.get(reverse("message_texts"))


def test_saving_makes_a_version_with_who_and_when(
    admin_desk: Client, administrator: StaffMember
) -> None:
    assert save(admin_desk, "{city}に空席").status_code == 302
    assert save(admin_desk, "{city}に空席です", seen=1).status_code == 302
    first, second = MessageTemplate.objects.order_by("version")
    assert (first.version, first.wording, first.created_by) == (1, "{city}に空席", administrator)
    assert (second.version, second.wording) == (2, "{city}に空席です")
    assert Wordings.load().of("offer", "ja") == "{city}に空席です"
    page = words(admin_desk.get(reverse("message_text", args=EDITOR)))
    assert "{city}に空席<" in page
    assert "佐藤 花子" in page


def test_saving_what_stands_already_makes_no_version(admin_desk: Client) -> None:
    assert save(admin_desk, message_texts.shipped("offer", "ja")).status_code == 302
    assert not MessageTemplate.objects.exists()


def test_what_is_refused_stays_typed(admin_desk: Client) -> None:
    answer = save(admin_desk, "{name}に空席")
    assert answer.status_code == 200
    assert "{name}に空席</textarea>" in words(answer)
    assert "{name} はこの文面では使えません" in words(answer)
    assert not MessageTemplate.objects.exists()


def test_template_language_is_text_like_any_other(admin_desk: Client) -> None:
    answer = save(admin_desk, "{{ settings.SECRET_KEY }}{% now 'Y' %}")
    assert answer.status_code == 200
    assert not MessageTemplate.objects.exists()
    text = message_texts.fill("{% now 'Y' %}{{ city }}", {"city": "八王子市"})
    assert "20" not in text
    assert "八王子市" not in text


def test_what_is_warned_of_can_be_saved(admin_desk: Client) -> None:
    assert save(admin_desk, "あ" * 100).status_code == 302
    assert MessageTemplate.objects.get().wording == "あ" * 100


def test_a_line_break_costs_one_space(admin_desk: Client) -> None:
    save(admin_desk, "{city}\r\n空席")
    assert MessageTemplate.objects.get().wording == "{city} 空席"


def test_a_second_administrator_is_told_of_the_first(admin_desk: Client) -> None:
    message_wordings.save(OFFER, "先の文面", seen=SHIPPED, by=None, now=NOW)
    answer = save(admin_desk, "あとの文面")
    assert answer.status_code == 200
    assert "先の文面" in words(answer)
    assert "あとの文面</textarea>" in words(answer)
    assert MessageTemplate.objects.count() == 1
    seen = answer.context["form"]["seen"].value()
    assert save(admin_desk, "あとの文面", seen=int(seen)).status_code == 302
    assert Wordings.load().of("offer", "ja") == "あとの文面"


def test_two_who_save_at_once_make_no_version_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message_wordings.save(OFFER, "先の文面", seen=SHIPPED, by=None, now=NOW)
    rows = message_wordings.versions(OFFER)
    looks = [[], rows]
    monkeypatch.setattr(message_wordings, "versions", lambda key: looks.pop(0))
    with pytest.raises(NewerVersion):
        message_wordings.save(OFFER, "あとの文面", seen=SHIPPED, by=None, now=NOW)


def test_one_press_brings_an_older_version_back_as_a_new_one(admin_desk: Client) -> None:
    for number, wording in enumerate(("一つ目", "二つ目")):
        message_wordings.save(OFFER, wording, seen=number, by=None, now=NOW)
    admin_desk.post(reverse("message_text_restore", args=EDITOR), {"version": 1})
    newest = MessageTemplate.objects.order_by("-version")[0]
    assert (newest.version, newest.wording) == (3, "一つ目")
    assert MessageTemplate.objects.count() == 3
    for wrong in ("9", "x", ""):
        answer = admin_desk.post(reverse("message_text_restore", args=EDITOR), {"version": wrong})
        assert answer.status_code == 404


def test_the_text_that_ships_can_be_put_back(admin_desk: Client) -> None:
    message_wordings.save(OFFER, "別の文面", seen=SHIPPED, by=None, now=NOW)
    admin_desk.post(reverse("message_text_restore", args=EDITOR), {"version": SHIPPED})
    assert MessageTemplate.objects.count() == 2
    assert Wordings.load().of("offer", "ja") == message_texts.shipped("offer", "ja")
    page = words(admin_desk.get(reverse("message_text", args=EDITOR)))
    assert "標準の文面に戻しました" in page


def test_the_preview_shows_what_is_typed_its_cost_and_what_to_mind(
    admin_desk: Client, settings: Any
) -> None:  # rule 49
    settings.SMS_SEGMENT_PRICE = 12
    factories.course(short_name="アカウント")
    answer = admin_desk.post(
        reverse("message_text_preview", args=EDITOR),
        {"wording": "{course}" + "あ" * 70 + "{rank}", "seen": 0},
    )
    page = words(answer)
    assert "アカウント" + "あ" * 70 in page
    assert "2通" in page
    assert "24円" in page
    assert "{rank} はこの文面では使えません" in page


@pytest.mark.parametrize("args", [("x", "ja", "one"), ("offer", "fr", "one"), ("offer", "ja", "x")])
def test_there_is_no_page_for_a_text_that_does_not_exist(
    admin_desk: Client, args: tuple[str, str, str]
) -> None:
    assert admin_desk.get(reverse("message_text", args=args)).status_code == 404
