"""manage.py sweep_messages: turns what became of messages into what follows."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Turn what became of messages into calls."
    step = "sweep"
