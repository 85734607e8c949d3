"""What `places.register` and its siblings answer: one small value per outcome."""

from dataclasses import dataclass, field

from classes.models import Application, ClassSession, Enrollment


@dataclass(frozen=True)
class LinePosition:
    """A place in line for one class session, as computed at this moment (1 = next)."""

    class_session: ClassSession
    position: int


@dataclass(frozen=True)
class Enrolled:
    """Seats are held; one enrollment per member of the party."""

    applications: tuple[Application, ...]
    enrollments: tuple[Enrollment, ...]
    class_session: ClassSession
    sentence: str


@dataclass(frozen=True)
class Waitlisted:
    """No seat: the party stands in one line or several."""

    applications: tuple[Application, ...]
    positions: tuple[LinePosition, ...]
    sentence: str


@dataclass(frozen=True)
class Applied:
    """The lottery has the application; its receipt number was given."""

    applications: tuple[Application, ...]
    sentence: str


@dataclass(frozen=True)
class AlreadyThere:
    """Somebody of the party already has an application here; nothing was written."""

    applications: tuple[Application, ...]
    sentence: str


@dataclass(frozen=True)
class Reason:
    """One reason for refusing: a fixed kind and what to say."""

    kind: str
    text: str


@dataclass(frozen=True)
class Refused:
    """Not eligible, or not in time; staff may accept it as 特例 where `can_override`."""

    reasons: tuple[Reason, ...]
    sentence: str
    can_override: bool = True


@dataclass(frozen=True)
class ChooseSplit:
    """Fewer seats than people: seat some, or wait together. Nothing was written."""

    class_session: ClassSession
    free: int
    sentence: str


@dataclass(frozen=True)
class SeatGone:
    """The seat that the page showed is gone; others are named. Nothing was written."""

    class_session: ClassSession
    alternatives: tuple[ClassSession, ...]
    position: int
    sentence: str = ""


@dataclass(frozen=True)
class Problem:
    """An action that could not be done, with what to do instead."""

    kind: str
    text: str
    details: dict[str, object] = field(default_factory=dict)


Registration = Enrolled | Waitlisted | Applied | AlreadyThere | Refused | ChooseSplit | SeatGone
