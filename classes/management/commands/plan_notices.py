"""manage.py plan_notices: makes the reminders and other notices that are due."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Plan the reminders and other notices that are due."
    step = "plan"
