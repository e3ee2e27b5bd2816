"""The whole graph in the formats of others: one module a format, each written as it is gone through and never held whole.

A format is one file or a folder of files. Over REST a folder is a ZIP.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from graph.build import EvidenceGraph
from schema import outputs

Form = Literal["node-link", "graphml", "kgx", "csv", "metafor", "sheets"]
# told the graph, where to write it, and a population id or None for all of it
Write = Callable[[EvidenceGraph, outputs.Place, str | None], None]


@dataclass(frozen=True, slots=True)
class Format:
    """`folder`: whether it is made of several files. Over REST: `media` its type, None where it is not served, `ending` of its name."""

    media: str | None
    folder: bool
    ending: str = "zip"
    by_population: bool = True


FORMATS: dict[Form, Format] = {
    "node-link": Format("application/json", folder=False, ending="json"),
    "graphml": Format("application/graphml+xml", folder=False, ending="graphml"),
    "kgx": Format("application/zip", folder=True),
    "csv": Format("application/zip", folder=True),
    "metafor": Format(None, folder=True),
    "sheets": Format(None, folder=True, by_population=False),
}


def write(graph: EvidenceGraph, form: Form, path: Path, population: str | None = None) -> None:
    """Write a file, or a folder: FileExistsError where that is there and not empty, Unwritable where either can't be."""
    if not FORMATS[form].folder:
        _writer(form)(graph, path, population)
        return
    with outputs.folder(path) as folder:
        _writer(form)(graph, folder, population)


def _writer(form: Form) -> Write:
    match form:
        case "node-link":
            from api.exports import nodelink

            return nodelink.write
        case "graphml":
            from api.exports import graphml

            return graphml.write
        case "kgx":
            from api.exports import kgx

            return kgx.write
        case "csv":
            from api.exports import csvfiles

            return csvfiles.write
        case "metafor":
            from api.exports import metafor

            return metafor.write
        case "sheets":
            from api.exports import sheets

            return sheets.write


def content(graph: EvidenceGraph, form: Form, population: str | None = None) -> bytes:
    """The bytes of the file, or of a ZIP of the folder: the same bytes for the same graph."""
    files: dict[str, bytes] = {}
    _writer(form)(graph, outputs.Held(files), population)
    if not FORMATS[form].folder:
        return files[""]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in sorted(files.items(), key=lambda one: one[0].split("/")):
            # a fixed date: what is in it alone tells one ZIP from another
            file.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
