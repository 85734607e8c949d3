"""A worker in a process of its own, to be killed: sends and asks until its input closes.

    python -m tests.sms.worker

begins with the first line of its input, so that one may stand ready. Database and account are those
of the environment; everything that is queued still holds.
"""

import datetime
import os
import select
import sys

import django


def main() -> None:
    """Round after round, small batches, short pauses."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from django.utils import timezone

    from sms import delivery, polling, transitions, transports
    from tests.sms.outbox import as_they_are

    # More moments to be killed at, and none of them waits long.
    delivery.LARGEST_BATCH = 5
    delivery.GATHER_SECONDS = 0.02
    transitions.FIRST_PAUSE = datetime.timedelta(seconds=0.2)
    polling.UNREACHABLE_PAUSE = datetime.timedelta(seconds=0.2)
    transport = transports.current()
    sys.stdin.readline()
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        until = timezone.now() + datetime.timedelta(seconds=1)
        delivery.deliver(transport, still_holds=as_they_are, clock=timezone.now, until=until)
        polling.poll(transport, clock=timezone.now, until=until)


if __name__ == "__main__":
    main()
