"""Commands that are ended while they write: `python -m benchmarks.writing [N]` runs each that writes N times and ends it in four ways.

By SIGTERM and by SIGKILL, at a random moment of the run; by a disk that is full after a random number of bytes (RLIMIT_FSIZE), and by one
that fails when a file is put on it. After each, what was there must be there, or what was to be written, whole; nothing else may be, but
what a killed process left, and the next run must delete that. Prints what was found, and ends with 1 if anything was lost.

Without N each is ended once, at a fixed place, and all is printed as JSON: by signals when the first file is put on the disk, by the full
disk after 500 bytes. The commands run in copies of this process (fork), in which all is imported, on the small field of examples/.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, NoReturn

from api import cli
from graph.build import build
from graph.opening import field_of, shipped_digest, shipped_studies
from graph.release import content_hash
from graph.settings import Settings
from graph.stores import snapshot, sqlite

BCG = Path(__file__).parents[1] / "examples" / "bcg"
_FIELD = field_of(Settings(field=BCG))
PAIR = ("evidence", "bcg-vaccination", "tuberculosis")
# each command that writes, by what it writes: a file that is there, one that isn't, a folder
FILES = {
    "node-link": ("export", "node-link", "--output", "out"),
    "graphml": ("export", "graphml", "--output", "out"),
    "workbook": ("export", "sheets", "--output", "out.xlsx"),
    "flat table": ("export", "sheets", "--output", "out.csv"),
    "bundle": (*PAIR, "--bundle", "out"),
    "figure": (*PAIR, "--plot", "out"),
    **{f"figure of {listed}": (listed, "--plot", "out") for listed in ("factors", "outcomes", "prevalence", "gaps")},
    "snapshot": ("load", "more.yaml"),
    "bibliographies": ("bibliography", "sheets", "--from", "papers.ris", "--in-place"),
}
NEW = {"template": ("template", "out.xlsx")}
FOLDERS = {
    **{form: ("export", form, "--output", "out") for form in ("kgx", "csv", "metafor", "sheets", "neo4j-admin")},
    "site": ("site", "out"),
    "copies": ("bibliography", "sheets", "--from", "papers.ris", "--output", "out"),
}
COMMANDS = {**FILES, **NEW, **FOLDERS}
WAYS = ("SIGTERM", "SIGKILL", "full", "failing")
FIRST_BYTES = 500
OLD = b"what was there"

Tree = dict[str, bytes]


class Ended(NamedTuple):
    """How a command ended, what is there now (old, new, or LOST), and which temporaries."""

    status: int
    told: str
    there: str
    left: list[str]


@dataclass(frozen=True)
class Case:
    """A command in a folder of its own; `new`: what it writes where nothing ends it, in `seconds`; `largest`: bytes of its largest file."""

    arguments: tuple[str, ...]
    top: Path
    old: Tree
    new: Tree
    seconds: float
    largest: int

    @staticmethod
    def of(name: str, top: Path, stored: bytes) -> Case:
        top.mkdir()
        (top / snapshot.NAME).write_bytes(stored)
        if name in FILES:
            for file in ("out", "out.xlsx", "out.csv"):
                (top / file).write_bytes(OLD)
        (top / "more.yaml").write_text("id: more-2001\nread: abstract\nyear: 2001\n")
        (top / "sheets").mkdir()
        for i in range(3):
            (top / "sheets" / f"{i}.yaml").write_text(f"# {'kept ' * 200}\nid: paper-{i}\ndoi: 10.1000/{i}\nread: abstract\n")
        (top / "papers.ris").write_text("".join(f"TY  - JOUR\nTI  - A paper of number {i}\nDO  - 10.1000/{i}\nER  -\n" for i in range(3)))
        old = _tree(top)
        begin = time.perf_counter()
        status, told = _run(COMMANDS[name], top, lambda: None)
        if status:
            sys.exit(f"{name}: {told}")
        seconds, new = time.perf_counter() - begin, _tree(top)
        largest = max((top / file).stat().st_size for file, content in new.items() if content != old.get(file))
        case = Case(COMMANDS[name], top, old, new, seconds, largest)
        case.reset()
        return case

    def reset(self) -> None:
        """The folder as it was."""
        for path in sorted(self.top.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, content in self.old.items():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_bytes(content)

    def ended(self, prepare: Callable[[], object], kill_after: tuple[int, float] | None = None) -> Ended:
        """Run it, ended by what is prepared or by a signal after some seconds."""
        status, told = _run(self.arguments, self.top, prepare, kill_after)
        tree = _tree(self.top)
        left = [name for name in tree if ".writing-" in name]
        whole = {name: content for name, content in tree.items() if name not in left}
        if whole in (self.old, self.new):
            return Ended(status, told, "old" if whole == self.old else "new", left)
        # several files are renamed one after the other
        each = all(whole.get(name) in {self.old[name], self.new[name]} for name in self.old) and whole.keys() == self.old.keys()
        return Ended(status, told, "some new" if each and self.arguments[-1] == "--in-place" else "LOST", left)

    def cleaned(self) -> bool:
        """Whether the next run deletes what was left."""
        status, _ = _run(self.arguments, self.top, lambda: None)
        return (status, _tree(self.top)) == (0, self.new)


def _tree(top: Path) -> Tree:
    kept = _earlier(top)
    files = (path for path in top.rglob("*") if path.is_file() and not path.name.startswith(("writing.lock", sqlite.NAME)))
    return {**({sqlite.NAME: kept} if kept else {}), **{str(path.relative_to(top)): _content(path) for path in files}}


def _earlier(top: Path) -> bytes:
    """What can be gone back to. A release that a load kept and did not come to put in place is not there for anybody."""
    history = sqlite.SqliteHistory(top)
    entries = history.settled(snapshot.read(top / snapshot.NAME, _FIELD).release)
    return "".join(f"{one.release} {[content_hash(study) for study in history.studies(one.number)]}\n" for one in entries[:-1]).encode()


def _content(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        # the folder for neo4j-admin has a token of its own
        return re.sub(rb"\b[0-9a-f]{32}\b", b"TOKEN", path.read_bytes())
    with zipfile.ZipFile(path) as parts:
        # a workbook says when it was made
        return b"".join(parts.read(name) for name in parts.namelist() if not name.startswith("docProps/"))


def _run(
    arguments: tuple[str, ...], top: Path, prepare: Callable[[], object], kill_after: tuple[int, float] | None = None
) -> tuple[int, str]:
    """Exit status (of a signal its negative number) and standard error of a command in a copy of this process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _command(arguments, top, prepare, write)
    os.close(write)
    if kill_after is not None:
        time.sleep(kill_after[1])
        os.kill(pid, kill_after[0])
    with os.fdopen(read, encoding="utf-8") as told:
        text = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.strip()


