"""One row of the callers' sheet, understood: who calls, for what, and all that is doubtful."""

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext

from classes import eligibility
from classes.imports import moments, remarks
from classes.imports.cells import RowCells
from classes.imports.companions import Companion, read_companion
from classes.imports.headers import CALLER_FIELDS, CHOICE_FIELDS
from classes.imports.problems import RowProblem, ordered
from classes.models import ClassSession, Intake
from learners import birth_dates, names, residence
from learners.models import Learner
from sms import phone_numbers
from sms.phone_numbers import ParsedNumber

_LATIN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ .,'’\-]*")
_SPLIT = re.compile(r"[、,，/・>→;\n\s]+")
# A formula in the remarks is words, in the running number it is Excel counting rows.
_HARMLESS_FORMULA = frozenset({"note", "number"})
_LENGTHS = {"name": 80, "kana": 80, "address": 200}
_CELL_OF_REASON = {
    "too_young": "birth_date",
    "too_old": "birth_date",
    "not_resident": "address",
    "before_opening": "received",
    "after_closing": "received",
}


@dataclass(frozen=True)
class Classes:
    """The classes of an intake by what callers' sheets call them; loaded once per workbook."""

    intake: Intake
    by_word: Mapping[str, ClassSession]

    @classmethod
    def of(cls, intake: Intake) -> "Classes":
        """Codes name a class; so does the name of a course or venue that has only one."""
        sessions = list(
            ClassSession.objects.running()
            .filter(intake=intake)
            .select_related("course", "venue")
            .order_by("code")
        )
        by_word: dict[str, ClassSession] = {}
        for word_of in (lambda s: s.course.name, lambda s: s.venue.name):
            words = [_code(word_of(session)) for session in sessions]
            by_word |= {
                word: session
                for word, session in zip(words, sessions, strict=True)
                if words.count(word) == 1
            }
        return cls(intake, by_word | {_code(session.code): session for session in sessions})

    @cached_property
    def codes(self) -> str:
        sessions = {session.pk: session.code for session in self.by_word.values()}
        return "、".join(sorted(sessions.values()))


@dataclass
class CallerReading:
    """What one row says."""

    received_at: datetime.datetime | None = None
    name: str = ""
    kana: str = ""
    latin_name: str = ""
    birth_date: datetime.date | None = None
    sex: str = ""
    postcode: str = ""
    address: str = ""
    phones: list[ParsedNumber] = field(default_factory=list)
    wishes: list[ClassSession] = field(default_factory=list)
    wish_words: list[str] = field(default_factory=list)
    companion: Companion = Companion.NONE
    companion_name: str = ""
    device: str = ""
    sms_consent: str = ""
    needs: tuple[str, ...] = ()
    wants_loan_phone: bool = False
    proxy_relation: str = ""
    note: str = ""
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def has_formula(self) -> bool:
        return any(problem.kind == "formula" for problem in self.problems)

    def as_learner(self) -> Learner:
        """The person, not saved, for judging."""
        return Learner(
            name=self.name,
            kana=self.kana,
            latin_name=self.latin_name,
            birth_date=self.birth_date,
            address=self.address,
            postcode=self.postcode,
        )


