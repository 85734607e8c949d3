"""What is offered and to whom. One room per subject; import models from here."""

from classes.models.attendance import (
    Attendance,
    LessonAssessment,
    LessonCompetency,
    Substitute,
    WalkIn,
)
from classes.models.calls import CallAttempt, CallLog, CallTask
from classes.models.catalogue import ClassSession, Course, Lesson, Venue, VenueClosure
from classes.models.disruptions import DisruptedLesson, Disruption, OfferPause
from classes.models.draws import LotteryDraw
from classes.models.imports import ImportBatch, ImportRow
from classes.models.intakes import Intake, IntakeRuleChange
from classes.models.messages import BulkMessage, MessageTemplate, Reply
from classes.models.notices import Notice, StaffTask
from classes.models.places import (
    Application,
    Choice,
    Enrollment,
    Offer,
    Party,
    PlaceEvent,
    WaitlistEntry,
)
from classes.models.workers import WorkerHeartbeat

__all__ = [
    "Application",
    "Attendance",
    "BulkMessage",
    "CallAttempt",
    "CallLog",
    "CallTask",
    "Choice",
    "ClassSession",
    "Course",
    "DisruptedLesson",
    "Disruption",
    "Enrollment",
    "ImportBatch",
    "ImportRow",
    "Intake",
    "IntakeRuleChange",
    "Lesson",
    "LessonAssessment",
    "LessonCompetency",
    "LotteryDraw",
    "MessageTemplate",
    "Notice",
    "Offer",
    "OfferPause",
    "Party",
    "PlaceEvent",
    "Reply",
    "StaffTask",
    "Substitute",
    "Venue",
    "VenueClosure",
    "WaitlistEntry",
    "WalkIn",
    "WorkerHeartbeat",
]
