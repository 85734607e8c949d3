"""Canonical JSON of a draw, byte for byte, and checking it without any database.

Keys sorted, no space, UTF-8, no line break at the end: docs/draw-proof.md describes both files.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from classes.lottery import ranking
from classes.lottery.ranking import ClassSeats, Drawing, Entry, Outcome

LIST_FORMAT = "smartphone-class-draw-list/1"
PROOF_FORMAT = "smartphone-class-draw-proof/1"
MOST_BYTES = 200 * 1024 * 1024
MOST_DIFFERENCES = 20
_RECEIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*-[0-9]{4,9}")


class NotAProof(ValueError):
    """The file is no proof of ours; the message, translated, says what is wrong with it."""


def canonical(document: Mapping[str, Any]) -> str:
    """The one text of a document; its UTF-8 bytes are what is hashed."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    """Lowercase hex of the text's UTF-8 bytes, as `sha256sum` prints it."""
    return hashlib.sha256(text.encode()).hexdigest()


def list_document(
    *,
    intake: str,
    kind: str,
    number: int,
    frozen_at: str,
    rules: Mapping[str, Any],
    drawing: Drawing,
) -> dict[str, Any]:
    """The list as it is frozen: no names, nothing that another database would order otherwise."""
    return {
        "format": LIST_FORMAT,
        "intake": intake,
        "kind": kind,
        "number": number,
        "frozen_at": frozen_at,
        "rules": dict(rules),
        "classes": [
            {"code": each.code, "seats": each.seats, "kept": each.kept}
            for each in sorted(drawing.classes, key=lambda each: each.code)
        ],
        "parties": [
            {
                "receipts": list(entry.receipts),
                "tier": entry.tier,
                "choices": list(entry.choices),
                "repeats": entry.repeats,
            }
            for entry in sorted(drawing.entries, key=lambda entry: _number(entry.receipt))
        ],
    }


def proof_document(
    listed: Mapping[str, Any],
    *,
    list_sha256: str,
    seed: str | None,
    seed_source: str,
    seed_note: str,
    drawn_at: str,
    outcome: Outcome,
) -> dict[str, Any]:
    """The whole draw: the list, its hash, the seed, and what came out."""
    return {
        "format": PROOF_FORMAT,
        "list": dict(listed),
        "list_sha256": list_sha256,
        "seed": seed,
        "seed_source": seed_source,
        "seed_note": seed_note,
        "drawn_at": drawn_at,
        "result": result_document(outcome),
    }


def result_document(outcome: Outcome) -> dict[str, Any]:
    """Every party in ranking order with its seats, and the line of each class."""
    return {
        "ranking": [
            {"receipt": one.entry.receipt, "seats": list(one.seats), "kept": one.by_kept_seat}
            for one in outcome.drawn
        ],
        "lines": {
            code: [one.entry.receipt for one in line] for code, line in outcome.lines.items()
        },
    }


def drawing_of(listed: Mapping[str, Any]) -> Drawing:
    """The list as the draw takes it. Raises NotAProof where something is missing or strange."""
    try:
        classes = tuple(
            ClassSeats(_text(each["code"]), _whole(each["seats"]), _whole(each["kept"]))
            for each in listed["classes"]
        )
        entries = tuple(
            Entry(
                receipts=tuple(_receipt(receipt) for receipt in each["receipts"]),
                tier=_whole(each["tier"]),
                choices=tuple(_text(code) for code in each["choices"]),
                repeats=each["repeats"] is True,
            )
            for each in listed["parties"]
        )
        per_choice = listed["rules"]["seats"] == "per_choice"
    except (KeyError, TypeError, IndexError) as error:
        raise NotAProof(_("A part of the list is missing: %(what)s.") % {"what": error}) from error
    _check(classes, entries)
    return Drawing(classes, entries, seat_per_choice=per_choice)


def read(data: bytes) -> dict[str, Any]:
    """A proof file. Raises NotAProof."""
    if len(data) > MOST_BYTES:
        raise NotAProof(_("The file is too large to be a proof."))
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise NotAProof(_("This is no JSON file.")) from error
    if not isinstance(document, dict) or document.get("format") != PROOF_FORMAT:
        raise NotAProof(_("This is no proof of a draw (format %(f)s).") % {"f": PROOF_FORMAT})
    if not isinstance(document.get("list"), dict) or not isinstance(document.get("result"), dict):
        raise NotAProof(_("The list or the result is missing."))
    return document


