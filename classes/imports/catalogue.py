"""What the classes' rows speak of, found or made: levels, courses, venues, instructors."""

import datetime
import re
import unicodedata
from dataclasses import dataclass, field

from django.contrib.auth.models import Group

from classes.models import Course, Venue
from learners.folding import fold
from skill_levels.models import SkillLevel, SkillLevelVersion
from staff import roles
from staff.models import StaffMember

# The ladder's titles, and how the 広報 says the same as something one does.
LEVEL_WORDS = {
    "first-steps": ("はじめの一歩", "first steps", "初めの一歩", "入門"),
    "news": ("ニュース", "news", "ニュースを見る"),
    "accounts": ("アカウント", "accounts", "アカウントを作る", "アカウントをつくる"),
    "payments": ("支払い", "payments", "支払う", "支払"),
    "procedures": ("手続き", "procedures", "手続"),
}
VENUE_UNITS = 8
COURSE_UNITS = 5
_HALL = re.compile(
    r"(?:市民センター|コミュニティセンター|地区センター|公民館|市民会館|文化会館|生涯学習センター|生涯学習館|地域センター"
    r"|福祉センター|図書館|会館|センター)$"
)


@dataclass
class Catalogue:
    """Finds what is there and makes what is not; `made` names what was made."""

    now: datetime.datetime
    made: dict[str, list[str]] = field(
        default_factory=lambda: {"levels": [], "courses": [], "venues": [], "instructors": []}
    )

    def level(self, text: str) -> SkillLevel:
        """By title, by what the ladder's titles mean, or made at the top of the ladder."""
        found = find_level(text)
        if found is not None:
            return found
        top = SkillLevel.objects.order_by("-number").first()
        number = top.number + 1 if top is not None else 0
        level = SkillLevel.objects.create(code=_free_code(number), number=number)
        level.current = SkillLevelVersion.objects.create(
            level=level, version=1, title_ja=text[:40], title_en=text[:40], made_at=self.now
        )
        level.save(update_fields=["current"])
        self.made["levels"].append(text)
        return level

    def course(self, name: str, level: SkillLevel, *, lessons: int, minutes: int) -> Course:
        found = find_course(name)
        if found is not None:
            return found
        self.made["courses"].append(name)
        return Course.objects.create(
            name=name,
            short_name=propose_course_name(name, level),
            level=level,
            lesson_count=max(lessons, 1),
            lesson_minutes=max(minutes, 1),
        )

    def venue(self, name: str) -> Venue:
        found = find_venue(name)
        if found is not None:
            return found
        self.made["venues"].append(name)
        return Venue.objects.create(name=name, short_name=propose_venue_name(name))

    def instructor(self, name: str) -> StaffMember:
        """By name among instructors, or made as somebody who never signs in."""
        found = find_instructor(name)
        if found is not None:
            return found
        number = 1
        while StaffMember.objects.filter(username=f"instructor-{number}").exists():
            number += 1
        member = StaffMember.objects.create_user(f"instructor-{number}", name=name[:80])
        member.groups.add(Group.objects.get_or_create(name=roles.INSTRUCTOR)[0])
        self.made["instructors"].append(name)
        return member


def find_level(text: str) -> SkillLevel | None:
    """The level that a text names: its title in either language, or the longest title within it."""
    wanted = fold(text)
    levels = list(SkillLevel.objects.select_related("current"))
    words: dict[str, SkillLevel] = {}
    for level in levels:
        titles = [level.title_in("ja"), level.title_in("en"), *LEVEL_WORDS.get(level.code, ())]
        words |= {fold(title): level for title in titles if fold(title)}
    if wanted in words:
        return words[wanted]
    within = [word for word in words if len(word) > 1 and word in wanted]
    return words[max(within, key=len)] if within else None


def find_course(name: str) -> Course | None:
    wanted = fold(name)
    courses = Course.objects.select_related("level__current").order_by("pk")
    return next((course for course in courses if fold(course.name) == wanted), None)


def find_venue(name: str) -> Venue | None:
    """By name, or by the short name that messages use."""
    wanted = fold(name)
    venues = list(Venue.objects.order_by("pk"))
    by_name = next((venue for venue in venues if fold(venue.name) == wanted), None)
    return by_name or next((venue for venue in venues if fold(venue.short_name) == wanted), None)


def find_instructor(name: str) -> StaffMember | None:
    wanted = fold(name)
    members = StaffMember.objects.filter(groups__name=roles.INSTRUCTOR).order_by("pk")
    return next((member for member in members if fold(member.name) == wanted), None)


def propose_venue_name(name: str) -> str:
    """At most eight units for messages: 南大沢市民センター is 南大沢."""
    plain = unicodedata.normalize("NFC", name).strip()
    return cut(_HALL.sub("", plain) or plain, VENUE_UNITS)


def propose_course_name(name: str, level: SkillLevel) -> str:
    """At most five units: the course's own name if so short, else its level's title."""
    if units(name) <= COURSE_UNITS:
        return name
    title = level.title_in("ja")
    return title if units(title) <= COURSE_UNITS else cut(title, COURSE_UNITS)


def units(text: str) -> int:
    """Length in UTF-16 units, as messages are counted (rule 49)."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, most: int) -> str:
    """The beginning of a text, never half a letter."""
    while units(text) > most:
        text = text[:-1]
    return text


def _free_code(number: int) -> str:
    while SkillLevel.objects.filter(code=f"level-{number}").exists():
        number += 1
    return f"level-{number}"
