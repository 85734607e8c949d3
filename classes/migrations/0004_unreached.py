"""The rule for who cannot be reached; intakes that were announced without it stay without."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('classes', '0003_draws'),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalintake",
            name="unreached_attempts",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="0: an offer nobody could be told of waits for ever.",
                verbose_name="calls before an offer passes on",
            ),
        ),
        migrations.AddField(
            model_name="historicalintake",
            name="unreached_days",
            field=models.PositiveSmallIntegerField(
                default=3, verbose_name="on how many days"
            ),
        ),
        # New intakes have the rule unless somebody takes it out.
        migrations.AlterField(
            model_name="historicalintake",
            name="unreached_attempts",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="0: an offer nobody could be told of waits for ever.",
                verbose_name="calls before an offer passes on",
            ),
        ),
        migrations.AddField(
            model_name="intake",
            name="unreached_attempts",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="0: an offer nobody could be told of waits for ever.",
                verbose_name="calls before an offer passes on",
            ),
        ),
        migrations.AddField(
            model_name="intake",
            name="unreached_days",
            field=models.PositiveSmallIntegerField(
                default=3, verbose_name="on how many days"
            ),
        ),
        # New intakes have the rule unless somebody takes it out.
        migrations.AlterField(
            model_name="intake",
            name="unreached_attempts",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="0: an offer nobody could be told of waits for ever.",
                verbose_name="calls before an offer passes on",
            ),
        ),
    ]
