from django.apps import AppConfig


class SkillLevelsConfig(AppConfig):
    name = "skill_levels"
