"""On which channel somebody can be told something: SMS, a call, or a letter (rules 8 to 12, 20)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classes.models import Notice
from learners.models import Learner, PhoneNumber
from sms import suppression

Channel = Notice.Channel
# As many keys as any database takes in one question.
AT_ONCE = 10_000


@dataclass(frozen=True)
class Reach:
    """How one learner is told; `number` is where an SMS goes, in E.164."""

    channel: Notice.Channel
    number: str = ""

    @property
    def by_text(self) -> bool:
        return self.channel == Channel.SMS


def of(learner_pks: Iterable[int]) -> dict[int, Reach]:
    """The channel of each learner who can be told anything; three queries for ten thousand.

    An SMS goes to the first number that may receive one and to which nothing stands in the way;
    whoever has none is called, or written to where no calls are wanted (rule 20). The dead and the
    merged are missing from the answer (rule 42).
    """
    pks = list(learner_pks)
    reached: dict[int, Reach] = {}
    for begin in range(0, len(pks), AT_ONCE):
        reached |= _reached(pks[begin : begin + AT_ONCE])
    return reached


def _reached(pks: Sequence[int]) -> dict[int, Reach]:
    living = dict(
        Learner.objects.current()
        .filter(pk__in=pks, deceased_on__isnull=True)
        .values_list("pk", "no_phone_calls")
    )
    numbers = numbers_of(living)
    suppressed = suppression.of(e164 for found in numbers.values() for e164 in found)
    reached = {}
    for pk, no_phone_calls in living.items():
        number = next((e164 for e164 in numbers.get(pk, ()) if e164 not in suppressed), "")
        if number:
            reached[pk] = Reach(Channel.SMS, number)
        else:
            reached[pk] = without_text(no_phone_calls=no_phone_calls)
    return reached


def numbers_of(learner_pks: Iterable[int]) -> dict[int, list[str]]:
    """The numbers at which each learner agreed to messages, in their order; one query."""
    agreed = PhoneNumber.objects.filter(
        learner__in=list(learner_pks),
        sms_consent=PhoneNumber.Consent.GIVEN,
        line=PhoneNumber.Line.VOICE,
    ).order_by("position", "pk")
    numbers: dict[int, list[str]] = defaultdict(list)
    for number in agreed:
        if number.may_receive_sms:
            numbers[number.learner_id].append(number.e164)
    return dict(numbers)


def of_the_dead(e164s: Iterable[str]) -> set[str]:
    """Those of the numbers that only the deceased have on record: nothing goes there (rule 42)."""
    owned = PhoneNumber.objects.filter(
        e164__in=set(e164s), line=PhoneNumber.Line.VOICE, learner__merged_into__isnull=True
    ).values_list("e164", "learner__deceased_on")
    living = {e164 for e164, died in owned if died is None}
    return {e164 for e164, _ in owned} - living


def of_one(learner: Learner) -> Reach:
    """The channel of one learner; a call or a letter where nothing may be sent."""
    return of([learner.pk]).get(learner.pk) or without_text(no_phone_calls=learner.no_phone_calls)


def without_text(*, no_phone_calls: bool) -> Reach:
    """How to tell somebody whom no SMS reaches (rule 20)."""
    return Reach(Channel.POST if no_phone_calls else Channel.CALL)
