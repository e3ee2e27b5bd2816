"""The built wheel answers as the checkout does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from evidence import STUDIES

ROOT = Path(__file__).parent.parent


def test_the_wheel_holds_all_that_an_answer_needs(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("rdwi_graph-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    assert (tmp_path / "installed" / "api" / "exports" / "metafor.R").is_file()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "RDWI_SNAPSHOT": str(tmp_path / "snapshot")}
    command = [
        sys.executable,
        "-P",
        "-c",
        "import sys, api.cli as c; print(c.__file__, file=sys.stderr); c.main()",
        "status",
        "--format",
        "json",
    ]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert str(tmp_path) in ran.stderr
    assert json.loads(ran.stdout)["counts"]["studies"] == len(list(STUDIES.glob("*.yaml")))
