"""The levels that ship (docs: the ladder). Their pages and competencies come with LEVELS."""

from django.db import migrations
from django.utils import timezone

LADDER = [
    (
        "first-steps",
        0,
        True,
        ("はじめの一歩", "First steps"),
        ["スマホはお持ちですか", "ご自分で電話をかけていますか", "届いたメッセージを読みますか"],
        [
            "Do you have a smartphone?",
            "Do you make calls on it yourself?",
            "Do you read the messages that arrive?",
        ],
    ),
    (
        "news",
        1,
        True,
        ("ニュース", "News"),
        ["最近スマホでニュースや天気を見ましたか", "ご自分で調べものをしましたか"],
        [
            "Have you looked at news or the weather on it lately?",
            "Have you looked something up yourself?",
        ],
    ),
    (
        "accounts",
        2,
        True,
        ("アカウント", "Accounts"),
        ["ご自分でアプリを入れましたか", "パスワードは控えてありますか", "入り直せましたか"],
        [
            "Have you installed an app yourself?",
            "Have you noted your password down?",
            "Were you able to sign in again?",
        ],
    ),
    (
        "payments",
        3,
        True,
        ("支払い", "Payments"),
        [
            "お店でスマホで払いましたか",
            "履歴を見ましたか",
            "怪しい請求は払わずに相談していますか",
        ],
        [
            "Have you paid with it in a shop?",
            "Have you looked at the history?",
            "When a bill looks odd, do you ask somebody before paying?",
        ],
    ),
    (
        "procedures",
        4,
        False,
        ("手続き", "Procedures"),
        [
            "市の手続きをスマホでしましたか",
            "マイナンバーカードの暗証番号はお分かりですか(番号は言わないで)",
        ],
        [
            "Have you done a city procedure on it?",
            "Do you know the PINs of your My Number card? (Please do not say them.)",
        ],
    ),
]


def ship(apps, schema_editor):
    SkillLevel = apps.get_model("skill_levels", "SkillLevel")
    SkillLevelVersion = apps.get_model("skill_levels", "SkillLevelVersion")
    now = timezone.now()
    for code, number, is_taught, (ja, en), questions_ja, questions_en in LADDER:
        level = SkillLevel.objects.create(code=code, number=number, is_taught=is_taught)
        level.current = SkillLevelVersion.objects.create(
            level=level,
            version=1,
            title_ja=ja,
            title_en=en,
            phone_questions_ja=questions_ja,
            phone_questions_en=questions_en,
            made_at=now,
        )
        level.save()


class Migration(migrations.Migration):
    dependencies = [("skill_levels", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
