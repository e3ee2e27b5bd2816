"""pip takes the locks: with hashes it wants each requirement pinned as it is named, extras and all, else it looks for a newer release."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = {"requirements.lock": ("build",), "requirements-dev.lock": ("build", "dev")}
# the packages of the development lock as they were pinned once, before their extras were: a release of coverage ended the installation
BARE = re.sub(r"^([\w.-]+)\[[^\]]+\]", r"\1", (ROOT / "requirements-dev.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)


def locked(text: str) -> dict[str, frozenset[str]]:
    """The extras of each package that a lock pins."""
    pinned = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if line[:1].strip() and not line.startswith("#")]
    assert all(str(one.specifier).startswith("==") for one in pinned)
    return {canonicalize_name(one.name): frozenset(one.extras) for one in pinned}


def asked_for(lock: dict[str, frozenset[str]], groups: Iterable[str]) -> list[Requirement]:
    """What the project asks for, and what each locked package that is installed asks for here."""
    named = [*PROJECT["project"]["dependencies"], *(one for group in groups for one in PROJECT["dependency-groups"][group])]
    found = [Requirement(one) for one in named]
    for name, extras in lock.items():
        try:
            of_it = [Requirement(one) for one in requires(name) or ()]
        except PackageNotFoundError:
            continue
        found += [one for one in of_it if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))]
    return found


def unpinned(text: str, groups: Iterable[str]) -> list[str]:
    lock = locked(text)
    return sorted({str(one) for one in asked_for(lock, groups) if not one.extras <= lock.get(canonicalize_name(one.name), frozenset())})


@pytest.mark.parametrize("name", GROUPS)
def test_a_lock_pins_all_that_it_asks_for_with_its_extras(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lock = locked(text)
    assert unpinned(text, GROUPS[name]) == []
    assert any(lock.values())
    assert {canonicalize_name(one.name) for one in asked_for(lock, GROUPS[name])} <= lock.keys()


def test_a_lock_without_extras_is_seen() -> None:
    extras = locked((ROOT / "requirements-dev.lock").read_text(encoding="utf-8"))
    missed = {canonicalize_name(Requirement(one).name) for one in unpinned(BARE, GROUPS["requirements-dev.lock"])}
    assert missed == {name for name, given in extras.items() if given}


def test_nothing_takes_another_pip_than_pythons_own() -> None:
    for path in ("run", "tests/all.sh", ".ci/run", "Dockerfile"):
        assert re.findall(r"(?<!\S)(?:-U|--upgrade\S*)", (ROOT / path).read_text(encoding="utf-8")) == [], path
    assert "pip" not in locked((ROOT / "requirements-dev.lock").read_text(encoding="utf-8"))
