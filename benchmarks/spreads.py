"""How far apart people are in each exposure, over the sheets of a field: `python -m benchmarks.spreads`.

Prints `exposure_sds` of field.yaml: the median over the sheets that print an SD (or quartiles) of the exposure, in its unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

import yaml

from graph.build import corpus_of, read_all
from graph.opening import shipped
from graph.synthesis.spreads import exposure_spreads, of_age
from loaders import sheets
from schema.field import EvidenceField
from schema.study import Study
from schema.units import per_unit


def learned(studies: Iterable[Study], field: EvidenceField) -> dict[str, dict[str, float | str]]:
    """The median SD of each exposure, to three digits, by the term's id."""
    corpus = corpus_of(studies, field)
    rows = read_all(corpus)
    found: dict[str, dict[str, float | str]] = {}
    for term in sorted({row.exposure for row in rows} | {"age"} & set(field.vocabulary.terms)):
        unit = field.vocabulary[term].unit
        own = [row for row in rows if row.exposure == term]
        if unit is None or not own:
            continue
        form = per_unit(1, unit)[1]
        spreads = exposure_spreads(own, corpus.studies, form, field.vocabulary)
        if term == "age":
            # each sheet tells its people's age, whatever it is about
            spreads = {name: spread for name, study in corpus.studies.items() for spread in of_age(study)} | spreads
        if spreads:
            found[term] = {"sd": float(f"{median(spreads.values()):.3g}"), "unit": form}
    return found


def main() -> None:
    field = shipped()
    loaded = sheets.load([field.folder / "studies"], field)
    print(yaml.safe_dump({"exposure_sds": learned(loaded.studies, field)}, sort_keys=True, allow_unicode=True), end="")


if __name__ == "__main__":
    main()
