"""Who read a row, and who read it a second time."""

from __future__ import annotations

from starlette.testclient import TestClient

from api.app import create_app
from graph.build import build
from graph.opening import shipped
from graph.release import content_hash
from graph.stores.memory import MemoryStore
from graph.synthesis.observations import finding_ids
from graph.wording import living
from schema.study import Study


def read_by(study: Study, **who: str) -> Study:
    first, *rest = study.findings
    return study.model_copy(update={"findings": (first.model_copy(update=who), *rest)})


def test_rows_keep_their_ids_and_sheets_their_hashes(corpus: tuple[Study, ...]) -> None:
    study = corpus[0]
    again = read_by(study, checked_by="CD")
    assert finding_ids(again) == finding_ids(study)
    assert content_hash(again) != content_hash(study)
    assert "checked_by" not in study.model_dump(exclude_defaults=True)


def test_a_row_says_it_or_its_sheet_does(corpus: tuple[Study, ...]) -> None:
    study = next(one for one in corpus if len(one.findings) > 1)
    rows = len(study.findings) + len(study.prevalence) + len(study.mechanisms)
    assert study.read_twice == (0, rows)
    assert read_by(study, checked_by="CD").read_twice == (1, rows)
    assert study.model_copy(update={"checked_by": "CD"}).read_twice == (rows, rows)


def test_pages_and_data_show_who_read_what(corpus: tuple[Study, ...]) -> None:
    marked = [
        read_by(one, checked_by="CD", extracted_by="AB", date="2024-05-01", disagreement="the bound") if one.id == "menon-2012" else one
        for one in corpus
    ]
    client = TestClient(create_app(MemoryStore(build(marked, shipped()))))
    study = client.get("/v1/studies/menon-2012").json()
    (row,) = (one for one in study["rows"] if one["checked_by"])
    told = row["extracted_by"], row["checked_by"], row["extracted_on"], row["disagreement"]
    assert told == ("AB", "CD", "2024-05-01", "the bound")
    assert "rows was read by a second person." in client.get("/studies/menon-2012").text
    everything = sum(one.read_twice[1] for one in corpus)
    assert living.read_twice(1, everything) in client.get("/method").text
    assert "No row says who read it a second time." in client.get("/evidence?exposure=age&outcome=r-dwi").text
