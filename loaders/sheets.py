"""Extraction sheets as studies, or a report of all that is wrong with them.

Impossible is an error; odd is a warning. All problems of all files are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loaders import fields, files, identity, vocabularies
from loaders.documents import Document, readable
from loaders.validation import Judge, validate
from schema.field import EvidenceField
from schema.problems import Problem
from schema.report import in_order
from schema.study import Study
from schema.vocabulary import Term

# of one text, such as is previewed; a folder may hold any number
MOST_SHEETS = 2000
# told how many of how many files are read
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: the clean studies sorted by id, the terms that the folder brings, and every problem."""

    studies: tuple[Study, ...]
    terms: tuple[Term, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(
    paths: Iterable[str | Path],
    field: EvidenceField,
    progress: Progress | None = None,
    *,
    own: Sequence[Term] = (),
    held: Iterable[Study] = (),
    replace_study: bool = False,
    judge: Judge | None = None,
) -> Loaded:
    """Read sheets from files, folders, globs and standard input. Reading changes nothing.

    The field's terms are fixed; `own` are a user's from earlier loads, which a vocabulary.yaml may give anew. `held` are the studies that
    the sheets would add to; with `replace_study` another paper may take the place of one. `judge` says what a graph makes of a study;
    without one its figures are trusted.
    """
    found = files.find(paths)
    terms, wrong, stand_ins = vocabularies.read(found.vocabularies, field.vocabulary, own)
    problems = [*found.problems, *wrong, *_of_reviews(found.reviews, field)]
    known = field.extended([*stand_ins, *vocabularies.kept(own, terms), *terms])
    sheets: list[_Sheet] = []
    tabular: list[files.Source] = []
    for done, path in enumerate(found.sheets, start=1):
        source = files.read(path)
        if isinstance(source, files.Source) and source.is_table:
            # the tables of a folder may belong together
            tabular.append(source)
        else:
            read, wrong = _parsed(source)
            sheets += read
            problems += wrong
        if progress is not None:
            progress(done, len(found.sheets))
    read, wrong = _tabular(tabular, known)
    sheets += read
    problems += wrong
    studies, wrong = _validated(sheets, known, judge, held, replace_study=replace_study, unsure=frozenset(term.id for term in stand_ins))
    return Loaded(studies, tuple(terms), in_order((*problems, *wrong)))


def _of_reviews(paths: Iterable[Path], field: EvidenceField) -> Iterator[Problem]:
    """What is wrong with the records of reviews beside the sheets. They belong to fields, and a load keeps none."""
    for path in paths:
        review, wrong = fields.reviewed(path)
        yield from wrong
        if review is not None and review != field.review:
            how = "To have it shown, put it beside the field.yaml that RDWI_FIELD names."
            yield Problem(str(path), "the record of a review", "sheets: it is checked, and not loaded", severity="warning", help=how)


def extended(field: EvidenceField, paths: Iterable[Path], own: Sequence[Term]) -> EvidenceField:
    """The field with a user's own terms, and those of vocabulary.yaml files as far as these are sound."""
    terms = vocabularies.read(paths, field.vocabulary, own).terms
    return field.extended([*vocabularies.kept(own, terms), *terms])


def load_text(name: str, content: bytes, field: EvidenceField, judge: Judge | None = None, *, held: Iterable[Study] = ()) -> Loaded:
    """Read the sheets of one text, YAML or JSON, or of a table (by the ending of its name); `name` is what reports call it."""
    source = files.Source(name, content, files.looks_like_json(content))
    sheets, problems = _tabular([source], field, with_mapping=False) if source.is_table else _parsed(source)
    if len(sheets) > MOST_SHEETS:
        told = Problem(name, f"{len(sheets):,} sheets", f"at most {MOST_SHEETS:,} sheets in one text", help="Load them as files.")
        return Loaded((), (), (told,))
    studies, wrong = _validated(sheets, field, judge, held)
    return Loaded(studies, (), in_order((*problems, *wrong)))


def _validated(
    sheets: Sequence[_Sheet],
    known: EvidenceField,
    judge: Judge | None,
    held: Iterable[Study],
    *,
    replace_study: bool = False,
    unsure: frozenset[str] = frozenset(),
) -> tuple[tuple[Study, ...], list[Problem]]:
    studies, problems = [], []
    papers = [identity.printed(sheet.file, sheet.document) for sheet in sheets]
    doubts = identity.problems_of(papers, held, replace=replace_study)
    for i, sheet in enumerate(sheets):
        study, wrong = validate(sheet.document, known, sheet.file, judge, unsure=unsure)
        doubtful = doubts.get(i, ())
        problems += [*doubtful, *wrong]
        if study is not None and not any(one.severity == "error" for one in doubtful):
            studies.append(study)
    return tuple(sorted(studies, key=lambda study: study.id)), problems


@dataclass(frozen=True, slots=True)
class _Sheet:
    file: str
    document: Document


def _parsed(source: files.Source | Problem) -> tuple[list[_Sheet], list[Problem]]:
    if isinstance(source, Problem):
        return [], [source]
    read, problem = readable(source)
    parts = [part for document in read for part in (document.items() if isinstance(document.value, list) else [document])]
    for part in parts:
        part.tell(source.name)
    return [_Sheet(source.name, part) for part in parts], [] if problem is None else [problem]


def _tabular(sources: Sequence[files.Source], field: EvidenceField, *, with_mapping: bool = True) -> tuple[list[_Sheet], list[Problem]]:
    if not sources:
        return [], []
    # its columns take a moment to read, and most sheets are no tables
    from loaders.tables import books as tables

    found, problems = tables.documents_of(sources, field, with_mapping=with_mapping)
    return [_Sheet(file, document) for file, document in found], problems
