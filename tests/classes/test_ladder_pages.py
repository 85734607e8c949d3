"""The ladder's pages: administrators edit, a second one is told, a workbook shows itself first."""

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from classes import curriculum_files
from skill_levels import curriculum
from skill_levels.models import Competency, SkillLevel
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_desk(client: Client) -> Client:
    client.force_login(factories.staff_member(role="administrator"))
    return client


def form_of(client: Client, route: str, code: str) -> dict[str, Any]:
    form = client.get(reverse(route, args=[code])).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


def words(answer: Any) -> str:
    return str(answer.content.decode())


def test_coordinators_look_and_administrators_edit(client: Client) -> None:
    client.force_login(factories.staff_member(role="coordinator"))
    page = words(client.get(reverse("ladder")))
    assert "ニュースを開く" in page
    assert reverse("ladder_competency", args=["open-news"]) not in page
    assert client.get(reverse("ladder_competency", args=["open-news"])).status_code == 403
    assert client.get(reverse("curriculum_download")).status_code == 200


def test_a_competency_is_reworded_as_a_new_version(admin_desk: Client) -> None:  # rule 47
    data = form_of(admin_desk, "ladder_competency", "open-news") | {"title_ja": "ニュースをひらく"}
    answer = admin_desk.post(reverse("ladder_competency", args=["open-news"]), data)
    assert answer.status_code == 302
    competency = Competency.objects.get(code="open-news")
    assert competency.current
    assert (competency.current.version, competency.current.title_ja) == (2, "ニュースをひらく")
    page = words(admin_desk.get(reverse("ladder_competency", args=["open-news"])))
    assert "v1" in page
    assert "v2" in page


def test_a_hint_that_is_too_long_stays_typed_and_says_so(admin_desk: Client) -> None:  # rule 49
    typed = "とても長い練習のヒントです"
    data = form_of(admin_desk, "ladder_competency", "open-news") | {"hint_ja": typed}
    answer = admin_desk.post(reverse("ladder_competency", args=["open-news"]), data)
    assert answer.status_code == 422
    assert typed in words(answer)
    assert Competency.objects.get(code="open-news").current.version == 1  # type: ignore[union-attr]


def test_a_second_editor_is_told_and_nothing_is_lost(admin_desk: Client) -> None:
    address = reverse("ladder_competency", args=["open-news"])
    mine = form_of(admin_desk, "ladder_competency", "open-news") | {"title_ja": "わたしの言葉"}
    theirs = form_of(admin_desk, "ladder_competency", "open-news") | {"title_ja": "別の言葉"}
    assert admin_desk.post(address, theirs).status_code == 302
    answer = admin_desk.post(address, mine)
    assert answer.status_code == 422
    assert "別の言葉" in words(answer)
    again = mine | {"seen": answer.context["form"]["seen"].value()}
    assert again["seen"] == curriculum.current().fingerprint
    assert admin_desk.post(address, again).status_code == 302
    assert str(Competency.objects.get(code="open-news").current) == "わたしの言葉 v3"


def test_a_level_with_its_phone_questions_is_edited(admin_desk: Client) -> None:
    data = form_of(admin_desk, "ladder_level", "news") | {
        "phone_questions_ja": "一つ目\n\n二つ目 ",
        "phone_questions_en": "One\nTwo",
    }
    assert admin_desk.post(reverse("ladder_level", args=["news"]), data).status_code == 302
    level = SkillLevel.objects.get(code="news").current
    assert level
    assert level.phone_questions_ja == ["一つ目", "二つ目"]


def test_a_new_level_and_a_new_competency(admin_desk: Client) -> None:
    level = {"code": "maps", "number": 9, "is_taught": "on", "title_ja": "地図", "title_en": "Maps"}
    assert admin_desk.post(reverse("ladder_level_new"), level).status_code == 302
    competency = {
        "level": "maps", "code": "find-way", "number": 1, "is_required": "on",
        "title_ja": "道を調べる", "title_en": "find the way", "recheck_days": 30,
    }  # fmt: skip
    address = reverse("ladder_competency_new")
    assert admin_desk.post(address, competency).status_code == 302
    again = admin_desk.post(address, competency)
    assert again.status_code == 422  # the code is in use
    assert Competency.objects.get(code="find-way").level.code == "maps"


def test_a_competency_is_retired_and_taught_again(admin_desk: Client) -> None:
    admin_desk.post(reverse("ladder_competency_retire", args=["open-news"]))
    assert Competency.objects.get(code="open-news").retired_at is not None
    assert admin_desk.get(reverse("ladder_competency", args=["open-news"])).status_code == 404
    admin_desk.post(reverse("ladder_competency_restore", args=["open-news"]))
    assert Competency.objects.get(code="open-news").retired_at is None


def workbook(**changes: str) -> SimpleUploadedFile:
    book = openpyxl.load_workbook(io.BytesIO(curriculum_files.write(curriculum.current())))
    for cell, value in changes.items():
        book["Competencies"][cell] = value
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("ladder.xlsx", out.getvalue())


def test_a_workbook_shows_its_difference_before_it_changes_anything(admin_desk: Client) -> None:
    answer = admin_desk.post(reverse("curriculum_upload"), {"file": workbook(D3="新しい言葉")})
    assert "新しい言葉" in words(answer)
    first = Competency.objects.current()[0]
    assert first.current
    assert first.current.version == 1
    kept = {
        name: answer.context["kept" if name == "ladder" else "seen"] for name in ("ladder", "seen")
    }
    admin_desk.post(reverse("curriculum_confirm"), kept)
    assert Competency.objects.get(pk=first.pk).current.title_ja == "新しい言葉"  # type: ignore[union-attr]
    # Confirmed once more, the ladder is another one by now: it is shown again.
    again = admin_desk.post(reverse("curriculum_confirm"), kept)
    assert again.status_code == 200


def test_a_wrong_workbook_names_its_cells_and_changes_nothing(admin_desk: Client) -> None:
    answer = admin_desk.post(reverse("curriculum_upload"), {"file": workbook(I4="soon")})
    assert answer.status_code == 422
    assert "Competencies!I4" in words(answer)
    nothing = admin_desk.post(reverse("curriculum_upload"), {})
    assert nothing.status_code == 422


@pytest.mark.parametrize("ladder", ["", "tampered", "a:b:c"])
def test_a_tampered_confirmation_is_no_error(admin_desk: Client, ladder: str) -> None:
    answer = admin_desk.post(reverse("curriculum_confirm"), {"ladder": ladder, "seen": "x"})
    assert answer.status_code == 302


def test_an_order_that_another_level_has_is_refused_and_stays_typed(admin_desk: Client) -> None:
    taken = SkillLevel.objects.get(code="accounts").number
    data = form_of(admin_desk, "ladder_level", "news") | {"number": taken, "title_ja": "読む"}
    answer = admin_desk.post(reverse("ladder_level", args=["news"]), data)
    assert answer.status_code == 422
    assert "accounts" in words(answer)
    assert "読む" in words(answer)


def test_the_code_of_a_retired_competency_is_not_given_to_another(
    admin_desk: Client,
) -> None:  # rule 47
    data = form_of(admin_desk, "ladder_competency", "open-news") | {"title_ja": "まったく別のこと"}
    admin_desk.post(reverse("ladder_competency_retire", args=["open-news"]), {})
    assert Competency.objects.get(code="open-news").retired_at
    answer = admin_desk.post(reverse("ladder_competency_new"), data | {"code": "open-news"})
    assert answer.status_code == 422
    assert Competency.objects.get(code="open-news").retired_at
