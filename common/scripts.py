"""JavaScript called from Python: one context per process for each function, in V8 (mini-racer)."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Any

from py_mini_racer import JSEvalException, JSOOMException, JSTimeoutException, MiniRacer


class ScriptTimeout(Exception):
    """The call took longer than it may; the context lives on."""


class ScriptFailed(Exception):
    """The call threw, or took more memory than it may; the next one gets a fresh context."""


class ScriptFunction:
    """A function of JavaScript, made when it is first called, used by one thread at a time.

    `read()` gives what is evaluated, in order; the value of the last is the function.
    """

    def __init__(self, read: Callable[[], list[str]], *, memory_bytes: int) -> None:
        self._read = read
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._context: Any = None
        self._function: Any = None
        os.register_at_fork(after_in_child=self._forget)

    def call(self, *arguments: Any, seconds: float) -> str:
        """What the function returns, as text. Raises ScriptTimeout and ScriptFailed."""
        with self._lock:
            try:
                return str(self._loaded()(*arguments, timeout_sec=seconds))
            except JSTimeoutException as error:
                raise ScriptTimeout from error
            except (JSOOMException, JSEvalException) as error:
                self._close()
                raise ScriptFailed(str(error)) from error

    def _loaded(self) -> Any:
        if self._function is None:
            *sources, function = self._read()
            self._context = MiniRacer()
            self._context.set_hard_memory_limit(self._memory_bytes)
            for source in sources:
                # A value that cannot be told to Python is not asked for.
                self._context.eval(source + "\n;0")
            self._function = self._context.eval(function)
        return self._function

    def _close(self) -> None:
        context, self._context, self._function = self._context, None, None
        if context is not None:
            context.close()

    def _forget(self) -> None:
        # V8's threads do not live on in a forked child, and closing the inherited context would wait for them for
        # ever. One reference too many keeps Python from closing it, also when the child ends.
        if self._context is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._context))
        self._lock = threading.Lock()
        self._context = self._function = None
