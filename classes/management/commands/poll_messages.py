"""manage.py poll_messages: asks what became of messages, and what came in."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Ask what became of messages, and what came in."
    step = "poll"
