"""The rules of the house, held by reading the code: layers, rooms, templates, clocks, flags."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("config", "classes", "skill_levels", "learners", "sms", "staff")
LONGEST_FILE = 450
CLOCKS = {"now", "today", "utcnow"}
CLOCK_OWNERS = {"timezone", "datetime", "date"}
# Django calls these, or a view with its request, and none of them is handed a time.
GIVEN_NO_TIME = {"staff/access_log.py", "staff/backends.py", "staff/forms.py"}
# Without an argument these read the clock too.
CLOCKS_IF_BARE = {"localdate", "localtime"}


def python_files(*, tests: bool = False) -> list[Path]:
    folders = (*LAYERS, "tests", "benchmarks") if tests else LAYERS
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def static_files() -> list[Path]:
    return [
        path
        for path in sorted((ROOT / "static").rglob("*"))
        if path.suffix in {".css", ".js", ".svg"}
    ]


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def matches(pattern: str, paths: list[Path]) -> list[str]:
    """Every place of the files at which a pattern stands."""
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(pattern, text, re.IGNORECASE):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{where(path, line)} {match.group()}")
    return found


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def domain_functions(path: Path) -> list[ast.FunctionDef]:
    """Public functions of a module; a method's caller sees its one argument plainly enough."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_model_points_only_to_its_own_app_or_rightwards(layer):
    for model in apps.get_app_config(layer).get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or not field.remote_field:
                continue
            target = field.remote_field.model._meta.app_label
            if target in LAYERS:
                assert LAYERS.index(target) >= LAYERS.index(layer), field


def test_every_file_can_be_read_in_one_sitting():
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files(tests=True)
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_every_module_says_what_it_is():
    silent = [
        where(path, 1)
        for path in python_files()
        if path.name != "apps.py"
        and (tree := ast.parse(path.read_text(encoding="utf-8"))).body
        and not ast.get_docstring(tree)
    ]
    assert not silent, "\n".join(silent)


def test_templates_hold_no_inline_style_script_or_handler():
    assert matches(r"\sstyle\s*=|<style\b", templates()) == []
    assert matches(r"<script\b(?![^>]*\bsrc=)[^>]*>", templates()) == []
    assert matches(r"\s(?:hx-on[:\w-]*|on[a-z]+)\s*=|javascript:", templates()) == []


def test_no_page_asks_another_host_for_anything():  # rule 68
    pages = [*templates(), *static_files()]
    assert matches(r"\b(?:src|href|srcset|action)\s*=\s*[\"']?(?:https?:)?//\S+", pages) == []
    assert matches(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//\S+", pages) == []
    assert matches(r"\b(?:fetch|import|open)\(\s*[\"'`](?:https?:)?//\S+", pages) == []


def reads_the_clock(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value
    owner_name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    bare = not call.args and not call.keywords
    return owner_name in CLOCK_OWNERS and (
        function.attr in CLOCKS or (function.attr in CLOCKS_IF_BARE and bare)
    )


def test_only_views_and_commands_read_the_clock():
    edges = {"views", "views.py", "commands", "middleware.py"}
    found = [
        where(path, node.lineno)
        for path in python_files()
        if edges.isdisjoint(path.relative_to(ROOT).parts)
        and path.relative_to(ROOT).as_posix() not in GIVEN_NO_TIME
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and reads_the_clock(node)
    ]
    assert not found, "\n".join(found)


def test_now_is_a_keyword_without_a_default():
    found = []
    for path in python_files():
        for function in domain_functions(path):
            arguments = function.args
            positional = [*arguments.posonlyargs, *arguments.args]
            defaults = dict(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
            found += [where(path, item.lineno) for item in positional if item.arg == "now"]
            found += [
                where(path, item.lineno)
                for item, default in defaults.items()
                if item.arg == "now" and default is not None
            ]
    assert not found, "\n".join(found)


def test_a_flag_is_always_named_by_its_caller():
    found = [
        f"{where(path, item.lineno)} {item.arg}"
        for path in python_files()
        for function in functions(path)
        for item in [*function.args.posonlyargs, *function.args.args]
        if item.annotation and re.search(r"\bbool\b", ast.unparse(item.annotation))
    ]
    assert not found, "\n".join(found)


def test_the_lock_names_no_host():
    locks = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    assert matches(r"\S*://\S*|--(?:extra-)?index-url.*|--find-links.*", locks) == []
    unhashed = [
        line
        for lock in locks
        for line in lock.read_text(encoding="utf-8").splitlines()
        if re.match(r"[\w.\[\]-]+==", line) and not line.endswith("\\")
    ]
    assert not unhashed, "\n".join(unhashed)


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readme_names_every_setting_and_every_package(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    settings = (ROOT / "config/settings.py").read_text(encoding="utf-8")
    variables = re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings)
    packages = re.findall(
        r"^[\w-]+", (ROOT / "requirements.in").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for name in variables if f"`{name}`" not in text] == []
    assert [name for name in packages if f"| {name} |" not in text] == []
