"""A command as a process: the signals that end it, and a standard output that can't be written."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

from api.cli.running import stop
from schema.errors import Unwritable

_ENDS = [one for name in ("SIGINT", "SIGTERM", "SIGHUP") if (one := getattr(signal, name, None)) is not None]
_PATIENCE = 1  # second that the clearing up may take before a second signal ends it, too
_NAMED = 3  # files that weren't written


class Interrupted(SystemExit):
    """A signal ends the command."""

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(128 + number)


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Around a whole command: signals end it by an exception, so that what is half written is deleted, and then by themselves.

    What is printed is on its way when this is left, or it is told that it can't be.
    """
    _take_output()
    # nohup, and a shell that starts something in the background, have them ignored
    before = {one: signal.signal(one, _end) for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN}
    try:
        try:
            yield
        except Interrupted:
            raise
        except SystemExit:
            sys.stdout.flush()
            raise
    except Interrupted as error:
        _die(error)
    except Unwritable as error:
        stop(str(error), 1)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _end(number: int, _: FrameType | None) -> NoReturn:
    began = time.monotonic()

    def again(number: int, _: FrameType | None) -> None:
        if time.monotonic() - began > _PATIENCE:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for one in _ENDS:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, again)
    raise Interrupted(number)


def _die(ended: Interrupted) -> NoReturn:
    """Of the signal, so that who started the command sees it; a container's first process, which signals spare, by its status."""
    if ended.signal in _ENDS:
        notes = getattr(ended, "__notes__", [])
        more = [f"{len(notes) - _NAMED} more files were not written"] if len(notes) > _NAMED else []
        with contextlib.suppress(OSError):
            print(f"rdwi: {'; '.join([f'Ended by {ended.signal.name}', *notes[:_NAMED], *more])}.", file=sys.stderr)
    signal.signal(ended.signal, signal.SIG_DFL)
    signal.raise_signal(ended.signal)
    sys.exit(ended.code)


def _take_output() -> None:
    """Standard output as a file of ours, which tells its failures from those of other files."""
    out: Any = sys.stdout
    if out is not sys.__stdout__ or sys.platform == "win32":
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="replace")
        return
    # where it is closed, its number would be the next file's
    number = os.open(os.devnull, os.O_RDONLY) if out is None else out.fileno()
    raw = _Output(number, "wb", closefd=False)
    # what a terminal's encoding doesn't hold is shown as ?
    encoding = None if out is None else out.encoding
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="replace", line_buffering=raw.isatty())


class _Output(io.FileIO):
    _failed = False

    def write(self, content: Any) -> int:
        if self._failed:
            # it is told; the interpreter tries once more at its end
            return len(content)
        try:
            return super().write(content)
        except OSError as error:
            self._failed = True
            if isinstance(error, BrokenPipeError):
                # who reads has seen enough
                raise Interrupted(signal.SIGPIPE) from None
            raise Unwritable(error.errno, error.strerror, "standard output") from error
