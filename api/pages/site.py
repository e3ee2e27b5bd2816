"""The pages as a folder of files that opens from disk, on a machine where nothing can be installed. Written whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import get_args
from urllib.parse import quote

from pydantic import BaseModel

from api.colours import STYLE
from api.forms import FORMS
from api.pages import across, associations, frame, library, start
from api.pages.files import DATA, PAGES, START, STATIC, Files, Key, file_of, key_of
from api.pages.routes import LISTS
from graph.questions import Cohorts, Contested, Evidence, Factors, Gaps, Neighbours, Outcomes, Prevalence, Question
from graph.stores.port import Reader, Report
from schema import outputs
from schema.across import State

Make = Callable[[], frame.View]


def pages(reader: Reader) -> Iterator[tuple[Key, Make]]:
    """Every page of the site, by its key: lists by population, and one for each association, study, cohort and term."""
    edges, field = reader.edges(), reader.field()
    known = {one.population.id for one in edges}
    places = [place for place in field.populations if place in known or place in {*field.compared, *field.columns}]
    yield key_of(field, "/"), partial(start.start_view, reader)
    yield key_of(field, "/method"), partial(start.method_view, reader)
    yield key_of(field, "/review"), partial(start.review_view, reader)
    yield key_of(field, "/search"), partial(library.search_view, reader)
    for question, view in LISTS.items():
        if question not in _BY_POPULATION:
            yield _asked(view, reader, question.of({}))
    for place in places:
        # where the default population isn't named, some questions answer for all
        named = {} if place == field.population else {"population": place}
        if named:
            yield key_of(field, "/", named), partial(start.start_view, reader, place)
        for one in _BY_POPULATION:
            yield _asked(LISTS[one], reader, one.of(named))
            if field.populations.indirect(place) and one is not Contested:
                yield _asked(LISTS[one], reader, one.of({**named, "indirect": True}))
        yield _asked(across.prevalence_view, reader, Prevalence.of(named))
        yield key_of(field, "/graph", named), partial(across.graph_view, reader, Neighbours.of({"term": field.lesion, **named}))
    for exposure, outcome, place in _evidence(reader):
        yield _asked(associations.evidence_view, reader, Evidence(exposure=exposure, outcome=outcome, population=place))
    for name in reader.studies():
        yield key_of(field, f"/studies/{quote(name, safe='')}"), partial(library.study_view, reader, name)
    for cohort in Cohorts().answer(reader).items:
        yield key_of(field, f"/cohorts/{quote(cohort.id, safe='')}"), partial(library.cohort_view, reader, cohort.id)
    there = {(term, one.population.id) for one in edges for term in (one.exposure.id, one.outcome.id)}
    for term in reader.terms().terms:
        for place in places:
            if place == field.population or (term, place) in there:
                asked = {} if place == field.population else {"population": place}
                yield key_of(field, f"/terms/{term}", asked), partial(library.term_view, reader, term, **asked)


def _asked(view: Callable[..., frame.View], reader: Reader, question: Question) -> tuple[Key, Make]:
    return key_of(reader.field(), f"/{question.called()}", question.asked()), partial(view, reader, question)


_BY_POPULATION: tuple[type[Factors | Outcomes | Contested], ...] = (Factors, Outcomes, Contested)


def _evidence(reader: Reader) -> list[tuple[str, str, str]]:
    """What has a page: every association, its counterpart, and the cells of the map of gaps."""
    terms = reader.terms()
    known = {one.key for one in reader.edges()}
    cells = Gaps(state=get_args(State)).answer(reader).items
    cell_keys = {(one.factor.id, one.outcome.id, one.population.id) for one in cells}
    others = {(other, *key[1:]) for key in known if (other := terms[key[0]].counterpart) is not None}
    return sorted(known | cell_keys | others)


def data(view: frame.View, reader: Reader) -> dict[str, str]:
    """What is shown, as the API gives it in every form that is text, by the names of the forms; no papers but of evidence."""
    answer = view.content.get("answer")
    if view.question is None:
        return {"json": answer.model_dump_json()} if isinstance(answer, BaseModel) else {}
    forms = (
        set(view.question.formats) - {"zip", "png", "tsv"}
        if isinstance(view.question, Evidence)
        else {"json", "csv", "svg"} & set(view.question.formats)
    )
    # of no bytes but the ZIP
    return {form: str(FORMS[form].make(reader, view.question, answer)) for form in sorted(forms)}


def write(reader: Reader, folder: Path, report: Report | None = None) -> int:
    """Write the site into a folder that is new or empty; how many pages. FileExistsError where something is in it."""
    with outputs.folder(folder) as whole:
        return _write(reader, whole, report)


def _write(reader: Reader, folder: Path, report: Report | None) -> int:
    everything = dict(pages(reader))
    names = {key: START if key == ("/", ()) else f"{PAGES}/{file_of(key)}.html" for key in everything}
    for inner in (PAGES, DATA, STATIC):
        (folder / inner).mkdir(parents=True)
    for part in frame.STATIC.iterdir():
        outputs.save(folder / STATIC / part.name, part.read_bytes())
    outputs.save(folder / STATIC / "figures.css", STYLE)
    for done, (key, make) in enumerate(everything.items()):
        if report is not None:
            report("writing pages", done, len(everything))
        view = make()
        content = data(view, reader)
        files = {ending: f"{file_of(key)}.{FORMS[ending].ending}" for ending in content}
        to = Files(reader.field(), names, key, files)
        outputs.save(folder / names[key], frame.text(view, reader, to))
        for ending in sorted(to.linked):
            # as the API sends it, line ends and all
            outputs.save(folder / DATA / files[ending], content[ending])
    return len(everything)
