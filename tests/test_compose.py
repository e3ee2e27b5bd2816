"""docker-compose.yml and Dockerfile: what their parsers read in them, and each command of theirs, run against a real Neo4j.

No Docker daemon runs where this is tested. So the image is a folder in which the Dockerfile's own steps are done, and what a container
would run is read from the two files and run from that folder, with paths and addresses of the image replaced by those of this machine.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from dockerfile_parse import DockerfileParser

from benchmarks import neo4j_server
from evidence import STUDIES
from tests.test_deployments import addresses_of

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
PASSWORD = neo4j_server.PASSWORD
LONGEST = 60
NOBODY = "65534"

SHEET = """
id: smith-2024
read: abstract
design: prospective-cohort
year: 2024
n: 90
populations: [{id: all, label: ICH, condition: ich, arteriopathy: any, location: any, n: 90}]
findings:
- {exposure: age, outcome: r-dwi, population: all, measure: OR, value: 2.0, ci: [1.1, 3.6], direction: increases}
"""


# --- the compose file, as Docker Compose reads it ---


def config(file: Path = FILE, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `docker compose config` says, in an environment of these variables only."""
    compose = Path(sys.executable).with_name("docker-compose")
    # the developer's own .env is not to be read
    command = [compose, "--env-file", os.devnull, "--project-directory", ROOT, "-f", file, "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)


def services(password: str = PASSWORD, **variables: str) -> dict[str, Any]:
    ran = config(RDWI_NEO4J_PASSWORD=password, **variables)
    assert (ran.returncode, ran.stderr) == (0, "")
    read: dict[str, Any] = json.loads(ran.stdout)
    return read["services"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The services, with a password."""
    return services()


def test_docker_compose_reads_three_services(compose: dict[str, Any]) -> None:
    assert set(compose) == {"neo4j", "loader", "api"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("healthcheck:", "healthchek:"),
        ("condition: service_healthy", "conditon: service_healthy"),
        ("interval: 10s", "interval: tenish"),
        ("loader: { condition", "loadr: { condition"),
        ("  neo4j-logs:\n", ""),
    ],
)
def test_a_mistake_in_the_file_would_be_noticed(right: str, wrong: str, tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "mistaken.yml").write_text(text.replace(right, wrong), encoding="utf-8")
    assert config(tmp_path / "mistaken.yml", RDWI_NEO4J_PASSWORD=PASSWORD).returncode != 0


@pytest.mark.parametrize("variables", [{}, {"RDWI_NEO4J_PASSWORD": ""}], ids=["unset", "empty"])
def test_nothing_starts_without_a_password(variables: dict[str, str]) -> None:
    ran = config(**variables)
    assert ran.returncode != 0
    assert "RDWI_NEO4J_PASSWORD" in ran.stderr
    assert "8 characters" in ran.stderr


def test_every_password_in_the_file_is_the_one_of_the_environment() -> None:
    one, other = (json.dumps(services(password)) for password in ("first-choice", "second-choice"))
    assert one.count("first-choice") == 3
    assert one.replace("first-choice", "second-choice") == other
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if re.search(r"(PASSWORD|AUTH)\w*:\s", line):
            assert re.search(r": (neo4j/)?\$\{RDWI_NEO4J_PASSWORD:\?[^}]+\}$", line), line


def test_images_are_pinned_and_neo4j_is_the_version_that_is_tested(compose: dict[str, Any]) -> None:
    version = re.fullmatch(r"neo4j:(5\.26\.\d+)-community", compose["neo4j"]["image"])
    assert version
    assert version[1] in neo4j_server.VERSIONS
    for name in ("loader", "api"):
        assert Path(compose[name]["build"]["context"]) == ROOT
        assert "image" not in compose[name]
    bases = [step["value"].split()[0] for step in STEPS if step["instruction"] == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim", bases[0])


def test_ports_are_open_to_this_machine_alone(compose: dict[str, Any]) -> None:
    ports = {name: [(port["host_ip"], port["target"]) for port in one.get("ports", ())] for name, one in compose.items()}
    assert ports == {"neo4j": [("127.0.0.1", 7474), ("127.0.0.1", 7687)], "loader": [], "api": [("127.0.0.1", 8000)]}
    assert all(not {"network_mode", "privileged", "pid", "user"} & set(one) for one in compose.values())


def test_neo4j_keeps_its_data_and_knows_its_memory(compose: dict[str, Any]) -> None:
    neo4j = compose["neo4j"]
    assert {("volume", one["source"], one["target"]) for one in neo4j["volumes"]} >= {("volume", "neo4j-data", "/data")}
    settings = as_the_image_does(neo4j["environment"])
    assert settings["server.memory.heap.initial_size"] == settings["server.memory.heap.max_size"] == "1g"
    assert settings["server.memory.pagecache.size"] == "512m"
    assert {"interval", "timeout", "retries", "start_period"} <= set(neo4j["healthcheck"])
    assert neo4j["restart"] == "unless-stopped"


def test_the_loader_runs_once_and_the_api_after_it(compose: dict[str, Any]) -> None:
    assert compose["loader"]["restart"] == "no"
    conditions = {name: {on: how["condition"] for on, how in one.get("depends_on", {}).items()} for name, one in compose.items()}
    assert conditions == {
        "neo4j": {},
        "loader": {"neo4j": "service_healthy"},
        "api": {"neo4j": "service_healthy", "loader": "service_completed_successfully"},
    }
    assert "/readyz" in " ".join(compose["api"]["healthcheck"]["test"])


def test_what_is_ours_may_write_nothing_and_has_no_rights(compose: dict[str, Any]) -> None:
    for name in ("loader", "api"):
        one = compose[name]
        assert one["init"] is True
        assert one["read_only"] is True
        assert one["tmpfs"] == ["/tmp"]
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
    assert all(volume["read_only"] for volume in compose["loader"]["volumes"])
    assert "volumes" not in compose["api"]


def test_the_sheets_are_the_shipped_ones_or_those_of_a_folder_that_is_named(compose: dict[str, Any]) -> None:
    for given, expected in (({}, ROOT / "evidence" / "studies"), ({"RDWI_SHEETS": "/mine"}, Path("/mine"))):
        (volume,) = services(**given)["loader"]["volumes"]
        assert Path(volume["source"]) == expected
        assert compose["loader"]["command"] == ["load", volume["target"]]


# --- the Dockerfile ---


def _steps() -> list[dict[str, Any]]:
    text = (ROOT / "Dockerfile").read_bytes()
    steps: list[dict[str, Any]] = DockerfileParser(fileobj=io.BytesIO(text)).structure
    return [step for step in steps if step["instruction"] != "COMMENT"]


STEPS = _steps()
_SECOND = [place for place, step in enumerate(STEPS) if step["instruction"] == "FROM"][-1]
BUILDER, RUNTIME = STEPS[:_SECOND], STEPS[_SECOND:]


def only(instruction: str) -> str:
    (step,) = [step for step in RUNTIME if step["instruction"] == instruction]
    value: str = step["value"]
    return value


def test_the_dockerfile_has_the_instructions_that_there_are() -> None:
    known = {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {step["instruction"] for step in STEPS} == known
    assert all(step["value"] for step in STEPS)


def test_the_image_is_not_roots() -> None:
    user, _, group = only("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    instructions = [step["instruction"] for step in RUNTIME]
    assert not {"RUN", "COPY"} & set(instructions[instructions.index("USER") :])


def test_what_the_image_runs_is_no_shells_to_read() -> None:
    assert json.loads(only("ENTRYPOINT")) == ["rdwi"]
    assert json.loads(only("CMD")) == ["serve", "--host", "0.0.0.0"]
    options, found, health = only("HEALTHCHECK").partition(" CMD ")
    assert found
    assert all(option.startswith("--") for option in options.split())
    assert json.loads(health)[0] == "python"
    for step in STEPS:
        if step["instruction"] == "RUN":
            assert not set(step["value"]) & set("&|;<>$*`\\"), step["value"]


@pytest.mark.parametrize("name", ["Dockerfile", "docker-compose.yml", ".dockerignore"])
def test_no_host_is_named(name: str) -> None:
    hosts = re.findall(r"\w+://([\w.-]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert set(hosts) <= {"127.0.0.1", "neo4j"}


# --- the image, as a folder ---


@dataclass(frozen=True)
class Image:
    """The Dockerfile's steps, done in a folder that stands for the root of the image's file system."""

    root: Path

    def here(self, word: str) -> str:
        """An absolute path of the image, as it is on this machine; another word as it is."""
        return str(self.root) + word if word.startswith("/") else word

    def build(self) -> None:
        folder = self.root
        for step in BUILDER:
            match step["instruction"], step["value"].split():
                case "WORKDIR", [path]:
                    folder = Path(self.here(path))
                    folder.mkdir(parents=True)
                case "COPY", [".", "."]:
                    for name in context():
                        copy(ROOT / name, folder / name)
                case "COPY", [name, "."]:
                    assert name in context()
                    copy(ROOT / name, folder / name)
                case "RUN", words:
                    self._step(words, folder)
        # the one path that the second stage takes from the first stays where it is
        assert "--from=builder /opt/rdwi /opt/rdwi" in [step["value"] for step in RUNTIME]

    def _step(self, words: list[str], folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [self.here(word) for word in words]
        ran = subprocess.run(command, cwd=folder, env={**kept, "PATH": path}, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{shlex.join(command)}\n{ran.stdout}{ran.stderr}"

    @property
    def environment(self) -> dict[str, str]:
        """What the image sets, and a home folder that is not there."""
        set_here = {"HOME": "/nonexistent"}
        for word in shlex.split(only("ENV")):
            name, _, value = word.partition("=")
            set_here[name] = self.here(value).replace("$PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        return set_here

    def command(self, service: dict[str, Any]) -> list[str]:
        """What a container of the service runs."""
        program, *words = [*json.loads(only("ENTRYPOINT")), *(service.get("command") or json.loads(only("CMD")))]
        return [self.program(program), *(self.here(word) for word in words)]

    def program(self, name: str) -> str:
        found = shutil.which(name, path=self.environment["PATH"])
        assert found is not None
        assert found.startswith(str(self.root))
        return found


def context() -> list[str]:
    """What .dockerignore lets into the build."""
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert lines[-1] == "**/__pycache__"
    assert all(line.startswith("!") for line in lines[1:-1])
    return [line.removeprefix("!") for line in lines[1:-1]]


def copy(path: Path, to: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(path, to)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    # pytest's own folders are closed to other users
    with tempfile.TemporaryDirectory(prefix="rdwi-image-") as folder:
        root = Path(folder).resolve()
        root.chmod(0o755)
        built = Image(root)
        built.build()
        yield built


def test_the_image_holds_the_wheel_and_the_locked_packages(image: Image) -> None:
    told = "from importlib.metadata import distributions as d; print(*sorted(f'{one.name}=={one.version}' for one in d()))"

    def spelt(one: str) -> str:
        name, _, version = one.partition("==")
        return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"

    listed = subprocess.run([image.program("python"), "-c", told], env=image.environment, capture_output=True, text=True, check=True)
    installed = {spelt(one) for one in listed.stdout.split()}
    lines = re.findall(
        r"^([\w.-]+)(?:\[.*\])?(==[\w.]+)( ;.*)? \\$", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    locked = [(name + version, marker) for name, version, marker in lines]
    (wheel,) = Path(image.here("/wheel")).glob("*.whl")
    own = "rdwi-graph==" + wheel.name.split("-")[1]
    assert {one for one, marker in locked if not marker} | {own} <= installed <= {one for one, _ in locked} | {own}


# --- the services, against a real server ---


def as_the_image_does(environment: dict[str, str]) -> dict[str, str]:
    """Neo4j's settings as its image makes them of variables: a _ is a dot, two are one; NEO4J_AUTH is none of them."""
    settings = {name.removeprefix("NEO4J_"): value for name, value in environment.items() if name != "NEO4J_AUTH"}
    return {name.replace("_", ".").replace("..", "_"): value for name, value in settings.items()}


@pytest.fixture(scope="module")
def neo4j(servers: Callable[[str], None], compose: dict[str, Any]) -> Iterator[neo4j_server.Server]:
    """Neo4j, of the version and with the settings of the compose file."""
    service = compose["neo4j"]
    version = service["image"].partition(":")[2].removesuffix("-community")
    servers(version)
    neo4j_server.make_archive(version)
    assert service["environment"]["NEO4J_AUTH"] == f"neo4j/{PASSWORD}"
    with neo4j_server.Server(version, settings=as_the_image_does(service["environment"])) as server:
        yield server


def test_neo4j_takes_the_settings(neo4j: neo4j_server.Server, compose: dict[str, Any]) -> None:
    rows = neo4j.query("SHOW SETTINGS YIELD name, value RETURN name, value")
    found = dict(rows)
    for name, value in as_the_image_does(compose["neo4j"]["environment"]).items():
        # 1g is shown as 1.00GiB
        wanted = re.sub(r"^(\d+)([gm])$", lambda size: f"{size[1]}.00{size[2].upper()}iB", value)
        assert found[name] == wanted, name


def test_the_health_check_of_neo4j_logs_in_and_shows_its_password_to_nobody(
    neo4j: neo4j_server.Server, compose: dict[str, Any], tmp_path: Path
) -> None:
    shell = tmp_path / "cypher-shell"
    # Neo4j's jars here come without it; this one, too, takes user and password from variables
    shell.write_text(
        f"#!{sys.executable}\n"
        "import os, sys\n"
        "from neo4j import GraphDatabase\n"
        "print(*open('/proc/self/cmdline').read().split('\\0'))\n"
        "user = os.environ['NEO4J_USERNAME'], os.environ['NEO4J_PASSWORD']\n"
        "option, database, query = sys.argv[1:]\n"
        f"with GraphDatabase.driver('{neo4j.uri}', auth=user) as driver:\n"
        "    assert option == '--database'\n"
        "    print(driver.execute_query(query, database_=database).records)\n",
        encoding="utf-8",
    )
    shell.chmod(0o755)
    kind, test = compose["neo4j"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"

    def checked(auth: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **compose["neo4j"]["environment"], "NEO4J_AUTH": auth, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        # Docker Compose doubles the dollars that are not its own
        command = ["/bin/sh", "-c", test.replace("$$", "$")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)

    right = checked(compose["neo4j"]["environment"]["NEO4J_AUTH"])
    assert right.returncode == 0, right.stderr
    assert "=1>" in right.stdout
    assert PASSWORD not in right.stdout + test
    assert checked("neo4j/another-password").returncode != 0


def free(port: int) -> int:
    """This port, or another where it is taken."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("0.0.0.0", port))
        except OSError:
            return free(0)
        bound: int = tried.getsockname()[1]
        return bound


# every file system but the kernel's own is made read-only, in a view of them that only this process has
_ENCLOSE = """
while read -r _ place _ options _; do
    case $place in /proc|/proc/*|/sys|/sys/*|/dev) continue ;; esac
    case $options in ro|ro,*) continue ;; esac
    mount -o remount,bind,ro "$place" || exit 99
done </proc/self/mounts
exec "$@"
"""


def enclosed(command: list[str]) -> list[str]:
    """The command as nobody, without any rights, where no file can be written: as Docker runs it, and without even a /tmp."""
    rights = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    return ["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", _ENCLOSE, "sh", "setpriv", *rights, *command]


@cache
def can_enclose() -> bool:
    """Whether this user may do that here, and nobody may use this Python."""
    if sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "mount", "setpriv"))):
        return False
    return subprocess.run(enclosed([os.path.realpath(sys.executable), "-c", ""]), capture_output=True, check=False).returncode == 0


class Containers:
    """What the services run, one command at a time."""

    def __init__(self, image: Image, compose: dict[str, Any], neo4j: neo4j_server.Server) -> None:
        self.image, self.compose, self.neo4j = image, compose, neo4j
        self.port = free(8000)

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        own = dict(service["environment"])
        assert own["RDWI_STORE"] == "bolt://neo4j:7687"
        return {**self.image.environment, **own, "RDWI_STORE": self.neo4j.uri}

    def command(self, service: dict[str, Any], *more: str) -> list[str]:
        command = [*self.image.command(service), *more]
        return enclosed(command) if can_enclose() else command

    def run(self, service: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """As `docker compose run` or `up` does, with the folders that are mounted."""
        for volume in service.get("volumes", ()):
            mounted = Path(self.image.here(volume["target"]))
            shutil.rmtree(mounted, ignore_errors=True)
            shutil.copytree(volume["source"], mounted)
        command, environment = self.command(service), self.environment(service)
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        service = self.compose["api"]
        # somebody's own server may be on the port of the image
        moved = [] if self.port == 8000 else ["--port", str(self.port)]
        started = subprocess.Popen(
            self.command(service, *moved), cwd="/", env=self.environment(service), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            yield started
        finally:
            started.terminate()
            _, err = started.communicate(timeout=LONGEST)
            assert "Traceback" not in err

    def healthy(self, test: list[str]) -> bool:
        program, *words = test
        command = [self.image.program(program), *(word.replace(":8000", f":{self.port}") for word in words)]
        return subprocess.run(command, env=self.image.environment, capture_output=True, timeout=LONGEST, check=False).returncode == 0

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=LONGEST) as response:
            assert response.status == 200
            return json.load(response)


def wait(done: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + LONGEST
    while not done():
        assert running.poll() is None, "it ended"
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)


def test_services_are_run_as_nobody_and_can_write_nothing(image: Image) -> None:
    if not can_enclose():
        pytest.skip("needs root, unshare and setpriv, and a Python that is not root's alone")
    probe = enclosed(["/bin/sh", "-c", f"id -u; touch /tmp/a {image.root}/b"])
    inside = subprocess.run(probe, capture_output=True, text=True, check=False)
    assert inside.stdout == f"{NOBODY}\n"
    assert inside.stderr.count("Read-only file system") == 2, inside.stderr


def test_up_loads_the_sheets_and_serves_them(image: Image, compose: dict[str, Any], neo4j: neo4j_server.Server, tmp_path: Path) -> None:
    containers = Containers(image, compose, neo4j)
    loaded = containers.run(compose["loader"])
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.startswith(f"{len(list(STUDIES.glob('*.yaml')))} studies added, 0 replaced.")

    with containers.serving() as api:
        readiness = compose["api"]["healthcheck"]["test"]
        assert readiness[0] == "CMD"
        wait(lambda: containers.healthy(readiness[1:]), api)
        assert containers.healthy(json.loads(only("HEALTHCHECK").partition(" CMD ")[2]))
        assert containers.ask("/readyz")["status"] == "ready"
        assert containers.ask("/v1/factors?population=caa")["total"] == 6
        assert containers.ask("/v1/releases/current")["store"] == "neo4j"
        every_route(containers)

        # docker compose run --rm -v ./mine:/mine:ro loader load /mine
        mine = tmp_path / "mine"
        mine.mkdir()
        (mine / "smith.yaml").write_text(SHEET, encoding="utf-8")
        own = {**compose["loader"], "command": ["load", "/mine"], "volumes": [{"source": str(mine), "target": "/mine"}]}
        done = containers.run(own)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("1 studies added")
        assert containers.ask("/v1/studies/smith-2024")["study"]["year"] == 2024


def every_route(containers: Containers) -> None:
    document = containers.ask("/openapi.json")
    graphs = [f"/v1/graph?format={form}" for form in ("node-link", "graphml", "kgx", "csv")]
    for path in (*addresses_of(document), *graphs):
        with urllib.request.urlopen(f"http://127.0.0.1:{containers.port}{path}", timeout=LONGEST) as response:
            assert response.status == 200, path


def test_the_image_alone_answers_every_route_where_nothing_can_be_written(
    image: Image, compose: dict[str, Any], neo4j: neo4j_server.Server
) -> None:
    containers = Containers(image, {**compose, "api": {**compose["api"], "environment": {"RDWI_STORE": "bolt://neo4j:7687"}}}, neo4j)
    containers.environment = lambda _: image.environment  # type: ignore[method-assign]
    with containers.serving() as api:
        wait(lambda: containers.healthy(json.loads(only("HEALTHCHECK").partition(" CMD ")[2])), api)
        assert containers.ask("/v1/releases/current")["store"] == "memory"
        every_route(containers)


def test_a_wrong_password_is_told_in_a_sentence(image: Image, compose: dict[str, Any], neo4j: neo4j_server.Server) -> None:
    containers = Containers(image, compose, neo4j)
    loader = compose["loader"]
    refused = containers.run({**loader, "environment": {**loader["environment"], "RDWI_NEO4J_PASSWORD": "another-password"}})
    assert refused.returncode == 3
    assert "RDWI_NEO4J_PASSWORD" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "another-password" not in refused.stderr
