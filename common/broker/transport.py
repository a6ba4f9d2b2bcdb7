"""Importing this module teaches kombu the broker address `djangodb://`.

It loads no model, so the Celery application may import it before Django is set up; the transport itself
(`common.broker.channel`) is loaded at the first connection.
"""

from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["djangodb"] = "common.broker.channel:Transport"
