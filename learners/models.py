"""Who the learners are: people, their numbers and consent, search keys, and merges of rows."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from learners import birth_dates, residence
from sms import phone_numbers


class LearnerQuerySet(models.QuerySet["Learner"]):
    def current(self) -> "LearnerQuerySet":
        """Learners that were not merged into another and not anonymised."""
        return self.filter(merged_into__isnull=True, anonymised_at__isnull=True)


class Learner(models.Model):
    """A senior who calls in."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")
        OTHER = "other", _("other")

    class Language(models.TextChoices):
        JAPANESE = "ja", "日本語"
        ENGLISH = "en", "English"

    class Device(models.TextChoices):
        IPHONE = "iphone", "iPhone"
        ANDROID = "android", "Android"
        EASY_PHONE = "easy_phone", _("easy smartphone")
        NONE = "none", _("no smartphone")

    class SupportNeed(models.TextChoices):
        HEARING = "hearing", _("hard of hearing")
        SIGN_LANGUAGE = "sign_language", _("sign-language interpreter")
        CAPTIONING = "captioning", _("note-taking interpreter")
        SIGHT = "sight", _("poor sight")
        WALKING = "walking", _("walks with a cane or frame")
        WHEELCHAIR = "wheelchair", _("wheelchair")
        GROUND_FLOOR = "ground_floor", _("seat on the ground floor")

    class PostalChannel(models.TextChoices):
        POSTCARD = "postcard", _("postcard")
        FAX = "fax", _("fax")

    name = models.CharField(_("name"), max_length=80, blank=True)
    kana = models.CharField(_("kana"), max_length=80, blank=True)
    latin_name = models.CharField(_("name in Latin letters"), max_length=80, blank=True)
    # Without a birth date the person is 年齢未確認 (rule 1).
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex.choices, blank=True)
    postcode = models.CharField(_("postcode"), max_length=8, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    language = models.CharField(
        _("language of messages"), max_length=5, choices=Language.choices, default=Language.JAPANESE
    )
    device = models.CharField(_("device"), max_length=12, choices=Device.choices, blank=True)
    support_needs = models.JSONField(_("support needs"), default=list, blank=True)
    emergency_name = models.CharField(_("emergency contact"), max_length=80, blank=True)
    emergency_relation = models.CharField(_("relation"), max_length=40, blank=True)
    emergency_phone = models.CharField(_("emergency phone"), max_length=20, blank=True)
    no_phone_calls = models.BooleanField(_("no phone calls"), default=False)
    postal_channel = models.CharField(
        _("written notices by"),
        max_length=10,
        choices=PostalChannel.choices,
        default=PostalChannel.POSTCARD,
    )
    # Until then nothing is sent or called that merely reminds (in hospital, with family).
    messages_paused_until = models.DateField(_("no reminders until"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    deceased_on = models.DateField(_("date of death"), null=True, blank=True)
    created_at = models.DateTimeField(_("registered at"))
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    anonymised_at = models.DateTimeField(_("anonymised at"), null=True, blank=True)

    objects = LearnerQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("learner")
        verbose_name_plural = _("learners")
        indexes = (models.Index(fields=("kana", "id")),)
        constraints = (
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="learner_not_merged_into_itself",
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name staff say: as written, else Latin letters, else kana."""
        return self.name or self.latin_name or self.kana

    @property
    def age_unconfirmed(self) -> bool:
        """年齢未確認: registered without a birth date (rule 1)."""
        return self.birth_date is None

    def age_on(self, day: datetime.date) -> int | None:
        """Full years on a day, or None while the age is unconfirmed (rule 14)."""
        return birth_dates.age_on(self.birth_date, day) if self.birth_date else None

    @property
    def town(self) -> str:
        """The town within the city, to tell people of one name apart (rule 5)."""
        return residence.town(self.address, city=settings.CITY_NAME)


class PhoneNumber(models.Model):
    """One number of a learner, or of family (marked so). Never a unique key (rule 3)."""

    class Owner(models.TextChoices):
        SELF = "self", _("own")
        FAMILY = "family", _("family's")
        FACILITY = "facility", _("care facility's")
        OTHER = "other", _("another person's")

    class Line(models.TextChoices):
        VOICE = "voice", _("phone")
        FAX = "fax", _("fax")

    class Consent(models.TextChoices):
        UNKNOWN = "", _("not asked")
        GIVEN = "given", _("SMS agreed")
        REFUSED = "refused", _("no SMS")

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="phone_numbers")
    e164 = models.CharField(_("number"), max_length=20, db_index=True)
    as_spoken = models.CharField(_("as spoken"), max_length=40)
    line = models.CharField(_("line"), max_length=5, choices=Line.choices, default=Line.VOICE)
    owner = models.CharField(_("whose"), max_length=10, choices=Owner.choices, default=Owner.SELF)
    owner_name = models.CharField(_("owner's name"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    # Rule 11: who gave the consent, when, for this number, and who noted it.
    sms_consent = models.CharField(
        _("SMS consent"), max_length=8, choices=Consent.choices, blank=True, default=""
    )
    consent_given_by = models.CharField(_("consent given by"), max_length=80, blank=True)
    consent_at = models.DateTimeField(_("consent noted at"), null=True, blank=True)
    consent_noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")
        constraints = (
            models.UniqueConstraint(
                fields=("learner", "e164", "line"), name="number_once_per_learner_and_line"
            ),
        )

    def __str__(self) -> str:
        return phone_numbers.display(self.e164)

    @property
    def was_said_otherwise(self) -> bool:
        """Whether the words it was given in differ from how it is printed (rule 7)."""
        return self.as_spoken not in (str(self), self.e164)

    @property
    def sms_capable(self) -> bool:
        """Whether an SMS can reach this number (rules 8 and 9)."""
        return self.line == self.Line.VOICE and phone_numbers.is_sms_capable(self.e164)

    @property
    def may_receive_sms(self) -> bool:
        """Capable, consented, and, if family's, marked whose it is (rules 8, 11 and 12)."""
        is_marked = self.owner == self.Owner.SELF or bool(self.owner_name)
        return self.sms_capable and self.sms_consent == self.Consent.GIVEN and is_marked


class SearchKey(models.Model):
    """One folded spelling by which a learner is found (rule 2); kept by `learners.search`."""

    class Kind(models.TextChoices):
        NAME = "name", _("name")
        KANA = "kana", _("kana")
        LATIN = "latin", _("Latin letters")
        PHONE = "phone", _("phone from the start")
        PHONE_TAIL = "tail", _("phone from the end")

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="search_keys")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    key = models.CharField(max_length=80)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("learner", "kind", "key"), name="search_key_once_per_learner"
            ),
        )
        indexes = (
            models.Index(fields=("key", "kind", "learner"), name="search_key_range"),
            # Under a locale's collation only a pattern index serves a prefix (PostgreSQL);
            # SQLite ignores the operator class and keeps a plain index.
            models.Index(
                fields=("key",), name="search_key_prefix", opclasses=("varchar_pattern_ops",)
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.pk}"


class LearnerMerge(models.Model):
    """Two rows found to be one person; can be undone row by row."""

    survivor = models.ForeignKey(Learner, on_delete=models.PROTECT, related_name="merges")
    absorbed = models.ForeignKey(Learner, on_delete=models.PROTECT, related_name="absorptions")
    merged_at = models.DateTimeField(_("merged at"))
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-merged_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=~Q(survivor=F("absorbed")), name="merge_of_two_different_learners"
            ),
        )

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.survivor_id}"


class MergeRecord(models.Model):
    """One value that a merge changed: model, key, field and what stood there before."""

    merge = models.ForeignKey(LearnerMerge, on_delete=models.CASCADE, related_name="records")
    model_label = models.CharField(max_length=80)
    key = models.CharField(max_length=40)
    field = models.CharField(max_length=60)
    old_value = models.JSONField(null=True)

    class Meta:
        indexes = (models.Index(fields=("merge", "model_label")),)

    def __str__(self) -> str:
        return f"{self.model_label}.{self.field} {self.key}"
