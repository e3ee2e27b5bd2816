"""Files and folders that are written are there whole, or what was there stays; nothing is written but in that one way."""

from __future__ import annotations

import ast
import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from api import cli
from api.cli import process
from benchmarks.writing import COMMANDS, FIRST_BYTES, FOLDERS, WAYS
from schema import outputs
from schema.errors import RdwiError, Unwritable

ROOT = Path(cli.__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- a file ---


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "out.txt"
    path.write_text("what was there")
    return path


@pytest.mark.parametrize("at", ["open", "replace", "fsync", "body"])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt, ValueError])
def test_what_was_there_stays_whatever_ends_the_writing(
    kept: Path, monkeypatch: pytest.MonkeyPatch, at: str, kind: type[BaseException]
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise kind(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if at != "body":
            patch.setattr(os if at == "fsync" else Path, at, ended)
        with pytest.raises(Unwritable if kind is OSError else kind) as caught, outputs.text(kept) as out:  # noqa: PT012 - the writing is what is tried
            out.write("half of ")
            if at == "body":
                ended()
    if kind is OSError:
        assert str(caught.value) == f"{kept} can't be written: No space left on device."
        assert isinstance(caught.value, RdwiError)
    # a signal names no file
    assert getattr(caught.value, "__notes__", []) == ([f"{kept} was not written"] if kind is KeyboardInterrupt else [])
    assert kept.read_text() == "what was there"
    assert names(kept.parent) == [kept.name]


def test_a_file_keeps_its_mode_and_its_owner_and_a_new_one_has_the_umasks(kept: Path) -> None:
    kept.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(kept, 1234, 4321)
    old = kept.stat()
    outputs.save(kept, "new")
    new = kept.stat()
    assert (new.st_mode, new.st_uid, new.st_gid) == (old.st_mode, old.st_uid, old.st_gid)
    assert new.st_ino != old.st_ino
    before = os.umask(0o027)
    try:
        outputs.save(kept.with_name("new.txt"), b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(kept.with_name("new.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_the_file_that_it_leads_to_is_replaced_in_its_own_folder(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "elsewhere" / "real.txt"
    target.parent.mkdir()
    if there:
        target.write_text("old")
    (tmp_path / "further").symlink_to(target)
    link = tmp_path / "link"
    link.symlink_to("further")
    outputs.save(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["elsewhere", "further", "link"]
    assert names(target.parent) == ["real.txt"]


def test_a_file_that_may_not_be_written_is_not_replaced(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename would ask for the right to the folder alone."""
    monkeypatch.setattr(os, "access", lambda path, how: (Path(path), how) != (kept, os.W_OK))
    with pytest.raises(Unwritable, match="Permission denied"):
        outputs.save(kept, "new")
    assert kept.read_text() == "what was there"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere/out.txt", "there is no folder {}/nowhere"),
        ("kept/out.txt", "there is no folder {}/kept"),
        (".", "Is a directory"),
        ("x" * 256, "File name too long"),
    ],
)
def test_a_place_that_is_none_is_told(tmp_path: Path, path: str, why: str) -> None:
    (tmp_path / "kept").write_text("")
    with pytest.raises(Unwritable) as caught:
        outputs.save(tmp_path / path, "new")
    assert str(caught.value) == f"{tmp_path / path} can't be written: {why.format(tmp_path)}."
    assert names(tmp_path) == ["kept"]


@pytest.mark.parametrize("letter", ["x", "é", "脑", "😀"])
def test_the_longest_name_can_be_written(tmp_path: Path, letter: str) -> None:
    path = tmp_path / (letter * (255 // len(letter.encode())))
    outputs.save(path, "new")
    assert names(tmp_path) == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="no named pipes")
def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    outputs.save(pipe, "through")
    reader.join()
    assert read == ["through"]
    assert names(tmp_path) == ["pipe"]
    assert outputs.is_stream(pipe)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_device_is_written_to_and_stays() -> None:
    outputs.save(Path("/dev/null"), "gone")
    with pytest.raises(Unwritable, match=r"^/dev/full can't be written: No space left on device\.$"):
        outputs.save(Path("/dev/full"), "gone")
    assert all(outputs.is_stream(Path(one)) for one in ("/dev/null", "/dev/full", "/dev/stdout", "/proc/self/fd/1"))


# --- several files, and folders ---


def test_of_several_files_all_are_made_before_the_first_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("old")
    sync, synced = os.fsync, []

    def third(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 3:
            full()
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", third)
        with pytest.raises(Unwritable, match=f"^{paths[2]} can't be written: No space left on device.$"):
            outputs.save_all(dict.fromkeys(paths, b"new"))
    assert [path.read_text() for path in paths] == ["old"] * 3
    assert names(tmp_path) == ["a", "b", "c"]


def test_where_a_rename_fails_in_the_middle_it_is_said_which_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in "abc"]
    replace = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if target == paths[2]:
            full()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(Unwritable) as caught:
        outputs.save_all(dict.fromkeys(paths, b"new"))
    assert str(caught.value) == f"{paths[2]} can't be written: No space left on device; written before it: {paths[0]}, {paths[1]}."
    assert names(tmp_path) == ["a", "b"]


def filled(path: Path) -> None:
    with outputs.folder(path) as inside:
        outputs.save(inside / "one.txt", "1")
        (inside / "deep").mkdir()
        with outputs.text(inside / "deep" / "two.txt") as out:
            out.write("2")
        # nobody sees a part of it
        assert not path.exists() or all(name.startswith(f".{path.name}.writing-") for name in names(path))


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_is_there_whole(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "new" / "out"
    if there:
        path.mkdir(parents=True)
        inode = path.stat().st_ino
    filled(path)
    assert {str(one.relative_to(path)) for one in path.rglob("*")} == {"one.txt", "deep", "deep/two.txt"}
    assert names(path.parent) == ["out"]
    # where a shell stands, or a disk is mounted
    assert not there or path.stat().st_ino == inode


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("at", ["fsync", "rename", "second rename"])
def test_a_folder_that_can_not_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, at: str) -> None:
    path = tmp_path / "out"
    if there:
        path.mkdir()
    rename = Path.rename

    def second(self: Path, target: Path) -> Path:
        if self.name == "one.txt" or not there:
            full()
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(os if at == "fsync" else Path, "fsync" if at == "fsync" else "rename", second if at.startswith("second") else full)
        with pytest.raises(Unwritable, match=f"^{path} can't be written: No space left on device.$"):
            filled(path)
    assert names(tmp_path) == (["out"] if there else [])
    assert list(tmp_path.rglob("*")) == ([path] if there else [])


def test_a_folder_that_holds_something_is_refused(kept: Path) -> None:
    for path in (kept, kept.parent):
        with pytest.raises(FileExistsError):
            filled(path)
    assert names(kept.parent) == [kept.name]


# --- what a killed process left ---


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_next_writing_deletes_what_killed_processes_left_of_the_same(tmp_path: Path, gone: int, kind: str) -> None:
    # in a container each process has the number of the one before it
    for number in (gone, os.getpid()):
        left = tmp_path / f".out.writing-{number}-0123abcd-7"
        left.write_text("half") if kind == "file" else (left / "deep").mkdir(parents=True)
    others = [f".other.writing-{gone}-0123abcd-7", f".out.writing-{os.getppid()}-0123abcd-7", ".out.writing-by-hand", ".out.writing-1"]
    for name in others:
        (tmp_path / name).write_text("of another file, of a process that lives, or somebody's own")
    outputs.save(tmp_path / "out", "new") if kind == "file" else filled(tmp_path / "out")
    assert names(tmp_path) == sorted([*others, "out"])


def test_a_folder_with_nothing_but_what_a_killed_process_left_counts_as_empty(tmp_path: Path, gone: int) -> None:
    (tmp_path / f".{tmp_path.name}.writing-{gone}-0123abcd-0").mkdir()
    filled(tmp_path)
    assert names(tmp_path) == ["deep", "one.txt"]


def test_who_writes_the_same_at_the_same_time_is_left_alone(kept: Path) -> None:
    with outputs.text(kept) as slow:
        slow.write("the last to finish")
        outputs.save(kept, "the first to finish")
        assert kept.read_text() == "the first to finish"
    assert kept.read_text() == "the last to finish"
    assert names(kept.parent) == [kept.name]


# --- every command that writes ---


@pytest.fixture(scope="module")
def ended() -> dict[tuple[str, str], list[Any]]:
    """How each command that writes ends, in each way, at a fixed place: exit status, what it says, what is there, what is left."""
    told = subprocess.run([sys.executable, "-m", "benchmarks.writing"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert told.returncode == 0, told.stderr
    return {(name, way): rest for name, way, *rest in map(json.loads, told.stdout.splitlines())}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_ended_while_it_writes_leaves_what_was_there(
    ended: dict[tuple[str, str], list[Any]], command: str, way: str
) -> None:
    status, told, there, left = ended[command, way]
    assert there == "old"
    assert bool(left) == (way == "SIGKILL")
    assert len(told.splitlines()) == (way != "SIGKILL")
    target = {"snapshot": "snapshot", "bibliographies": "sheets/0.yaml"}.get(command, "out")
    expected = {"SIGTERM": -15, "SIGKILL": -9}.get(way, 3 if command == "snapshot" else 1)
    words = {"SIGTERM": "Ended by SIGTERM", "full": "File too large", "failing": "Input/output error", "SIGKILL": ""}[way]
    assert (status, words in told, target in told or way == "SIGKILL") == (expected, True, True)


def test_every_command_with_an_output_is_among_them() -> None:
    import typer

    from api.exports import FORMATS

    asked = {name: {one.name for one in command.params} for name, command in typer.main.get_command(cli.app).commands.items()}  # type: ignore[attr-defined]
    writing = {name for name, options in asked.items() if options & {"output", "folder", "bundle", "plot", "in_place"}}
    assert writing <= {arguments[0] for arguments in COMMANDS.values()}
    assert {form for form, kind in FORMATS.items() if kind.folder} <= set(FOLDERS)
    assert FIRST_BYTES < 1000


# --- signals ---

# what a command does while it writes, with the signals that it is sent meanwhile
WRITING = """
import os, signal, sys
from pathlib import Path
from api.cli import process
from schema import outputs

def sent(): os.kill(os.getpid(), {signal})

{before}
with process.ending():
    with outputs.folder(Path("out")) as out:
        outputs.save(out / "one.txt", "1")
        {act}
    sys.exit(0)
"""


def signalled(folder: Path, act: str, how: signal.Signals, before: str = "") -> tuple[int, str, list[str]]:
    """Exit status, what is told and what is there."""
    done = subprocess.run(
        [sys.executable, "-c", WRITING.format(signal=int(how), act=act, before=before)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr, names(folder)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("act", ["sent()", "try: sent()\n        finally: sent()"], ids=["once", "twice"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
def test_a_signal_is_told_with_the_file_and_seen_by_who_started_the_command(tmp_path: Path, how: signal.Signals, act: str) -> None:
    assert signalled(tmp_path, act, how) == (-how, f"rdwi: Ended by {how.name}; out was not written.\n", [])


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_who_insists_is_heard(tmp_path: Path) -> None:
    """A command that doesn't come to its end is ended by a second signal, and what it leaves is known by its name."""
    act = "try: sent()\n        finally: process._PATIENCE = 0; sent()"
    status, told, left = signalled(tmp_path, act, signal.SIGTERM)
    assert (status, told, len(left)) == (-signal.SIGTERM, "", 1)
    filled(tmp_path / "out")
    assert names(tmp_path) == ["out"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
def test_a_signal_that_is_ignored_from_the_start_stays_so(tmp_path: Path, how: signal.Signals) -> None:
    """As by nohup."""
    assert signalled(tmp_path, "sent()", how, f"signal.signal({int(how)}, signal.SIG_IGN)") == (0, "", ["out"])


def test_who_runs_a_command_in_a_program_of_their_own_keeps_their_signals() -> None:
    before = [signal.getsignal(one) for one in process._ENDS]
    with process.ending():
        assert [signal.getsignal(one) for one in process._ENDS] != before
    assert [signal.getsignal(one) for one in process._ENDS] == before


# --- standard output ---


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "RDWI_SNAPSHOT": str(folder), "PYTHONPATH": str(ROOT)}


def shell(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = " ".join(f"'{one}'" for one in PROGRAM)
    return subprocess.run(
        ["bash", "-c", script.replace("rdwi", program)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform != "linux", reason="bash and /dev/full")
@pytest.mark.parametrize("form", ["table", "json", "csv", "ris"])
@pytest.mark.parametrize(("to", "why"), [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
def test_a_standard_output_that_is_full_or_closed_is_told_in_a_sentence(environment: dict[str, str], form: str, to: str, why: str) -> None:
    done = shell(f"rdwi factors --format {form} {to}", environment)
    assert (done.returncode, done.stderr) == (1, f"rdwi: standard output can't be written: {why}.\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash")
@pytest.mark.parametrize("words", ["factors", "factors --format json", "factors --format csv", "--help"])
def test_a_reader_that_has_seen_enough_ends_a_command_as_it_ends_others(environment: dict[str, str], words: str) -> None:
    done = shell(f"rdwi {words} | true; exit ${{PIPESTATUS[0]}}", environment)
    assert (done.returncode, done.stderr) == (141, "")


def test_assistants_that_are_gone_are_no_error_worth_a_word(environment: dict[str, str]) -> None:
    asks = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": asks})
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PROGRAM, "mcp"], env=environment, input=f"{line}\n", stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform != "linux", reason="bash and /dev/stdout")
def test_an_export_to_standard_output_is_the_file_and_nothing_else(environment: dict[str, str], tmp_path: Path) -> None:
    done = shell(f"(echo before; rdwi export node-link --output /dev/stdout) > {tmp_path}/out", environment)
    assert (done.returncode, done.stderr) == (0, "")
    before, _, rest = (tmp_path / "out").read_text().partition("\n")
    assert before == "before"
    assert json.loads(rest)["multigraph"]


# --- nothing else writes ---

# a call that may write, by the name of what is called
_WRITING = frozenset({
    "ZipFile", "NamedTemporaryFile", "TemporaryFile", "copy", "copy2", "copyfile", "copyfileobj", "copytree", "extractall", "fdopen",
    "hardlink_to", "make_archive", "mkstemp", "move", "open", "rename", "renames", "replace", "save", "savefig", "symlink_to", "to_csv",
    "to_excel", "touch", "write_bytes", "write_text",
})  # fmt: skip
# where one of them writes no file of a user's
ALLOWED = {("api/cli/process.py", "open"): "/dev/null, to be read, in the place of a standard output that is closed"}


def writes(call: ast.Call, in_memory: Collection[str] = ()) -> str | None:
    """The name of a call that writes a file, as far as that can be seen; not into one of the names that stand for memory."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    owner = function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else None
    first = call.args[0] if call.args else None
    if name not in _WRITING or owner == "outputs" or (isinstance(first, ast.Name) and first.id in in_memory):
        return None
    given = [one.value for one in (*call.args, *(word.value for word in call.keywords)) if isinstance(one, ast.Constant)]
    match name:
        case "open" if owner != "os":
            # a mode is a constant of these letters; what has none is read
            return name if any(isinstance(one, str) and set(one) <= set("rwxabt+U") and set(one) & set("wxa+") for one in given) else None
        case "ZipFile":
            return name if {"w", "a", "x"} & {one for one in given if isinstance(one, str)} else None
        case "replace" | "copy":
            # str.replace takes two, a dataclass's and a day's take names
            path = name == "replace" and len(call.args) == 1 and not call.keywords
            return name if path or owner in {"os", "shutil"} else None
    return name


def calls(folder: str) -> Iterator[tuple[str, str, int]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        made = [node for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.value) == "io.BytesIO()"]
        in_memory = {target.id for node in made for target in node.targets if isinstance(target, ast.Name)}
        for node in nodes:
            if isinstance(node, ast.Call) and (name := writes(node, in_memory)) is not None:
                yield path.relative_to(ROOT).as_posix(), name, node.lineno


def test_no_other_module_opens_a_file_to_write() -> None:
    found = {(file, name): line for folder in ("schema", "loaders", "graph", "api") for file, name, line in calls(folder)}
    home = {one for one in found if one[0] == "schema/outputs.py"}
    assert {"open", "replace", "rename"} <= {name for _, name in home}
    assert {one: line for one, line in found.items() if one not in ALLOWED and one not in home} == {}
    assert set(ALLOWED) <= set(found)


@pytest.mark.parametrize(
    "text",
    [
        "open(p, 'w')", "p.open('xb')", "p.open(mode='r+b')", "io.open(p, 'a')", "os.open(p, os.O_WRONLY)", "p.write_text('x')",
        "shutil.copyfile(a, b)", "shutil.copytree(a, b)", "os.replace(a, b)", "os.rename(a, b)", "a.replace(b)", "a.rename(b)",
        "zipfile.ZipFile(p, 'w')", "zipfile.ZipFile(p, mode='a')", "book.save(p)", "tempfile.mkstemp()", "frame.to_csv(p)",
    ],
)  # fmt: skip
def test_a_call_that_writes_is_seen(text: str) -> None:
    assert isinstance(call := ast.parse(text, mode="eval").body, ast.Call)
    assert writes(call) is not None


@pytest.mark.parametrize(
    "text",
    [
        "p.open('rb')",
        "p.open(encoding='utf-8')",
        "text.replace('a', 'b')",
        "replace(graph, user=1)",
        "outputs.save(p, x)",
        "zipfile.ZipFile(p)",
    ],
)
def test_a_call_that_reads_is_none(text: str) -> None:
    assert isinstance(call := ast.parse(text, mode="eval").body, ast.Call)
    assert writes(call) is None