def _command(arguments: tuple[str, ...], top: Path, prepare: Callable[[], object], told: int) -> NoReturn:
    status = 0
    try:
        os.dup2(told, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.chdir(top)
        os.environ.update(RDWI_FIELD=str(BCG), RDWI_SNAPSHOT=str(top))
        os.environ.pop("RDWI_STORE", None)
        sys.argv = ["rdwi", *arguments]
        prepare()
        cli.main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 - a copy must not go on as the original
        traceback.print_exc()
        status = 70
    os._exit(status)


# --- ways to end ---


def _at_first_sync(act: Callable[[], object]) -> None:
    sync = os.fsync

    def first(handle: int) -> None:
        os.fsync = sync
        act()
        sync(handle)

    os.fsync = first  # type: ignore[assignment]


def _raise(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _full_after(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def once(case: Case, way: str) -> Ended:
    """Ended at a fixed place."""
    match way:
        case "full":
            return case.ended(lambda: _full_after(FIRST_BYTES))
        case "failing":
            return case.ended(lambda: _at_first_sync(lambda: _raise(5)))
        case _:
            return case.ended(lambda: _at_first_sync(lambda: os.kill(os.getpid(), signal.Signals[way])))


def at_random(case: Case, way: str, chance: random.Random) -> Ended:
    """Ended at a random moment, or after a random number of bytes."""
    if way == "failing":
        return once(case, way)
    if way == "full":
        size = chance.randrange(case.largest)
        return case.ended(lambda: _full_after(size))
    return case.ended(lambda: None, (signal.Signals[way], chance.uniform(0, 1.1 * case.seconds)))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    chance = random.Random(rounds)
    lost = 0
    with TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        snapshot.write(build(shipped_studies(_FIELD), _FIELD), Path(folder) / snapshot.NAME, shipped_digest(_FIELD))
        stored = (Path(folder) / snapshot.NAME).read_bytes()
        for name in COMMANDS:
            case = Case.of(name, Path(folder) / name, stored)
            for way in WAYS:
                found: Counter[str] = Counter()
                for _ in range(rounds or 1):
                    case.reset()
                    ended = at_random(case, way, chance) if rounds else once(case, way)
                    found[ended.there] += 1
                    found["left behind"] += bool(ended.left)
                    unclean = bool(ended.left) and (way != "SIGKILL" or not case.cleaned())
                    lost += unclean or ended.there == "LOST" or "Traceback" in ended.told
                    if not rounds:
                        print(json.dumps([name, way, *ended]))
                if rounds:
                    told = ", ".join(f"{count:>3} {what}" for what, count in sorted(found.items()) if count)
                    print(f"{name:<16} {way:<8} {told}", flush=True)
    print(f"{len(COMMANDS)} commands, each ended {rounds or 1} times in {len(WAYS)} ways; {lost} lost something", file=sys.stderr)
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
