"""manage.py deliver_messages: sends the messages that are due."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Send the messages that are due."
    step = "deliver"
