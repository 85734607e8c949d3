"""manage.py announce_offers: tells parties of the seats that are free for them."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Announce offers whose undo window has passed."
    step = "announce"
