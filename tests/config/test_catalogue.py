"""The Japanese of the screens: gathered from code and templates, checked, merged and compiled."""

import gettext
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from django.core.management import CommandError, call_command

from config import catalogue

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext

def f(n: int) -> None:
    _("A seat" " is free.")
    ngettext("%(n)s person", "%(n)s people", n)
    pgettext("of a line", "Place")
"""
PAGE = """{% load i18n %}
{% if x %}
    <p title="{% translate "Sign out" %}">{% blocktranslate count n=n trimmed %}
        {{ n }} call
    {% plural %}
        {{ n }} calls
    {% endblocktranslate %}</p>
  {% else %}
 {% translate "Place" context "a hall" %} isn't (unbalanced
{% endif %}{# a comment: it's #}
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with one module and one page."""
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "views.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "templates" / "staff").mkdir(parents=True)
    (tmp_path / "templates" / "staff" / "page.html").write_text(PAGE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def po(tmp_path: Path) -> Path:
    return tmp_path / "locale" / "ja" / "LC_MESSAGES" / "django.po"


def snippet(tmp_path: Path, text: str) -> Catalog:
    path = tmp_path / "snippet.po"
    path.write_text(text, encoding="utf-8")
    return catalogue.read(path)


JAPANESE = """
msgid "A seat is free."
msgstr "空きがあります。"

msgid "Sign out"
msgstr "サインアウト"

msgctxt "of a line"
msgid "Place"
msgstr "順番"

msgctxt "a hall"
msgid "Place"
msgstr "会場"

msgid "%(n)s person"
msgid_plural "%(n)s people"
msgstr[0] "%(n)s人"

msgid "%(n)s call"
msgid_plural "%(n)s calls"
msgstr[0] "%(n)s件"
"""


def test_sentences_plurals_and_contexts_are_gathered_from_code_and_templates(house: Path) -> None:
    found = {(m.context, m.id) for m in catalogue.gather(house) if m.id}
    assert found == {
        (None, "A seat is free."),
        (None, "Sign out"),
        ("of a line", "Place"),
        ("a hall", "Place"),
        (None, ("%(n)s person", "%(n)s people")),
        (None, ("%(n)s call", "%(n)s calls")),
    }


def test_a_merged_catalogue_has_no_fault_and_is_read_by_gettext(
    house: Path, po: Path, tmp_path: Path
) -> None:
    gathered = catalogue.gather(house)
    assert catalogue.merge(gathered, [snippet(tmp_path, JAPANESE)]) == []
    catalogue.write(gathered, po)
    assert catalogue.check(catalogue.gather(house), catalogue.read(po)) == []
    with catalogue.compile_file(po).open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Sign out") == "サインアウト"
    assert compiled.pgettext("a hall", "Place") == "会場"
    assert [compiled.ngettext("%(n)s call", "%(n)s calls", n) for n in (1, 2)] == ["%(n)s件"] * 2


def test_gathering_again_keeps_the_japanese_and_changes_no_byte(
    house: Path, po: Path, tmp_path: Path
) -> None:
    gathered = catalogue.gather(house)
    catalogue.merge(gathered, [snippet(tmp_path, JAPANESE)])
    catalogue.write(gathered, po)
    before = po.read_bytes()
    (house / "staff" / "views.py").write_text("\n\n" + CODE, encoding="utf-8")
    catalogue.write(catalogue.update(catalogue.gather(house), catalogue.read(po)), po)
    assert po.read_bytes() == before
    assert b"#: staff/views.py\n" in before


def test_a_sentence_that_is_gone_is_dropped_and_a_similar_one_is_not_guessed(
    house: Path, po: Path, tmp_path: Path
) -> None:
    catalogue.write(snippet(tmp_path, JAPANESE), po)
    changed = PAGE.replace("Sign out", "Sign out now")
    (house / "templates" / "staff" / "page.html").write_text(changed, encoding="utf-8")
    catalogue.write(catalogue.update(catalogue.gather(house), catalogue.read(po)), po)
    assert "サインアウト" not in po.read_text(encoding="utf-8")
    assert catalogue.check(catalogue.gather(house), catalogue.read(po)) == ["empty: Sign out now"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgid "Sign out"\nmsgstr "サインアウト"\n', "", "missing: Sign out"),
        ('"サインアウト"', '""', "empty: Sign out"),
        ('msgid "Sign out"', '#, fuzzy\nmsgid "Sign out"', "fuzzy: Sign out"),
        ('"%(n)s件"', '"%(m)s件"', "placeholders differ: %(n)s call / %(n)s calls"),
        ('"空きがあります。"', '"{n}席"', "placeholders differ: A seat is free."),
        ('msgid "Sign out"', 'msgid "Old"\nmsgstr "旧"\n\nmsgid "Sign out"', "obsolete: Old"),
        ('"順番"', '""', "empty: [of a line] Place"),
    ],
)
def test_each_fault_is_named(house: Path, tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in JAPANESE
    known = snippet(tmp_path, JAPANESE.replace(old, new))
    assert catalogue.check(catalogue.gather(house), known) == [fault]


def test_merging_keeps_what_is_there_and_says_what_differs_or_is_unused(
    house: Path, tmp_path: Path
) -> None:
    gathered = catalogue.gather(house)
    catalogue.merge(gathered, [snippet(tmp_path, JAPANESE)])
    other = 'msgid "Sign out"\nmsgstr "ログアウト"\n\nmsgid "Nowhere"\nmsgstr "なし"\n'
    remarks = catalogue.merge(gathered, [snippet(tmp_path, other)])
    assert remarks == ["kept 'サインアウト', not 'ログアウト': Sign out", "used nowhere: Nowhere"]


def test_the_command_fails_naming_faults_until_snippets_are_merged(
    house: Path, po: Path, tmp_path: Path, settings: Any
) -> None:
    settings.BASE_DIR, settings.LOCALE_PATHS = house, [tmp_path / "locale"]
    call_command("catalogue", "update", stdout=StringIO())
    with pytest.raises(CommandError, match=r"empty: Sign out\n(.|\n)*6 faults"):
        call_command("catalogue", "check")
    snippets = tmp_path / "all.po"
    snippets.write_text(JAPANESE, encoding="utf-8")
    call_command("catalogue", "merge", str(snippets), stdout=StringIO())
    call_command("catalogue", "check", stdout=StringIO())
    call_command("catalogue", "compile", stdout=StringIO())
    assert po.with_suffix(".mo").is_file()
