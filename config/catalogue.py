"""The Japanese catalogue, handled in Python alone: a bare machine has no gettext."""

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import template

CODE = ("config", "classes", "skill_levels", "learners", "sms", "staff")
TEMPLATES = "templates"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# No dates and no tools: the file changes only when a sentence does.
HEADER = """\
# The Japanese of every sentence on the screens (manage.py catalogue update).
msgid ""
msgstr ""
"Language: ja\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|\{\w*\}|%[sd]")

Key = tuple[str | None, tuple[str, ...]]


def gather(root: Path) -> Catalog:
    """Every sentence marked for translation in the code and the templates below a folder."""
    catalog = Catalog(locale="ja")
    for path in _sources(root):
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # In brackets, so that the indentation of a template is none of Python's business.
            text = f"(\n{template.templatize(text, origin=str(path))}\n)"
        found = extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS)
        for _line, message, _comments, context in found:
            place = (path.relative_to(root).as_posix(), 1)
            catalog.add(message, locations=[place], context=context)
    return catalog


def _sources(root: Path) -> Iterator[Path]:
    for app in CODE:
        yield from sorted(
            path for path in (root / app).rglob("*.py") if "migrations" not in path.parts
        )
    for suffix in ("html", "txt"):
        yield from sorted((root / TEMPLATES).rglob(f"*.{suffix}"))


def read(path: Path) -> Catalog:
    """A catalogue or a snippet of one, empty where there is no file."""
    if not path.is_file():
        return Catalog(locale="ja")
    with path.open("rb") as file:
        return read_po(file, locale="ja")


def write(catalog: Catalog, path: Path) -> None:
    """Write sorted, with the files but not the lines where each sentence stands."""
    body = io.BytesIO()
    write_po(
        body,
        catalog,
        width=100,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(HEADER.encode() + body.getvalue().strip() + b"\n")


def update(gathered: Catalog, known: Catalog) -> Catalog:
    """The gathered sentences with the Japanese already known; never a guess at a similar one."""
    translations = {_key(message): message for message in _entries(known)}
    for message in _entries(gathered):
        if old := translations.get(_key(message)):
            message.string = old.string
            message.flags |= old.flags & {"fuzzy"}
    return gathered


def merge(catalog: Catalog, snippets: Iterable[Catalog]) -> list[str]:
    """Fill what has no Japanese yet; return what in the snippets differs or is used nowhere."""
    remarks: dict[str, set[str]] = defaultdict(set)
    entries = {_key(message): message for message in _entries(catalog)}
    for snippet in snippets:
        for new in _entries(snippet):
            message = entries.get(_key(new))
            if message is None:
                remarks["used nowhere"].add(_shown(new))
            elif not _is_complete(message):
                message.string = new.string
                message.flags.discard("fuzzy")
            elif _is_complete(new) and message.string != new.string:
                remarks[f"kept {message.string!r}, not {new.string!r}"].add(_shown(new))
    return [
        f"{kind}: {shown}" for kind, all_shown in remarks.items() for shown in sorted(all_shown)
    ]


def check(gathered: Catalog, known: Catalog) -> list[str]:
    """Every fault: missing, empty, fuzzy, obsolete, or placeholders that differ."""
    needed = {_key(message): message for message in _entries(gathered)}
    present = {_key(message): message for message in _entries(known)}
    faults = [f"missing: {_shown(needed[key])}" for key in needed if key not in present]
    for key, message in present.items():
        if key not in needed:
            faults.append(f"obsolete: {_shown(message)}")
        elif message.fuzzy:
            faults.append(f"fuzzy: {_shown(message)}")
        elif not _is_complete(message):
            faults.append(f"empty: {_shown(message)}")
        elif _placeholders(_ids(message)[-1:]) != _placeholders(_strings(message)):
            faults.append(f"placeholders differ: {_shown(message)}")
    faults += [f"obsolete: {_shown(message)}" for message in known.obsolete.values()]
    return sorted(faults)


def compile_file(path: Path) -> Path:
    """Write the .mo beside a .po, as Django's gettext reads it."""
    compiled = path.with_suffix(".mo")
    with compiled.open("wb") as file:
        write_mo(file, read(path))
    return compiled


def _entries(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string
    return (string,) if isinstance(string, str) else tuple(string or ())


def _key(message: Message) -> Key:
    return (message.context or None, _ids(message))


def _is_complete(message: Message) -> bool:
    return bool(_strings(message)) and all(_strings(message)) and not message.fuzzy


def _placeholders(texts: tuple[str, ...]) -> set[str]:
    return {found for text in texts for found in PLACEHOLDER.findall(text)}


def _shown(message: Message) -> str:
    context = f"[{message.context}] " if message.context else ""
    return context + " / ".join(_ids(message))
