"""Every file and folder that is written: whole and on the disk, or not at all.

It is written beside its place, in the same folder, and takes the place by a rename. Where that fails, or a signal ends it, it is deleted,
and what was there stays. A process that is killed can delete nothing: what it leaves is called .NAME.writing-PID-..., and whoever writes
NAME next deletes it. Unwritable says which file or folder, as it was named, and why.
"""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO

from schema.errors import Unwritable

_RUN = os.urandom(4).hex()  # tells this process from an earlier one of its number, which containers give again
_NUMBERS = count()
_MARK = ".writing-"
_TEMPORARY = re.compile(rf"\..+{re.escape(_MARK)}(\d{{1,9}})-([0-9a-f]{{8}})-\d+")
_LONGEST = 50  # letters of a name that a temporary repeats: no name is longer than 255 bytes
_OPEN = ("/dev/fd/", "/dev/std", "/proc/")  # where files are that a process has open
_AT_ONCE = 16  # files that are put on the disk at a time


class Held:
    """Files that are held and not written, by their names: as much of a Path as who writes them needs."""

    def __init__(self, files: dict[str, bytes], name: str = "") -> None:
        self._files, self._name = files, name

    def __truediv__(self, name: str) -> Held:
        return Held(self._files, f"{self._name}/{name}".lstrip("/"))

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """A file's name alone says in which folder it is."""

    @contextmanager
    def opened(self) -> Iterator[TextIO]:
        out = io.StringIO(newline="")
        yield out
        self.hold(out.getvalue().encode())

    def hold(self, content: bytes) -> None:
        self._files[self._name] = content


Place = Path | Held


def text(path: Place) -> AbstractContextManager[TextIO]:
    """A file to write, in UTF-8 and with line ends as they are given."""
    return path.opened() if isinstance(path, Held) else _file(path, "")


def binary(path: Path) -> AbstractContextManager[BinaryIO]:
    """A file to write bytes into."""
    return _file(path, "b")


def save(path: Place, content: str | bytes) -> None:
    """Write a file of that content."""
    whole = content.encode() if isinstance(content, str) else content
    if isinstance(path, Held):
        path.hold(whole)
        return
    with binary(path) as file:
        file.write(whole)


def save_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files: all are made before the first takes its place. Where a later one can't, Unwritable says which have."""
    with ExitStack() as stack:
        made = []
        for path, content in contents.items():
            with _told(path):
                target = _target(path)
                temporary = stack.enter_context(_beside(target, target.parent, path))
                with _opened(temporary, target, "b") as file:
                    file.write(content)
            made.append((path, temporary, target))
        done: list[str] = []
        for path, temporary, target in made:
            with _told(path, f"; written before it: {', '.join(done)}" if done else ""):
                temporary.replace(target)
            done.append(str(path))
        for folder in {target.parent for _, _, target in made}:
            _settle(folder)


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A folder to write into; FileExistsError where `path` is a file, or a folder that is not empty.

    A new one takes its place by one rename. One that is there may be mounted, or the place where a shell stands: it is filled by a rename
    for each file and folder in it.
    """
    if _is_part(path):
        path.mkdir(parents=True, exist_ok=True)
        yield path
        return
    with _told(path):
        target = Path(os.path.realpath(path))
        there = target.is_dir()
        _refuse_full(target, path)
        home = target if there else target.parent
        # where a file is in the way, the next step says so
        with suppress(FileExistsError):
            home.mkdir(parents=True, exist_ok=True)
        with _beside(target, home, path) as temporary:
            temporary.mkdir()
            yield temporary
            _settle_all(temporary)
            if there:
                _refuse_full(target, path)
                _move(temporary, target)
            else:
                temporary.rename(target)
        _settle(home)


def _refuse_full(target: Path, path: Path) -> None:
    if target.exists() and (not target.is_dir() or any(not _TEMPORARY.fullmatch(one.name) for one in target.iterdir())):
        raise FileExistsError(path)


def is_stream(path: Path) -> bool:
    """Whether what is there is written to and never replaced: a device, a pipe, or what a process has open (/dev/stdout)."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or str(path.absolute()).startswith(_OPEN)


@contextmanager
def _file(path: Path, kind: str) -> Iterator[Any]:
    if _is_part(path):
        with _open(path, f"w{kind}") as file:
            yield file
        return
    with _told(path):
        if is_stream(path):
            # standard output may be a file that holds something already
            with _open(path, f"a{kind}") as file:
                yield file
            return
        target = _target(path)
        with _beside(target, target.parent, path) as temporary:
            with _opened(temporary, target, kind) as file:
                yield file
            temporary.replace(target)
        _settle(target.parent)


@contextmanager
def _opened(temporary: Path, target: Path, kind: str) -> Iterator[Any]:
    """A new file with the mode and the owner of the one that it will replace; on the disk when it is left."""
    with _open(temporary, f"x{kind}") as file:
        if target.exists():
            old = target.stat()
            # none but root may give a file away
            with suppress(OSError, AttributeError):
                os.chown(temporary, old.st_uid, old.st_gid)
            with suppress(OSError):
                temporary.chmod(stat.S_IMODE(old.st_mode))
        yield file
        file.flush()
        os.fsync(file.fileno())


def _open(path: Path, mode: str) -> IO[Any]:
    return path.open(mode) if "b" in mode else path.open(mode, encoding="utf-8", newline="")


@contextmanager
def _told(path: Path, more: str = "") -> Iterator[None]:
    try:
        yield
    except (FileExistsError, Unwritable):
        raise
    except OSError as error:
        raise Unwritable(error.errno, f"{error.strerror or error}{more}", str(path)) from error


def _target(path: Path) -> Path:
    """The file that a path leads to, through links; OSError where it can't be replaced."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {target.parent}")
    # a rename asks for no right to the file itself
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return target


def _is_part(path: Path) -> bool:
    """Whether it is inside a folder that is being written, which nobody has yet."""
    return any(_TEMPORARY.fullmatch(one.name) for one in path.parents)


@contextmanager
def _beside(target: Path, home: Path, path: Path) -> Iterator[Path]:
    """A name for what becomes the target, to be made in that folder; what is there at the end is deleted."""
    stem = f".{target.name[:_LONGEST]}{_MARK}"
    with suppress(OSError):
        for left in home.iterdir():
            found = _TEMPORARY.fullmatch(left.name) if left.name.startswith(stem) else None
            if found is not None and _died(int(found[1]), found[2]):
                _delete(left)
    temporary = home / f"{stem}{os.getpid()}-{_RUN}-{next(_NUMBERS)}"
    try:
        yield temporary
    except BaseException as error:
        if not isinstance(error, Exception):
            # a signal names no file
            error.add_note(f"{path} was not written")
        raise
    finally:
        _delete(temporary)


def _died(pid: int, run: str) -> bool:
    """Whether the process is gone; False where that can't be told."""
    if sys.platform == "win32":
        return False
    if pid == os.getpid():
        return run != _RUN
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _move(temporary: Path, target: Path) -> None:
    """What is in the one folder into the other, or nothing of it."""
    moved = []
    try:
        for part in sorted(temporary.iterdir()):
            moved.append(target / part.name)
            part.rename(moved[-1])
    except BaseException:
        for one in moved:
            _delete(one)
        raise


def _settle_all(top: Path) -> None:
    """Put a folder with all that is in it on the disk: several at a time, for a disk takes as long for one."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(_sync, [one for one in top.rglob("*") if one.is_file()]))
    for one in (top, *(one for one in top.rglob("*") if one.is_dir())):
        _settle(one)


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system has that; what they name is there already."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
