"""The ASGI entry point served by granian: the live stream is answered here, everything else by the WSGI application."""

import asyncio
import os
import resource
import signal
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
pages = get_wsgi_application()

from django.conf import settings  # noqa: E402

from config import live  # noqa: E402
from config.bridge import Bridge, Receive, Scope, Send  # noqa: E402
from courses.services.rooms.live import RoomTopics  # noqa: E402
from notifications.services.live.hub import Hub  # noqa: E402
from notifications.services.live.sources import make_source  # noqa: E402

bridge = Bridge(pages, threads=settings.WEB_THREADS)
hub = Hub(
    make_source(),
    limit=settings.LIVE_STREAMS,
    per_person=settings.LIVE_STREAMS_PER_PERSON,
    topics=RoomTopics(),
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await live_as_long_as_the_server(receive, send)
    elif scope["path"] == live.PATH:
        await live.serve(hub, scope, receive, send)
    else:
        await bridge(scope, receive, send)


async def live_as_long_as_the_server(receive: Receive, send: Send) -> None:
    await receive()
    allow_files()
    close_with_the_server()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    hub.close()
    await send({"type": "lifespan.shutdown.complete"})


def allow_files() -> None:
    """Every stream is an open file, of which a process often has 1,024 until it asks for more."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def close_with_the_server() -> None:
    """Ends the streams as soon as the server is told to stop: the lifespan hears of it only when no request is left.

    The loop's own handlers hear of signals through a file descriptor; a handler beside them takes nothing from them.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def stop(number: int, frame: Any, before: Any = before) -> None:
            loop.call_soon_threadsafe(hub.close)
            if callable(before):
                before(number, frame)

        signal.signal(number, stop)
        signal.siginterrupt(number, False)