def differences(document: Mapping[str, Any]) -> list[str]:
    """Everything in which a proof disagrees with the draw done anew; empty if it is right.

    Raises NotAProof where its list cannot be drawn at all.
    """
    listed = document["list"]
    found = []
    text = canonical(listed)
    if sha256(text) != document.get("list_sha256"):
        found.append(
            _("The list's SHA-256 is %(is)s, but the file says %(says)s.")
            % {"is": sha256(text), "says": document.get("list_sha256")}
        )
    drawing = drawing_of(listed)
    seed = document.get("seed")
    if seed is not None and not isinstance(seed, str):
        raise NotAProof(_("The seed is no text."))
    is_line = listed.get("kind") == "line"
    if seed is None and (is_line or ranking.is_needed(drawing)):
        found.append(_("There is no seed, although more people apply than there are seats."))
    if seed is not None and seed != ranking.normalised(seed):
        found.append(_("The seed is not normalised (NFKC, no space around it)."))
    computed = result_document(ranking.draw(drawing, seed))
    found += _ranking_differences(computed["ranking"], document["result"].get("ranking"))
    found += _line_differences(computed["lines"], document["result"].get("lines"))
    if not found and canonical(computed) != canonical(document["result"]):
        found.append(_("The result holds something that the draw does not give."))
    return found[:MOST_DIFFERENCES]


def _ranking_differences(computed: Sequence[Any], said: object) -> list[str]:
    if not isinstance(said, list):
        return [_("The ranking is missing.")]
    found = []
    if len(said) != len(computed):
        found.append(
            _("The file ranks %(said)d parties, but the list has %(is)d.")
            % {"said": len(said), "is": len(computed)}
        )
    for place, (ours, theirs) in enumerate(zip(computed, said, strict=False), start=1):
        if ours == theirs:
            continue
        found.append(
            _("Rank %(rank)d: the draw gives %(ours)s, the file says %(theirs)s.")
            % {"rank": place, "ours": _shown(ours), "theirs": _shown(theirs)}
        )
        if len(found) >= MOST_DIFFERENCES:
            break
    return found


def _line_differences(computed: Mapping[str, Any], said: object) -> list[str]:
    if not isinstance(said, dict):
        return [_("The lines are missing.")]
    return [
        _("The line of %(code)s differs.") % {"code": code}
        for code in sorted({*computed, *(str(code) for code in said)})
        if computed.get(code) != said.get(code)
    ]


def _shown(one: object) -> str:
    if not isinstance(one, dict):
        return repr(one)[:80]
    seats = one.get("seats") or []
    where = ", ".join(str(code) for code in seats) if isinstance(seats, list) else repr(seats)
    return f"{one.get('receipt')} → {where or '–'}{' *' if one.get('kept') else ''}"


def _check(classes: Sequence[ClassSeats], entries: Sequence[Entry]) -> None:
    codes = [each.code for each in classes]
    if len(set(codes)) != len(codes):
        raise NotAProof(_("A class stands in the list twice."))
    receipts = [receipt for entry in entries for receipt in entry.receipts]
    if len(set(receipts)) != len(receipts):
        raise NotAProof(_("A receipt number stands in the list twice."))
    known = set(codes)
    for entry in entries:
        if not entry.receipts:
            raise NotAProof(_("A party has no receipt number."))
        if list(entry.receipts) != sorted(entry.receipts, key=_number):
            raise NotAProof(_("%(r)s: the lowest number must come first.") % {"r": entry.receipt})
        if not known.issuperset(entry.choices) or len(set(entry.choices)) != len(entry.choices):
            raise NotAProof(
                _("%(r)s chooses a class that is not in the list, or one twice.")
                % {"r": entry.receipt}
            )


def _number(receipt: str) -> int:
    return int(receipt.rpartition("-")[2])


def _receipt(value: object) -> str:
    if not isinstance(value, str) or not _RECEIPT.fullmatch(value):
        raise NotAProof(_("%(r)s is no receipt number.") % {"r": repr(value)[:40]})
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise NotAProof(_("%(v)s is no class code.") % {"v": repr(value)[:40]})
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotAProof(_("%(v)s is no whole number.") % {"v": repr(value)[:40]})
    return value
