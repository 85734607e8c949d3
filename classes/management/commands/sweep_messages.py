"""manage.py sweep_messages: turns what became of messages, and answers, into what follows."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Turn failed messages into calls, and answers into what they say."
    step = "sweep"
