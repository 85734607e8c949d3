"""manage.py understand_replies: acts on the answers that came in."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Act on the answers that came in, or lay them into the inbox."
    step = "replies"
