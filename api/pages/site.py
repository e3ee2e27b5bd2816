"""The pages as a folder of files that opens from disk, on a machine where nothing can be installed. Written whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from api import tables
from api.figures import STYLE, evidence_plot
from api.pages import across, associations, frame, library, start
from api.pages.files import DATA, PAGES, START, STATIC, Files, Key, file_of, key_of
from api.routes.across import CompareQuery, GapsQuery
from api.routes.associations import ContestedQuery, EvidenceQuery, FactorsQuery, OutcomesQuery
from api.routes.lesions import MechanismsQuery, PrevalenceQuery
from api.routes.studies import CohortsQuery, StudiesQuery
from api.routes.terms import NeighboursQuery, TermsQuery
from graph import citations
from graph.questions import questions
from graph.questions.lists import Page
from graph.stores.port import Reader, Report
from schema.across import Comparison, Gap
from schema.answer import Answer, CohortItem, Evidence, PrevalenceAnswer, StudyItem, TermItem
from schema.association import Association, Mechanism, PrevalenceRow, Row

Make = Callable[[], frame.View]
_ALL = Page(None)


def pages(reader: Reader) -> Iterator[tuple[Key, Make]]:
    """Every page of the site, by its key: lists by population, and one for each association, study, cohort and term."""
    edges, field = reader.edges(), reader.field()
    known = {one.population.id for one in edges}
    places = [place for place in field.populations if place in known or place in {*field.compared, *field.columns}]
    yield key_of("/", {}), partial(start.start_view, reader)
    yield key_of("/method", {}), partial(start.method_view, reader)
    yield _asked(partial(library.search_view, reader), library.SearchQuery, "/search")
    for path, (view, model) in _WHOLE.items():
        yield _asked(partial(view, reader, rows=None), model, path)
    for place in places:
        for path, (view, model) in _BY_POPULATION.items():
            yield _asked(partial(view, reader, rows=None), model, path, population=place)
            if field.populations.indirect(place) and path != "/contested":
                yield _asked(partial(view, reader, rows=None), model, path, population=place, indirect=True)
        yield _asked(partial(across.prevalence_view, reader), PrevalenceQuery, "/prevalence", population=place)
        yield _asked(partial(across.graph_view, reader), across.GraphPageQuery, "/graph", population=place)
    for exposure, outcome, place in _evidence(reader):
        evidence = partial(associations.evidence_view, reader)
        yield _asked(evidence, EvidenceQuery, "/evidence", exposure=exposure, outcome=outcome, population=place)
    for name in reader.studies():
        yield key_of(f"/studies/{quote(name, safe='')}", {}), partial(library.study_view, reader, name)
    for one in questions.cohorts(reader, page=_ALL).items:
        yield key_of(f"/cohorts/{quote(one.id, safe='')}", {}), partial(library.cohort_view, reader, one.id)
    there = {(term, one.population.id) for one in edges for term in (one.exposure.id, one.outcome.id)}
    for term in reader.terms().terms:
        for place in places:
            if place == field.population or (term, place) in there:
                yield _asked(partial(library.term_view, reader, term), NeighboursQuery, f"/terms/{term}", population=place)


def _asked(view: Callable[..., frame.View], model: type[BaseModel], path: str, **asked: Any) -> tuple[Key, Make]:
    # where the default population isn't named, some questions answer for all
    if path != "/evidence" and asked.get("population") == "ich":
        del asked["population"]
    return key_of(path, asked), partial(view, query=model.model_validate(asked))


_WHOLE: dict[str, tuple[Callable[..., frame.View], type[BaseModel]]] = {
    "/compare": (across.compare_view, CompareQuery),
    "/gaps": (across.gaps_view, GapsQuery),
    "/mechanisms": (across.mechanisms_view, MechanismsQuery),
    "/studies": (library.studies_view, StudiesQuery),
    "/cohorts": (library.cohorts_view, CohortsQuery),
    "/terms": (library.terms_view, TermsQuery),
}
_BY_POPULATION: dict[str, tuple[Callable[..., frame.View], type[BaseModel]]] = {
    "/factors": (associations.factors_view, FactorsQuery),
    "/outcomes": (associations.outcomes_view, OutcomesQuery),
    "/contested": (associations.contested_view, ContestedQuery),
}


def _evidence(reader: Reader) -> list[tuple[str, str, str]]:
    """What has a page: every association, its counterpart, and the cells of the map of gaps."""
    terms = reader.terms()
    known = {(one.exposure.id, one.outcome.id, one.population.id) for one in reader.edges()}
    cells = questions.gaps(reader, state=("empty", "weak", "fair"), page=_ALL).items
    cell_keys = {(one.factor.id, one.outcome.id, one.population.id) for one in cells}
    others = {(other, *key[1:]) for key in known if (other := terms[key[0]].counterpart) is not None}
    return sorted(known | cell_keys | others)


# the rows that stand in a page's CSV, by the type of its answer
_ROWS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("/factors", Association), ("/outcomes", Association), ("/contested", Association), ("/compare", Comparison), ("/gaps", Gap),
    ("/mechanisms", Mechanism), ("/studies", StudyItem), ("/cohorts", CohortItem), ("/terms", TermItem),
)  # fmt: skip


_ENDINGS = {"bibtex": "bib", "csl-json": "csl.json"}


def data(view: frame.View, reader: Reader) -> dict[str, str]:
    """What is shown as JSON and, of lists and rows, CSV, of evidence SVG: as the API gives it. And its papers. Keys are the formats."""
    answer = view.content.get("answer")
    if not isinstance(answer, BaseModel):
        return {}
    files = {"json": answer.model_dump_json()}
    if isinstance(answer, Evidence):
        files |= {"csv": tables.delimited(answer.rows, Row, ","), "svg": evidence_plot(answer)}
        files |= {form: citations.cited(reader, answer, form) for form in ("ris", "bibtex", "csl-json")}
    elif isinstance(answer, PrevalenceAnswer):
        files["csv"] = tables.delimited(answer.prevalence.rows, PrevalenceRow, ",")
    elif isinstance(answer, Answer):
        files["csv"] = tables.delimited(answer.items, dict(_ROWS)[view.path], ",")
    return files


def write(reader: Reader, folder: Path, report: Report | None = None) -> int:
    """Write the site into a folder that is new or empty; how many pages. FileExistsError where something is in it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # beside it, so that it is moved into place in one step
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        whole = Path(beside) / "site"
        number = _write(reader, whole, report)
        if folder.exists():
            folder.rmdir()
        whole.rename(folder)
    return number


def _write(reader: Reader, folder: Path, report: Report | None) -> int:
    everything = dict(pages(reader))
    names = {key: START if key == ("/", ()) else f"{PAGES}/{file_of(key)}.html" for key in everything}
    for inner in (PAGES, DATA):
        (folder / inner).mkdir(parents=True)
    shutil.copytree(frame.STATIC, folder / STATIC)
    (folder / STATIC / "figures.css").write_text(STYLE, encoding="utf-8")
    for done, (key, make) in enumerate(everything.items()):
        if report is not None:
            report("writing pages", done, len(everything))
        view = make()
        content = data(view, reader)
        files = {ending: f"{file_of(key)}.{_ENDINGS.get(ending, ending)}" for ending in content}
        to = Files(names, key, files)
        (folder / names[key]).write_text(frame.text(view, reader, to), encoding="utf-8")
        for ending in sorted(to.linked):
            # as the API sends it, line ends and all
            (folder / DATA / files[ending]).write_bytes(content[ending].encode())
    return len(everything)
