"""How many SMS segments a text takes, counted as the networks do (rule 49)."""

from dataclasses import dataclass

# One message alone, and each part of a joined one, in units of its alphabet.
ALONE_UCS2, JOINED_UCS2 = 70, 67
ALONE_GSM7, JOINED_GSM7 = 160, 153
# Japanese networks carry no longer text; more than 70 units is allowed and shown.
LONGEST = 660

# 3GPP TS 23.038: the default alphabet, and the letters that need an escape before them.
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_ESCAPED = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True)
class Size:
    """What a text costs: its units (UTF-16 or GSM-7) and the segments they fill."""

    units: int
    segments: int
    is_gsm7: bool

    @property
    def alone(self) -> int:
        """Units that fit into one message of this alphabet."""
        return ALONE_GSM7 if self.is_gsm7 else ALONE_UCS2

    @property
    def is_joined(self) -> bool:
        """Whether it goes out as several joined parts: to be warned of."""
        return self.segments > 1

    @property
    def is_refused(self) -> bool:
        """Whether no Japanese network would carry it (rule 49)."""
        return self.units > LONGEST


def measure(text: str) -> Size:
    """Count the rendered text; a letter outside GSM-7 makes all of it UTF-16.

    A pair of UTF-16 units, or an escaped letter of GSM-7, is never torn between two segments.
    """
    if all(letter in GSM7 or letter in GSM7_ESCAPED for letter in text):
        widths = [2 if letter in GSM7_ESCAPED else 1 for letter in text]
        return Size(sum(widths), _segments(widths, ALONE_GSM7, JOINED_GSM7), is_gsm7=True)
    widths = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return Size(sum(widths), _segments(widths, ALONE_UCS2, JOINED_UCS2), is_gsm7=False)


def _segments(widths: list[int], alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > joined:
            count, used = count + 1, 0
        used += width
    return count
