"""Nothing that is typed or sent stops a server, or is given to another who asks.

No text lets a pattern try over and over: while it is tried nothing else is done. What is read takes a time that goes with its length.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api import logs
from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.stores import snapshot
from graph.stores.memory import MemoryReader
from loaders.tables import headers
from schema import vocabulary
from schema.cutoffs import normal_cutoff
from schema.errors import SnapshotDamaged, UnknownName
from schema.identity import doi_in

SPACES = " " * 38
PARTS = ["a", "1", "1", "1", "x"]
# each once took from two seconds to days
READ = {
    "comments": "from loaders.foreign import told; told(Source('x', b'<!---->' * 400 + b'x'))",
    "open comments": "from loaders.foreign import told; told(Source('x', b'<!--' * 1000))",
    "an estimate": f"from graph.questions.supposed import own; own({SPACES.join(PARTS)!r})",
    "an estimate of digits": "from graph.questions.supposed import own; own('OR ' + '1' * 196)",
    "an estimate of dashes": "from graph.questions.supposed import own; own('OR ' + '1-' * 98)",
    "a long estimate": "from graph.questions.supposed import own; own('a' * 10**6)",
    "a PMID": "from schema.identity import pmid_in; pmid_in('PubMed' + ' ' * 10**6 + 'x')",
    "a DOI": "from schema.identity import doi_in; doi_in('doi: ' * 10**5 + 'x')",
    "a cut-off": "from schema.cutoffs import normal_cutoff; normal_cutoff('1' * 10**5)",
    "a contrast": "from schema.study import _yes_no; _yes_no('a ' * 10**5)",
    "authors": "from schema.reference import _AND_OTHERS; _AND_OTHERS.sub('', 'a' + ' ' * 10**5 + 'x')",
    "merged cells": "from loaders.tables.parts import _AREA; [*_AREA.finditer(b'<mergeCell ' + b'ref=\"A1:A1\" ' * 10**5)]",
    "a nearest name": "from graph.opening import shipped; shipped().vocabulary.suggest('ab ' * 10**5)",
    **{
        f"a cell of {column}": f"from loaders.sheets import load_text; load_text('x.csv', ({head!r} + {text}).encode(), shipped())"
        for column, head, text in (
            ("a study", "study,exposure,outcome,OR\n", "'a' * 60_000 + ',age,r-dwi,1.5'"),
            ("a mean", "study,mean age\na 2020,", "chr(177) * 16_000 + '('"),
            ("an estimate", "study,exposure,outcome,OR\na 2020,age,r-dwi,", "'95% ' * 16_000"),
            ("a heading", "", "'or of ' * 20_000 + ',study'"),
        )
    },
}


@pytest.mark.parametrize("what", READ)
def test_a_text_is_read_in_a_time_that_goes_with_its_length(what: str) -> None:
    first = "from contextlib import suppress\nfrom loaders.files import Source\nfrom graph.opening import shipped\n"
    code = f"{first}with suppress(ValueError):\n    {READ[what]}"
    # a minute is more than any machine needs, and less than one would have needed
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_what_a_study_of_ones_own_can_not_be_is_told_without_its_figures(client: TestClient) -> None:
    for own in ("SMD 0.5 -0.0000000000000000001 1", f"OR {'9' * 60} {'9' * 60} {'9' * 61}", "OR 1e400 1 2"):
        answer = client.get("/v1/evidence", params={"exposure": "age", "outcome": "r-dwi", "add": own})
        assert answer.status_code == 422


def test_another_sites_page_sends_nothing(client: TestClient) -> None:
    sent = {"content": "id: x\nread: abstract\n", "headers": {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}}
    assert client.post("/v1/preview", **sent).status_code == 403  # type: ignore[arg-type]
    sent["headers"] = {"Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/preview", **sent).status_code == 200  # type: ignore[arg-type]


def test_no_host_that_one_reader_names_is_given_to_another(client: TestClient) -> None:
    address = "/cite?format=ris&page=/factors&title=Factors"
    assert "evil.example" in client.get(address, headers={"Host": "evil.example"}).text
    assert "evil.example" not in client.get(address).text


def test_what_is_too_long_is_not_taken_for_a_part_of_it() -> None:
    assert doi_in(f"10.1000/{'x' * 900}") is not None
    assert doi_in(f"10.1000/{'x' * 2000}") is None
    long = "5 or more of " * 100
    assert normal_cutoff(long, opposite=True) != normal_cutoff(long)


def test_no_long_heading_is_kept() -> None:
    many = headers._usual.cache_info().currsize
    assert headers.matched("estimate of " * 100, "findings", headers.Mapped()) is None
    assert headers._usual.cache_info().currsize == many


def test_names_that_are_not_there_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_MOST_SUGGESTED", 20)
    terms = shipped().vocabulary
    first = terms.suggest("microbleedz")
    for i in range(50):
        terms.suggest(f"m{i}")
    assert len(terms._suggested) <= 20
    assert terms.suggest("microbleedz") == first != ()


def test_the_body_of_a_question_that_has_none_is_not_read(client: TestClient) -> None:
    assert client.request("GET", "/v1/factors", content=b"x" * 2**21).status_code == 200


@pytest.mark.parametrize("prefix", ["/..", "/a/../b", "/a/."])
def test_a_prefix_leads_nowhere_else(client: TestClient, prefix: str) -> None:
    assert prefix not in client.get("/factors", headers={"X-Forwarded-Prefix": prefix}).text


def test_a_reference_to_a_page_holds_no_field_of_its_own(client: TestClient) -> None:
    told = client.get("/cite", params={"format": "bibtex", "page": '/a},author={Evil},x={"', "title": "Factors"}).text
    assert "author={Evil}" not in told.replace(" ", "")


def test_what_an_assistant_sends_has_a_length(graph: EvidenceGraph) -> None:
    with pytest.raises(UnknownName) as told:
        MemoryReader(graph).terms().resolve("a" * 10**6)
    assert len(str(told.value)) < 1000


def test_a_snapshot_whose_header_is_nested_without_end_is_damaged(tmp_path: Path) -> None:
    (tmp_path / snapshot.NAME).write_bytes(b"[" * 10**6 + b"\n")
    with pytest.raises(SnapshotDamaged):
        snapshot.read(tmp_path / snapshot.NAME, shipped())


def test_a_line_of_the_log_can_not_be_turned_round() -> None:
    record = logging.LogRecord("rdwi", logging.INFO, "", 0, "asked \u202efor\u2066", None, None)
    assert logs._plain(record) == "asked \\x202efor\\x2066"
