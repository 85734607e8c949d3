"""What people can do: the ladder, the provisional level from the phone, dated observations."""

from skill_levels.models.ladder import (
    HINT_UNITS,
    Competency,
    CompetencyVersion,
    SkillLevel,
    SkillLevelVersion,
)
from skill_levels.models.records import (
    MASTERED,
    AppendOnly,
    Assessment,
    Placement,
    Support,
)

__all__ = [
    "HINT_UNITS",
    "MASTERED",
    "AppendOnly",
    "Assessment",
    "Competency",
    "CompetencyVersion",
    "Placement",
    "SkillLevel",
    "SkillLevelVersion",
    "Support",
]
