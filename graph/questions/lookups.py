"""What is looked up by its name, and asks nothing: a study, a term, the release, the schema."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from graph.stores.port import Reader, Store
from graph.synthesis import direction
from graph.synthesis.associations import term_ref
from graph.synthesis.certainty import RULES
from graph.synthesis.method import METHOD, method_of
from graph.synthesis.observations import DERIVATIONS
from graph.synthesis.overlap import overlap
from graph.synthesis.rows import claim_row, rows_of
from schema.answer import ReleaseAnswer, SchemaAnswer, StudyAnswer, TermAnswer
from schema.association import TermRef
from schema.graphmodel import EDGES, NODES
from schema.identity import one_named
from schema.vocabulary import Term


def study(reader: Reader, name: str) -> StudyAnswer:
    """One study, by its id, DOI, PMID or PMCID: its sheet, how each row was read, and whom it shares patients with."""
    everything = reader.papers()
    study_id = one_named(name, everything)
    found = reader.studies()[study_id]
    patients = reader.patients()
    observations = reader.findings(study=study_id)
    return StudyAnswer(
        release=reader.release(),
        label=found.label,
        study=found,
        rows=tuple(rows_of(None, observations, reader.corpus())),
        claims=tuple(claim_row(claim, everything, reader.terms()) for claim in reader.claims(study=study_id)),
        read_twice=share(*found.read_twice),
        shares_patients_with=tuple(other for other in everything if other != study_id and overlap(patients[study_id], patients[other])),
    )


def term(reader: Reader, name: str) -> TermAnswer:
    """One term, with the broader and the narrower ones."""
    vocabulary = reader.terms()
    found = vocabulary.resolve(name)
    broader, narrower = around(vocabulary.terms, found)
    return TermAnswer(
        release=reader.release(), term=found, broader=broader, narrower=narrower, findings=reader.finding_counts().get(found.id, 0)
    )


def release(reader: Reader, store: Store) -> ReleaseAnswer:
    """What is loaded."""
    versions = {"rdwi-graph": package_version(), "method": METHOD.served()["version"], **store.versions}
    return ReleaseAnswer(
        release=reader.release(),
        loaded=reader.loaded(),
        store=store.name,
        counts=reader.counts(),
        versions=versions,
        review=reader.field().review,
    )


def package_version() -> str:
    try:
        return version("rdwi-graph")
    except PackageNotFoundError:
        return "0+unknown"


def schema(reader: Reader) -> SchemaAnswer:
    """Node and edge types, vocabulary, and the method with its constants and rules."""
    vocabulary = reader.terms()
    marker = reader.field().kind_name("csvd-marker").name
    return SchemaAnswer(
        release=reader.release(),
        nodes=tuple(one.model_dump() for one in NODES),
        edges=tuple(one.model_dump() for one in EDGES),
        vocabulary=tuple(one for _, one in sorted(vocabulary.terms.items())),
        roll_ups={parent: {**dict(children)} for parent, children in sorted(vocabulary.roll_ups.items())},
        populations=tuple(
            {"id": one.id, "name": one.name, "synonyms": list(one.synonyms), "part_of": list(one.part_of)}
            for one in reader.field().populations.values()
        ),
        method={
            "constants": method_of(reader.field().constants).served(),
            "direction": [{"basis": basis, "rule": rule} for basis, rule in direction.RULES],
            "certainty": [{"rule": rule, "step": step, "when": when.format(marker=marker)} for rule, step, when in RULES],
            "observations": [{"way": derivation, "what": what, "source": source} for derivation, (what, source) in DERIVATIONS.items()],
        },
        read_twice=share(*read_twice(reader)),
    )


def read_twice(reader: Reader) -> tuple[int, int]:
    """How many rows of all studies a second person is said to have read, and how many there are."""
    each = [study.read_twice for study in reader.studies().values()]
    return sum(twice for twice, _ in each), sum(rows for _, rows in each)


def share(some: int, of: int) -> float:
    return some / of if of else 0.0


def around(everything: Mapping[str, Term], found: Term) -> tuple[TermRef | None, tuple[TermRef, ...]]:
    broader = term_ref(everything[found.broader]) if found.broader else None
    return broader, tuple(term_ref(one) for _, one in sorted(everything.items()) if one.broader == found.id)
