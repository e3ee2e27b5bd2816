"""What an answer would be with studies of the asker's own or by another prior is what a store that holds them would give."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from graph.build import EvidenceGraph, build
from graph.questions import Evidence
from graph.questions.supposed import own
from graph.stores.memory import MemoryStore
from graph.synthesis.pooling import bayes
from schema.errors import BadParameter
from schema.study import Study

PAIR = {"exposure": "cerebral-microbleeds", "outcome": "r-dwi"}


@pytest.fixture(scope="module")
def store(graph: EvidenceGraph) -> MemoryStore:
    return MemoryStore(graph)


def asked(store: MemoryStore, **given: Any) -> Any:
    return store.ask(Evidence.of(PAIR | given).answer)


def loaded(graph: EvidenceGraph, **finding: Any) -> Any:
    """What the answer is with a study of that row among the loaded ones."""
    place = {
        "id": "all",
        "label": graph.field.populations["ich"].name,
        "condition": "ich",
        "arteriopathy": "any",
        "location": "any",
        "n": finding.pop("n", None),
    }
    row = {**PAIR, "population": "all", "contrast_type": "binary", **finding}
    study = {"id": "your-study-1", "title": "Your study 1", "read": "not-stated", "populations": [place], "findings": [row]}
    return asked(MemoryStore(build([*graph.studies, Study.model_validate(study)], graph.field)))


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "12/40 vs 5/60",
            {
                "measure": "OR",
                "counts": {"exposed_cases": 12, "exposed_total": 40, "unexposed_cases": 5, "unexposed_total": 60},
                "adjusted": False,
                "direction": "increases",
            },
        ),
        (
            "OR 0.8 (0.5 to 1.2), n 400",
            {
                "measure": "OR", "value": 0.8, "ci": [0.5, 1.2], "adjusted": True, "direction": "no-association", "n": 400,
            },
        ),
    ],
)  # fmt: skip
def test_a_study_that_is_added_counts_as_if_it_were_loaded(
    store: MemoryStore, graph: EvidenceGraph, text: str, finding: dict[str, Any]
) -> None:
    here, there = asked(store, add=[text]), loaded(graph, **finding)
    assert here.association == there.association
    assert here.association != here.before
    assert [row for row in here.rows if row.study.id == "your-study-1"] == [row for row in there.rows if row.study.id == "your-study-1"]
    assert here.flips == there.flips


def test_what_was_before_is_the_stored_association(store: MemoryStore) -> None:
    stored = asked(store)
    assert stored.before is None
    for given in ({"add": ["12/40 vs 5/60"]}, {"exclude": ["kidwell-2017"]}, {"prior_scale": 2}):
        found = asked(store, **given)
        assert found.before == stored.association
        assert stored.association.caption in found.note
        assert found.association.caption in found.note


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_another_prior_is_that_of_the_posterior(store: MemoryStore, scale: float) -> None:
    answer = asked(store, prior_scale=scale)
    headline = answer.association.families[0]
    assert headline.estimate_source == "pooled-bayes"
    assert headline.tau_scale == pytest.approx(scale * 0.5)
    rows = [row for row in answer.rows if row.finding in headline.rows]
    expected = bayes([row.y for row in rows], [row.se for row in rows], scale * 0.5)
    assert headline.ci == pytest.approx([2.718281828459045**end for end in expected.ci], rel=1e-6)
    assert answer.association.weight_range != asked(store).association.weight_range


def test_an_estimate_is_read_in_the_unit_of_the_headline(store: MemoryStore) -> None:
    answer = store.ask(Evidence(exposure="admission-sbp", outcome="r-dwi", add=("OR 1.05 (1.01-1.1)",)).answer)
    (row,) = (row for row in answer.rows if row.study.id == "your-study-1")
    assert (row.used, row.family.unit) == ("pooled", "mmHg")
    assert answer.association.k == answer.before.k + 1


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("12/40 vs 5/60", (None, (12, 40, 5, 60))),
        ("Ours: 12/40 v. 5/60", ("Ours", (12, 40, 5, 60))),
        ("12 / 40, 5 / 60", (None, (12, 40, 5, 60))),
        ("0/40 vs 5/60", (None, (0, 40, 5, 60))),
    ],
)
def test_a_table_is_read(text: str, read: tuple[Any, ...]) -> None:
    assert (own(text).name, own(text).counts) == read


@pytest.mark.parametrize(
    "text",
    [
        "OR 1.8 (1.1 to 2.9)", "aOR 1.8 (1.1-2.9)", "or 1.8 [1.1, 2.9]", "OR=1.8 (95% CI 1.1 to 2.9)", "odds ratio 1.8 1.1\u20132.9",
        "A: OR 1.8, 1.1, 2.9",
    ],
)  # fmt: skip
def test_an_estimate_is_read(text: str) -> None:
    assert (own(text).measure, own(text).value, own(text).ci) == ("OR", 1.8, (1.1, 2.9))


@pytest.mark.parametrize(
    "text", ["50/40 vs 1/3", "12/40", "OR 1,8 (1,1-2,9)", "OR 3 (1 to 2)", "OR -1 (-2 to 3)", "XX 3 (1 to 4)", "", "x" * 300, "1/0 vs 1/2"]
)
def test_what_cannot_be_read_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(BadParameter, match="add: "):
        Evidence.of(PAIR | {"add": [text]})


@pytest.mark.parametrize("path", ["/v1/evidence", "/evidence"])
def test_of_figures_of_ones_own_nothing_is_kept(client: TestClient, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.get(path, params=PAIR | {"add": "Ours: 17/43 vs 5/61"})
        refused = client.get(path, params=PAIR | {"add": "17/43"})
    assert answer.status_code == 200
    assert "17/43" in answer.text
    assert refused.status_code == 422
    for one in (answer, refused):
        assert one.headers["Cache-Control"] == "no-store"
        assert one.headers["Referrer-Policy"] == "no-referrer"
        assert "ETag" not in one.headers
    logged = [record.getMessage() for record in caplog.records if record.name != "httpx"]
    assert not any("17" in message and "43" in message for message in logged if not message.startswith("HTTP Request"))
    assert client.get(path, params=PAIR).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("form", ["csv", "ris", "svg", "zip"])
def test_every_form_of_the_answer_follows(client: TestClient, form: str) -> None:
    answer = client.get("/v1/evidence", params=PAIR | {"add": "Ours: 12/40 vs 5/60", "format": form})
    assert answer.status_code == 200
    if form == "zip":
        files = zipfile.ZipFile(io.BytesIO(answer.content))
        script = files.read("pooled.R").decode()
        assert "12/40 vs 5/60" in json.loads(files.read("question.json"))["command"]
        assert "your-study" not in script, "a crude estimate alone is not pooled"
    else:
        # there is no paper of it to cite
        assert ("Ours" in answer.text) == (form != "ris")


def test_the_page_says_what_changed_and_holds_the_lines_that_repeat_it(client: TestClient) -> None:
    page = client.get("/evidence", params=PAIR | {"exclude": "kidwell-2017", "add": "OR 0.8 (0.5 to 1.2)", "prior_scale": 2}).text
    told = json.loads(
        client.get("/v1/evidence", params=PAIR | {"exclude": "kidwell-2017", "add": "OR 0.8 (0.5 to 1.2)", "prior_scale": 2}).text
    )
    assert told["association"]["caption"] in page
    assert told["before"]["caption"] in page
    assert "your-study-1" in page.partition("R lines that repeat it")[2].partition("</details>")[0]
    assert "/studies/your-study-1" not in page
    assert "R lines that repeat it" not in client.get("/evidence", params=PAIR).text
