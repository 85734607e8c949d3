"""The versions of a text: every change is a new one, and any older one can come back."""

import datetime
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from classes import message_texts
from classes.models import MessageTemplate
from staff.models import StaffMember

Kind = MessageTemplate.Kind
Form = MessageTemplate.Form

SHIPPED = 0


class NewerVersion(Exception):
    """Somebody else saved a version meanwhile; `newest` is theirs."""

    def __init__(self, newest: MessageTemplate) -> None:
        super().__init__(newest.version)
        self.newest = newest


@dataclass(frozen=True)
class TextKey:
    """Which text: what it is for, in which language, to one person or several."""

    kind: str
    language: str
    form: str

    @property
    def shipped(self) -> str:
        return message_texts.shipped(self.kind, self.language, self.form)


@dataclass(frozen=True)
class TextRow:
    """A text in the list: what it says now, and since when that stands (None: it ships so)."""

    key: TextKey
    kind: str
    form: str
    wording: str
    changed: MessageTemplate | None


def listed(language: str) -> list[TextRow]:
    """Every text of a language with the wording in force, in one query."""
    rows = MessageTemplate.objects.filter(language=language).select_related("created_by")
    newest = {(row.kind, row.form): row for row in rows.order_by("version")}
    found = []
    for kind in Kind:
        for form in Form:
            key = TextKey(kind, language, form)
            row = newest.get((kind, form))
            changed = row if row and row.wording else None
            words = (str(kind.label), str(form.label))
            found.append(TextRow(key, *words, wording_of(key, row), changed))
    return found


def versions(key: TextKey) -> list[MessageTemplate]:
    """Newest first; none while the text that ships was never changed."""
    rows = MessageTemplate.objects.filter(kind=key.kind, language=key.language, form=key.form)
    return list(rows.select_related("created_by").order_by("-version"))


def wording_of(key: TextKey, version: MessageTemplate | None) -> str:
    """What a version says; an empty one says that the text that ships stands again."""
    return (version.wording if version else "") or key.shipped


def save(
    key: TextKey,
    wording: str,
    *,
    seen: int,
    by: StaffMember | None,
    now: datetime.datetime,
) -> MessageTemplate | None:
    """A new version, or None where it says what stands already. Raises NewerVersion.

    `seen` is the number of the version that was changed (SHIPPED: none); an empty wording puts
    the text that ships back, also as later releases reword it.
    """
    newest = next(iter(versions(key)), None)
    stands = newest.version if newest else SHIPPED
    if newest is not None and stands != seen:
        raise NewerVersion(newest)
    if wording == (newest.wording if newest else "") or wording == wording_of(key, newest):
        return None
    made = MessageTemplate(
        kind=key.kind,
        language=key.language,
        form=key.form,
        version=stands + 1,
        wording=wording,
        created_at=now,
        created_by=by,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise NewerVersion(versions(key)[0]) from error
    return made


def bring_back(
    key: TextKey, version: int, *, by: StaffMember | None, now: datetime.datetime
) -> MessageTemplate | None:
    """An older version as the newest, SHIPPED for the text that ships.

    Raises MessageTemplate.DoesNotExist and NewerVersion.
    """
    rows = versions(key)
    wording = ""
    if version != SHIPPED:
        found = next((row for row in rows if row.version == version), None)
        if found is None:
            raise MessageTemplate.DoesNotExist
        wording = found.wording
    return save(key, wording, seen=rows[0].version if rows else SHIPPED, by=by, now=now)