class _Reader:
    """Collects what the cells of one row say; each method reads one subject."""

    def __init__(self, cells: RowCells, classes: Classes, now: datetime.datetime) -> None:
        self.cells = cells
        self.classes = classes
        self.now = now
        self.result = CallerReading()
        self.unread = {name for name in cells.formulas() if name not in _HARMLESS_FORMULA}
        self.notes: list[str] = []

    def problem(self, kind: str, name: str, message: str, suggestion: str = "") -> None:
        self.result.problems.append(
            RowProblem(kind, self.cells.ref(name), name, message, suggestion)
        )

    def text(self, name: str) -> str:
        """The field's text; "" where a formula or an error stands."""
        cell = self.cells.get(name)
        if cell is None or name in self.unread:
            return ""
        return cell.text.strip()

    def read(self) -> CallerReading:
        self.bad_cells()
        self.received()
        self.names()
        self.birth_date()
        self.rest_of_person()
        self.numbers()
        self.wishes()
        self.remarks()
        self.eligibility()
        self.result.problems = ordered(self.result.problems)
        return self.result

    def bad_cells(self) -> None:
        for name in sorted(self.unread):
            self.problem(
                "formula", name,
                gettext("A formula stands here. Write what is meant as plain text."),
            )  # fmt: skip
        for name in self.cells.cells:
            cell = self.cells.get(name)
            if cell is None or not cell.is_error or name in _HARMLESS_FORMULA:
                continue
            self.unread.add(name)
            if name in ("birth_date", "received", "received_date"):
                message = gettext("Excel could not show this date. Ask once more.")
                self.problem("impossible_date", name, message)
            else:
                self.problem(
                    "cell_error", name, gettext("Excel shows an error here. Write what is meant.")
                )

    def received(self) -> None:
        fields = ("received", "received_date", "received_time")
        parts = [None if name in self.unread else self.cells.get(name) for name in fields]
        shown = next((name for name in fields if self.cells.get(name)), fields[0])
        if self.unread.intersection(fields):
            return
        try:
            moment = moments.read_moment(*parts, near=self.classes.intake.opens_at)
        except (moments.UnreadableMoment, OverflowError):
            self.problem(
                "impossible_date", shown,
                gettext("There is no such day or time. Write it like 2026/9/1 9:05."),
            )  # fmt: skip
            return
        if moment is None:
            self.problem(
                "no_received_time", shown,
                gettext("The line goes by received time. Write day and time, like 2026/9/1 9:05."),
            )  # fmt: skip
        self.result.received_at = moment

    def names(self) -> None:
        result = self.result
        parts = (self.text("family_name"), self.text("given_name"))
        name = names.clean_name(self.text("name") or " ".join(filter(None, parts)))
        kana_parts = (self.text("family_kana"), self.text("given_kana"))
        kana_field = "kana" if "kana" in self.cells.columns else "family_kana"
        kana = self.text("kana") or " ".join(filter(None, kana_parts))
        for label, value in (("name", name), ("kana", kana)):
            if len(value) > _LENGTHS[label]:
                self.problem("too_long", label, gettext("Write at most 80 letters."))
                return
        result.name = name
        if not self.unread & {"kana", "family_kana", "given_kana"}:
            self.kana(kana, kana_field)
        if result.latin_name and result.latin_name == name:
            result.name = ""
        if not (result.name or result.latin_name) and not self.unread & {"name", "family_name"}:
            self.problem("no_name", "name", gettext("The name is missing. Ask for it."))

    def kana(self, kana: str, kana_field: str) -> None:
        """Kana, or Latin letters for a name that has none (rule 16)."""
        result = self.result
        latin = unicodedata.normalize("NFKC", kana or result.name)
        if _LATIN.fullmatch(latin):
            result.latin_name = names.clean_name(latin)
            return
        if not kana:
            kana = result.name if _is_kana(result.name) else ""
        try:
            result.kana = names.normalise_kana(kana)
        except names.InvalidKana as error:
            self.problem("no_kana", kana_field, str(error))
            return
        if not result.kana and result.name:
            self.problem("no_kana", kana_field, gettext("The kana is missing. Ask how it is read."))

    def birth_date(self) -> None:
        """Without a date the person is 年齢未確認 and not doubtful (rule 1)."""
        cell = self.cells.get("birth_date")
        if cell is None or "birth_date" in self.unread or remarks.is_nothing(cell.text):
            return
        today = (self.result.received_at or self.now).date()
        try:
            self.result.birth_date = birth_dates.parse(moments.birth_value(cell), today=today)
        except (birth_dates.ImpossibleDate, OverflowError) as error:
            message = str(error) if isinstance(error, birth_dates.ImpossibleDate) else str(
                birth_dates.UNREADABLE
            )  # fmt: skip
            self.problem("impossible_date", "birth_date", message)

    def rest_of_person(self) -> None:
        result = self.result
        result.address = names.clean_name(self.text("address"))
        if len(result.address) > _LENGTHS["address"]:
            self.problem("too_long", "address", gettext("Write at most 200 letters."))
            result.address = ""
        postcode = self.cells.get("postcode")
        if postcode is not None and "postcode" not in self.unread:
            try:
                result.postcode = residence.normalise_postcode(postcode.value)
            except residence.InvalidPostcode:
                # Useful, never needed: what cannot be read is kept as a remark.
                self.keep("postcode", postcode.text)
        result.sex = remarks.sex(self.text("sex"))
        if not result.sex and not remarks.is_nothing(self.text("sex")):
            self.keep("sex", self.text("sex"))
        result.device, told = remarks.device(self.text("device"))
        if not told:
            self.keep("device", self.text("device"))
        result.sms_consent = remarks.consent(self.text("sms"))
        if not result.sms_consent and not remarks.is_nothing(self.text("sms")):
            self.keep("sms", self.text("sms"))

    def numbers(self) -> None:
        """Landline and mobile; the second column may be empty (rules 3, 6 and 67)."""
        columns = self.cells.columns
        main = "mobile" if "mobile" in columns and "phone" not in columns else "phone"
        nothing = ""
        for name in ("phone", "mobile"):
            if name in self.unread:
                continue
            cell = self.cells.get(name)
            value = cell.value if cell else None
            if isinstance(value, datetime.date | datetime.time):
                value = str(value)
            try:
                number = phone_numbers.parse_cell(value, area_code=settings.CITY_AREA_CODE)
            except phone_numbers.NoNumber as error:
                nothing = str(error)
            except phone_numbers.LocalNumber as error:
                self.problem("local_phone", name, str(error), error.suggestion)
            except phone_numbers.InvalidNumber as error:
                self.problem("invalid_phone", name, str(error), error.suggestion)
            else:
                if number.e164 not in {known.e164 for known in self.result.phones}:
                    self.result.phones.append(number)
        kinds = {problem.field for problem in self.result.problems}
        if nothing and not self.result.phones and not kinds & {"phone", "mobile"}:
            self.problem("no_phone", main, nothing)

    def wishes(self) -> None:
        words: list[tuple[str, str]] = []
        for name in CHOICE_FIELDS:
            text = self.text(name)
            if not text or remarks.is_nothing(text):
                continue
            whole = _code(text) in self.classes.by_word
            parts = [text] if whole else [part for part in _SPLIT.split(text) if part]
            known = [part for part in parts if _code(part) in self.classes.by_word]
            # "N1 クリエイトホール" names one class; "N1、X9" has one that is unknown.
            if len(known) == 1 and not re.search(r"[、,，/;>→\n]", text):
                parts = known
            words += [(name, part) for part in parts]
        result = self.result
        for name, word in words:
            result.wish_words.append(word)
            session = self.classes.by_word.get(_code(word))
            if session is None:
                self.problem(
                    "unknown_class", name,
                    gettext("This intake has no class %(word)s. It has %(codes)s.")
                    % {"word": word, "codes": self.classes.codes},
                )  # fmt: skip
            elif session not in result.wishes:
                result.wishes.append(session)
        if not words and not self.unread.intersection(CHOICE_FIELDS):
            self.problem("no_wish", "choice1", gettext("No class is named. Ask which one."))
        most = self.classes.intake.max_choices
        if len(result.wishes) > most:
            self.problem(
                "too_many_wishes", f"choice{most + 1}",
                gettext("At most %(count)d classes may be named.") % {"count": most},
            )  # fmt: skip

    def remarks(self) -> None:
        result = self.result
        result.companion, result.companion_name = read_companion(self.text("companion"))
        if result.companion is Companion.ATTENDANT:
            self.keep("companion", self.text("companion"))
        text = self.cells.text("note").strip()
        remark = remarks.read_remark(text)
        result.needs = remark.needs
        result.wants_loan_phone = remark.wants_loan_phone
        result.proxy_relation = remark.proxy_relation
        extras = [f"{header}: {value}" for header, value in self.cells.extras()]
        result.note = "\n".join(filter(None, [text, *self.notes, *extras]))

    def eligibility(self) -> None:
        """Judged as of the received time (rules 14, 15 and 24)."""
        received_at = self.result.received_at
        if received_at is None:
            return
        for reason in eligibility.check(
            self.result.as_learner(), self.classes.intake, (), received_at=received_at
        ):
            self.problem(reason.kind, _CELL_OF_REASON.get(reason.kind, "name"), reason.text)

    def keep(self, name: str, text: str) -> None:
        """Words that fit no field go into the note with their header's meaning."""
        if text:
            self.notes.append(f"{CALLER_FIELDS[name]}: {text}")


def interpret(cells: RowCells, classes: Classes, *, now: datetime.datetime) -> CallerReading:
    """What a row says and everything that is wrong with it, heaviest first.

    A formula is attention anywhere but in the remarks (kept as text, rule 67) and in the running
    number; a missing date of birth is no problem (年齢未確認, rule 1).
    """
    return _Reader(cells, classes, now).read()


def _is_kana(text: str) -> bool:
    try:
        return bool(text) and bool(names.normalise_kana(text))
    except names.InvalidKana:
        return False


def _code(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
