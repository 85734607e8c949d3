"""manage.py expire_offers: ends offers whose time has passed, for the next in line."""

from classes.management.commands._step import StepCommand


class Command(StepCommand):
    help = "Expire offers whose time has passed."
    step = "expire"
