"""The pages as text: what they show, that it is what the API answers, and what they refuse."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from jinja2 import Environment
from starlette.testclient import TestClient

from api import cache
from api.app import create_app
from api.pages import frame, installed
from api.pages.frame import ABBREVIATIONS, POLICY, explained
from api.pages.warm import warm
from evidence import STUDIES
from graph import questions, wording
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader, MemoryStore
from graph.synthesis import next_study as gaps
from graph.synthesis.method import METHOD
from graph.wording import number, p_value
from schema.errors import StoreUnavailable
from schema.study import Finding, Population, Study
from schema.vocabulary import Term

HTML = {"Accept": "text/html,application/xhtml+xml"}
TRIAL = "exposure=intensive-bp-lowering&outcome=r-dwi"
SEEN = "exposure=acute-bp-reduction&outcome=r-dwi"
# each page with what the API is asked for the same
PAGES: dict[str, tuple[str, ...]] = {
    **{
        f"/{asked}": (
            "/v1/releases/current", f"/v1/prevalence{asked}", f"/v1/factors?limit=500{asked.replace('?', '&')}",
            f"/v1/outcomes?limit=500{asked.replace('?', '&')}", f"/v1/contested?lesion=r-dwi{asked.replace('?', '&')}",
        )
        for asked in ("", "?population=caa", "?population=ich-lobar")
    },
    "/factors": ("/v1/factors?limit=100",),
    "/factors?population=caa": ("/v1/factors?population=caa&limit=100",),
    "/factors?population=caa&indirect=true": ("/v1/factors?population=caa&indirect=true&limit=100",),
    "/factors?adjusted=true&year_from=2015": ("/v1/factors?adjusted=true&year_from=2015&limit=100",),
    "/outcomes": ("/v1/outcomes?limit=100",),
    "/contested": (
        "/v1/contested?limit=100", f"/v1/evidence?{TRIAL}", "/v1/evidence?exposure=intensive-bp-lowering&outcome=poor-functional-outcome",
    ),
    f"/evidence?{TRIAL}": (f"/v1/evidence?{TRIAL}", f"/v1/evidence?{SEEN}"),
    f"/evidence?{SEEN}": (f"/v1/evidence?{SEEN}", f"/v1/evidence?{TRIAL}"),
    "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi": ("/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi",),
    "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&baseline=16": (
        "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&baseline=16",
    ),
    "/evidence?exposure=r-dwi&outcome=poor-functional-outcome": ("/v1/evidence?exposure=r-dwi&outcome=poor-functional-outcome",),
    "/evidence?exposure=age&outcome=r-dwi&population=ich-both": ("/v1/evidence?exposure=age&outcome=r-dwi&population=ich-both",),
    "/compare": ("/v1/compare?limit=100",),
    "/compare?population=ich&population=caa": ("/v1/compare?population=ich&population=caa&limit=100",),
    "/prevalence": ("/v1/prevalence",),
    "/prevalence?population=caa": ("/v1/prevalence?population=caa",),
    "/mechanisms": ("/v1/mechanisms?limit=100",),
    "/gaps": ("/v1/gaps?limit=25", "/v1/gaps?state=empty&state=weak&state=fair&limit=500"),
    "/graph": ("/v1/terms/r-dwi/neighbours",),
    "/graph?term=CMBs&population=caa": ("/v1/terms/CMBs/neighbours?population=caa",),
    "/studies": ("/v1/studies?limit=100&sort=name",),
    "/studies?q=hydrocephalus": ("/v1/studies?q=hydrocephalus&limit=100&sort=name",),
    "/studies/menon-2012": ("/v1/studies/menon-2012",),
    "/studies/butcher-2025": ("/v1/studies/butcher-2025",),
    "/cohorts": ("/v1/cohorts?limit=100",),
    "/cohorts/ATACH-2": ("/v1/cohorts/ATACH-2",),
    "/terms": ("/v1/terms?limit=100",),
    "/terms/cerebral-microbleeds": ("/v1/terms/cerebral-microbleeds", "/v1/terms/cerebral-microbleeds/neighbours"),
    "/method": ("/v1/schema", "/v1/releases/current"),
    "/search?q=microbleed": (
        "/v1/terms?q=microbleed", "/v1/studies?q=microbleed", "/v1/cohorts?q=microbleed", "/v1/terms/cerebral-microbleeds/neighbours",
    ),
    "/preview": (),
}  # fmt: skip


class Text(HTMLParser):
    """The text of a page's main part, without forms and without what an axis is numbered with; and the addresses that it links to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._inside: list[str] = []
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in {"meta", "link", "input", "br"}:
            return
        silent = tag in {"header", "footer", "form", "script", "style", "head"} or "rf-tick" in (given.get("class") or "")
        self._inside.append(f"-{tag}" if silent else tag)
        self._silent += silent

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._silent -= self._inside.pop().startswith("-")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page(client: TestClient, address: str, status: int = 200) -> str:
    response = client.get(address, headers=HTML, follow_redirects=False)
    assert response.status_code == status, (address, response.text[:300])
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


def shown(client: TestClient, address: str) -> str:
    return Text(page(client, address)).text


# --- every number is in the API's answer ---

_NUMBER = re.compile(r"(?<![\w.,/-])[-\u2212]?\d[\d,]*(?:\.\d+)?(?:e-\d+)?(?![\w/])|(?<=[\d%]-)\d[\d,]*(?:\.\d+)?")


def numbers(text: str) -> Iterator[str]:
    for found in _NUMBER.findall(text):
        yield found.replace("\u2212", "-").rstrip(",")


def leaves(value: Any) -> Iterator[Any]:
    """Every value of a JSON answer, and how many there are of what is listed."""
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        yield len(value)
        for one in value:
            yield from leaves(one)
    else:
        yield value


def printed(value: Any) -> Iterable[str]:
    """The ways in which a value may stand on a page."""
    if isinstance(value, bool) or value is None:
        return ()
    if isinstance(value, str):
        return numbers(p_value(value)) if value[:1] in "<>" else numbers(value)
    told = {
        number(value), f"{value:,}", str(value), f"{value:.1f}", f"{value:.0f}", f"{100 * value:.0f}",
        f"{100 * value:.1f}", str(round(10 * value)), f"{value:g}",
    }  # fmt: skip
    share = wording.probability(value) if 0 <= value <= 1 else ""
    return {found for text in (*told, share, wording.p_of_test(value), p_value(value)) for found in numbers(text)}


def figures(answers: Iterable[Any]) -> set[str]:
    return {found for answer in answers for value in leaves(answer) for found in printed(value)}


def counted(answers: Iterable[Mapping[str, Any]]) -> set[str]:
    """What a list is summed up in: how many of its items are of a kind."""
    found: set[str] = set()
    for answer in answers:
        items = [one for one in answer.get("items", ()) if isinstance(one, dict) and one.get("studies") and "increases" in one]
        signed = [one for one in items if one["direction"] in {"increases", "decreases"}]
        levels = [one["certainty"] for one in items]
        found |= {
            str(n)
            for n in (
                len(items),
                sum(max(one["increases"], one["decreases"]) >= 2 for one in signed),
                sum(one["cohorts"] <= 1 for one in items),
                sum((one["estimate_source"] or "").startswith("pooled") for one in items),
                *(levels.count(level) for level in set(levels)),
                # of the headline, the first eight
                8,
            )
        }
    return found


# what a page says of itself: intervals of 95%, tenths, of 100 patients, the reference cohort, p < 0.05, arms of a table by two
OWN = {
    "95", "10", "1", "9", "100", "0.05", "0.001", "0", str(METHOD.reference_n), f"{100 * METHOD.reference_prevalence:.0f}",
    str(METHOD.surprise),
}  # fmt: skip


def expected_wrong(graph: EvidenceGraph) -> list[str]:
    """How many directions there are, and how many are wrong by their weights: by the weight, and from the least to the most."""
    told = [one for one in graph.associations if one.population.id == "ich" and one.direction in {"increases", "decreases"}]
    known = [(one.weight, *one.weight_range) for one in told if one.weight is not None and one.weight_range is not None]
    assert len(known) == len(told) > 100
    own, low, high = (sum(1 - weight for weight in each) for each in zip(*known, strict=True))
    assert high < own < low
    return [str(len(told)), f"{own:.0f}", f"{high:.0f}", f"{low:.0f}"]


def test_the_page_of_the_method_says_how_many_directions_are_expected_to_be_wrong(client: TestClient, graph: EvidenceGraph) -> None:
    told = re.search(r"Of the (\d+) directions in .*? about (\d+) are expected to be wrong.*?: (\d+) .*?, (\d+) ", shown(client, "/method"))
    assert told
    assert list(told.groups()) == expected_wrong(graph)


@pytest.mark.parametrize("address", PAGES)
def test_every_number_on_a_page_is_in_the_answer_of_the_api(client: TestClient, graph: EvidenceGraph, address: str) -> None:
    answers = [client.get(one).json() for one in PAGES[address]]
    known = figures(answers) | counted(answers) | OWN | figures([ABBREVIATIONS, shipped().abbreviations])
    if address == "/preview":
        # the largest sheet in MiB
        known |= {"1"}
    if address == "/method":
        known |= set(expected_wrong(graph))
    unknown = [one for one in numbers(shown(client, address)) if one not in known and one.lstrip("-") not in known]
    assert unknown == []


ROWS = {
    "/factors": "items", "/factors?population=caa": "items", "/outcomes": "items", "/compare?population=ich&population=caa": "items",
    "/gaps": "items", "/studies": "items", "/cohorts": "items", "/terms": "items", "/mechanisms": "items",
    "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi": "rows", f"/evidence?{TRIAL}": "rows", f"/evidence?{SEEN}": "rows",
    "/evidence?exposure=r-dwi&outcome=poor-functional-outcome": "leave_one_out", "/studies/butcher-2025": "rows",
}  # fmt: skip


def rows_in(html: str) -> list[str]:
    """The rows of tables, without those that name a group of rows."""
    return [row for row in re.findall(r"<tr(?: [^>]*)?>.*?</tr>", html, re.DOTALL) if re.search(r'<th scope="row"|<td', row)]


def in_page_order(rows: list[str], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items in the order of their rows: a list of associations is put into groups, with parts under their whole."""
    if not items or "exposure" not in items[0] or not any("/evidence?" in row for row in rows):
        return items
    by_pair = {(one["exposure"]["id"], one["outcome"]["id"]): one for one in items if isinstance(one["exposure"], dict)}
    asked = [parse_qs(urlsplit(unescape(re.findall(r'href="(/evidence[^"]+)"', row)[0])).query) for row in rows] if by_pair else []
    return [by_pair[one["exposure"][0], one["outcome"][0]] for one in asked] or items


HEADINGS = {"rows": "stack rows", "leave_one_out": "With one study left out", "items": '<table class="stack'}


@pytest.mark.parametrize("address", ROWS)
def test_every_number_in_a_row_is_of_its_own_item(client: TestClient, address: str) -> None:
    field = ROWS[address]
    answer = client.get(PAGES[address][0]).json()
    html = page(client, address)
    table = html[html.index(HEADINGS[field]) :].partition("<tbody>")[2].partition("</table>")[0]
    rows = rows_in(table)
    assert len(rows) == len(answer[field])
    for row, item in zip(rows, in_page_order(rows, answer[field]), strict=True):
        # names of populations, terms and the odds ratio asked for are not the item's own
        known = figures([item, answer["query"]] if "query" in answer else [item]) | {"95", "1", "9", "10"}
        told = Text(row).text
        # studies that a reason names are told by their labels
        for other in answer.get("rows", ()):
            if other["study"]["id"] in f"{item.get('why')} {item.get('notes')}":
                told = told.replace(other["study"]["label"], "")
        # the power of a study is told in percent, and a cell's prevalence, too
        assert [one for one in numbers(told) if one not in known] == [], told


@pytest.mark.parametrize("address", PAGES)
def test_studies_are_told_by_their_authors_and_not_by_ids(client: TestClient, graph: EvidenceGraph, address: str) -> None:
    # in a form the id is what one types
    told = Text(re.sub(r"<form.*?</form>", "", page(client, address), flags=re.DOTALL)).text
    ids = {study.id for study in graph.studies if study.label != study.id}
    assert [one for one in re.findall(r"(?<![\w-])[a-z0-9]+(?:-[a-z0-9]+)+(?![\w-])", told) if one in ids] == []


# what a reader of pages knows, or finds as the name of a form of data
KNOWN = {"API", "BibTeX", "CSL", "CSV", "DOI", "JSON", "MiB", "PMID", "PNG", "PubMed", "RIS", "SVG", "YAML", "ZIP"}


@pytest.mark.parametrize("address", PAGES)
def test_every_abbreviation_is_spelt_out_once_a_page(client: TestClient, graph: EvidenceGraph, address: str) -> None:
    html = page(client, address)
    (main,) = re.findall(r"<main.*?</main>", html, re.DOTALL)
    told = unescape(re.sub(r"<textarea.*?</textarea>|<[^>]*>", " ", main, flags=re.DOTALL))
    (line,) = re.findall(r"<p>Abbreviations: (.*?)\.</p>", html) or [""]
    spelt = [one.partition(": ")[0] for one in unescape(line).split("; ")] if line else []
    assert len(set(spelt)) == len(spelt)
    known = {**ABBREVIATIONS, **graph.field.abbreviations}
    assert set(spelt) == {one for one in known if re.search(rf"(?<![\w-]){re.escape(one)}s?(?![\w-])", told)}
    # and there is no other one but in what papers write, and in what terms are called besides
    papers = " ".join(study.model_dump_json() for study in graph.studies)
    terms = " ".join(f"{' '.join(term.synonyms)} {term.definition} {' '.join(term.xrefs)}" for term in graph.terms)
    written = set(re.findall(r"\w+", papers + terms)) | KNOWN
    capitals = {one.removesuffix("s") for one in re.findall(r"\b[A-Za-z]*[A-Z]{2}[A-Za-z0-9]*\b", told) if one not in written}
    assert capitals <= {*re.findall(r"\w+", " ".join(spelt))}


def test_a_number_that_is_not_in_the_answer_would_be_found(client: TestClient) -> None:
    answer = client.get("/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi").json()
    text = shown(client, "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi")
    for old, new in (("2.59", "2.58"), ("1,803", "1,804"), ("7.27", "7.72")):
        assert old in text
        assert new in set(numbers(text.replace(old, new))) - figures([answer]) - OWN


def test_nearly_all_decimals_of_the_associations_are_shown(client: TestClient) -> None:
    text = shown(client, "/factors")
    items = client.get("/v1/factors?limit=100").json()["items"]
    for one in items:
        assert one["exposure"]["name"] in text
        if one["estimate"] is not None:
            assert wording.interval(tuple(one["ci"])) in text, one["exposure"]["id"]
    named = re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', page(client, "/factors"))
    assert sorted(named) == sorted(one["exposure"]["name"] for one in items)


# --- what each page says ---


def test_caa_begins_with_what_it_is_made_from_the_data(client: TestClient, corpus: tuple[Study, ...]) -> None:
    html = page(client, "/factors?population=caa")
    text = Text(html).text
    assert text.index("7 findings from 2 studies, and no estimate to pool.") < text.index("White matter hyperintensities")
    assert "Indirect evidence from" not in text
    assert "Show indirect evidence from intracerebral haemorrhage (ICH)" in text
    fewer = build([study for study in corpus if study.id != "kimberly-2009"], shipped())
    with TestClient(create_app(MemoryStore(fewer))) as other:
        assert "4 findings from 1 study, and no estimate to pool." in shown(other, "/factors?population=caa")


def test_indirect_evidence_stands_in_columns_of_its_own(client: TestClient) -> None:
    html = page(client, "/factors?population=caa&indirect=true")
    assert '<th scope="col" class="indirect">Indirect: intracerebral haemorrhage (ICH)</th>' in html
    assert "Hide indirect evidence" in html
    rows = rows_in(html)
    answer = client.get("/v1/factors?population=caa&indirect=true&limit=100").json()
    assert len(rows) == len(answer["items"])
    for row, one in zip(rows, in_page_order(rows, answer["items"]), strict=True):
        own, _, beside = unescape(row).partition('class="indirect"')
        for other in one["indirect"]:
            assert other["caption"] in beside
            assert other["ci"] is None or wording.interval(tuple(other["ci"])) in beside
            assert ("read as abstract" in beside) is (other["studies"] > 0)
            assert other["caption"] not in own


@pytest.mark.parametrize("asked", [TRIAL, SEEN])
def test_the_trial_and_the_observations_are_both_shown_with_why_they_differ(client: TestClient, asked: str) -> None:
    text = shown(client, f"/evidence?{asked}")
    one, other = (client.get(f"/v1/evidence?{way}").json()["association"] for way in (TRIAL, SEEN))
    assert "Both lines of evidence; they are never pooled. Butcher 2025 is in both lines, by " in text
    assert "share no vote" not in text
    assert "OR 0.74 (95% CI 0.29-1.87), one cohort; includes no effect; worked out from the counts; printed: OR 0.74 (0.12-4.64)" in text
    for line in (one, other):
        assert line["exposure"]["name"] in text
        assert wording.interval(tuple(line["ci"])) in text
    assert "Why they may differ" in text
    assert "randomised differs randomised observational" in text or "randomised differs observational randomised" in text
    assert text.index("Both lines of evidence") < text.index("What each cohort reports")


def test_absolute_risks_are_told_at_a_baseline_or_refused(client: TestClient) -> None:
    told = shown(client, "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&baseline=16")
    assert (
        "Remote DWI lesions in about 16 of 100 such patients without, and in about 31 (95% CI 22 to 42) with cerebral microbleeds" in told
    )
    assert 'name="baseline"' in page(client, "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi")
    refused = page(client, f"/evidence?{SEEN}")
    assert "No absolute risk:" in refused
    assert 'name="baseline"' not in refused
    unclear = shown(client, f"/evidence?{TRIAL}")
    assert "so that none can be told" in unclear
    assert "about 31" not in unclear


def answered(client: TestClient, question: str, address: str = "/") -> str:
    """What the start page answers to one of its questions."""
    return shown(client, address).partition(question)[2].partition("?")[0]


def test_the_start_page_answers_four_questions(client: TestClient) -> None:
    rate = client.get("/v1/prevalence").json()["prevalence"]["pooled"]
    common = answered(client, "How common?")
    assert wording.percent(rate["pct"]) in common
    assert "low certainty" in common
    cause = answered(client, "Does lowering blood pressure cause them?")
    assert cause.startswith(" Not known. Randomised : nothing clear, leans to fewer; OR 0.74 (0.29-1.87).")
    assert "Observed : not known, points to more; 5 of 8 cohorts say more." in cause
    meant = answered(client, "What do they mean for outcome?")
    assert meant.startswith(" Poor functional outcome : may be more likely.")
    assert "Ischaemic stroke : nothing clear, leans to more likely." in meant
    names = [one["exposure"]["name"] for one in client.get("/v1/contested?lesion=r-dwi").json()["items"]]
    contested = shown(client, "/").partition("What is contested?")[2]
    assert names
    assert all(name in contested for name in names[:3])


def test_the_start_page_of_a_population_speaks_of_it_alone(client: TestClient) -> None:
    assert "Not studied in this group by itself." in answered(client, "cause them?", "/?population=caa")
    rows = re.findall(r'<th scope="row">.*?</th>', page(client, "/?population=caa"), re.DOTALL)
    studied = [one for one in client.get("/v1/factors?population=caa").json()["items"] if one["studies"]]
    assert len(rows) == len(studied)
    assert page(client, "/?population=nowhere", 404)


def test_a_part_of_a_factor_is_folded_under_its_whole_on_the_start_page(client: TestClient) -> None:
    rows = re.findall(r'<th scope="row">.*?</th>', page(client, "/"), re.DOTALL)
    whole = next(row for row in rows if "Acute blood pressure reduction" in row)
    assert "exposure=map-reduction&amp;" in whole.partition("<details>")[2]
    assert sum("exposure=map-reduction&amp;" in row for row in rows) == 1
    assert len(rows) <= 12


def test_an_estimate_that_points_the_other_way_is_marked_where_it_is_shown() -> None:
    def of(name: str, n: int, **row: Any) -> Study:
        finding = {"exposure": "smoking", "outcome": "r-dwi", "population": "all", "direction": "increases", "source": "Results", **row}
        group = {"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": n}
        return Study.model_validate({"id": name, "read": "abstract", "populations": [group], "findings": [finding]})

    words = [of(f"word-{i}", 200, measure="p-only", p="<0.01") for i in range(3)]
    figure = of("figure", 100, measure="OR", value=0.8, ci=[0.5, 1.28], direction="no-association", contrast_type="binary")
    with TestClient(create_app(MemoryStore(build([*words, figure], shipped())))) as other:
        for address in ("/evidence?exposure=smoking&outcome=r-dwi", "/factors"):
            assert "includes no effect; this estimate points the other way" in shown(other, address), address
        assert "Direction, by the cohorts taken together ▲ more remote DWI lesions" in shown(
            other, "/evidence?exposure=smoking&outcome=r-dwi"
        )


def test_an_inconclusive_association_leans_and_says_so_and_has_no_estimate_that_points_the_other_way(client: TestClient) -> None:
    text = shown(client, "/evidence?exposure=acute-bp-reduction&outcome=perihaematomal-dwi")
    assert "Direction, by the estimate ○ nothing clear" in text
    # by a figure that says nothing, against the cohort that says more
    assert "leans to" not in text
    assert "probability that the average link is with fewer perihaematomal DWI lesions" in text
    assert "correlation -0.09 (-0.27 to 0.093) 1 cohort; includes no effect" in shown(client, "/factors?lesion=perihaematomal-dwi")
    assert "points the other way" not in text


def test_a_headline_that_the_paper_does_not_print_says_how_it_was_worked_out(client: TestClient) -> None:
    head = shown(client, f"/evidence?{TRIAL}").partition("Estimate, ")[2].partition("Independent cohorts")[0]
    assert "worked out from the counts; printed: OR 0.74 (0.12-4.64)" in head
    pooled = shown(client, "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi")
    assert "worked out from" not in pooled.partition("Estimate, ")[2].partition("Independent cohorts")[0]


def test_a_reader_leaves_studies_out_and_sees_what_was_before(client: TestClient) -> None:
    address = "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&adjusted=true&design=prospective-cohort&design=rct"
    form = re.findall(r"<form.*?</form>", page(client, address), re.DOTALL)
    mine = next(one for one in form if "data-follow" in one)
    # what was asked is kept
    assert mine.count('<input type="hidden" name="design"') == 2
    assert '<input type="hidden" name="adjusted" value="true">' in mine
    plain = "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi"
    mine = next(one for one in re.findall(r"<form.*?</form>", page(client, plain), re.DOTALL) if "data-follow" in one)
    offered = re.findall(r'name="exclude" value="([^"]+)">', mine)
    assert set(offered) == {row["study"]["id"] for row in client.get(f"/v1{plain}").json()["rows"]}
    without = client.get(f"/v1{plain}&exclude=kidwell-2017").json()["association"]
    text = shown(client, f"{plain}&exclude=kidwell-2017")
    whole = client.get(f"/v1{plain}").json()["association"]
    assert f"Without Kidwell 2017: {without['caption']}. With all studies and the method's own priors: {whole['caption']} ." in text
    assert 'value="kidwell-2017" checked' in page(client, f"{plain}&exclude=kidwell-2017")


def test_the_size_of_a_review_is_not_told_as_that_of_its_estimate(client: TestClient) -> None:
    text = shown(client, "/outcomes")
    assert "published meta-analysis, of a review of 18 studies" in text
    assert not re.search(r"published meta-analysis of \d", text)
    assert "how many are behind the figure is not in the sheet" in text


def test_a_pooled_rate_is_told_of_no_sum_of_patients(client: TestClient) -> None:
    for address in ("/", "/prevalence"):
        text = shown(client, address)
        assert re.search(r"pooled over \d+ cohorts of [\d,]+ patients", text), address
        assert not re.search(r"\d% \([^)]*\) of [\d,]+ patients", text), address


def test_two_intervals_stand_side_by_side_wherever_a_pooled_estimate_does(client: TestClient) -> None:
    assert "OR 2.35 (1.48-3.73) 2 pooled if settings differ 1.15-7.27" in shown(client, "/")
    for address in ("/factors", "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi", "/compare?population=ich&population=caa"):
        text = shown(client, address)
        average, setting = "2.35 (1.48-3.73)", "2.59 (95% credible interval 1.15-7.27)"
        assert (average in text, setting in text) == (True, True), address


def test_the_page_of_an_association_explains_its_weight_and_names_the_sign(client: TestClient) -> None:
    text = shown(client, "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi")
    assert "The weight is the probability that the average link runs in this direction" in text
    assert "says nothing of how large a link is, nor of bias, which is the certainty's" in text
    one = client.get("/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi").json()["association"]
    weight, low, high, each, next_one = map(
        wording.probability, (one["weight"], *one["weight_range"], one["p_direction"], one["replication"])
    )
    assert f"Weight: probability that the average link is with more remote DWI lesions {weight}" in text
    assert f"{low} to {high} where more or fewer factors are taken to be without effect" in text
    assert f"a next cohort's own link is with it: {each}" in text
    assert f"a cohort of {METHOD.reference_n} patients would report it with p < 0.05: {next_one}" in text
    assert "this sign" not in text


def test_a_list_gives_cohorts_then_the_estimate_and_what_it_compares_then_all_taken_together(client: TestClient) -> None:
    heads = ["Independent cohorts", "Estimate (95% interval)", "Compared", "Taken together"]
    for address in ("/factors", "/outcomes", "/factors?population=caa&sort=-weight"):
        html = page(client, address)
        told = [re.sub(r"<[^>]+>", "", head).strip() for head in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html, re.DOTALL)]
        plain = [re.sub(r", put in order by it|\s[▲▼]", "", head).strip() for head in told[1:6]]
        assert plain.pop(1).startswith("Ratio on a log scale")
        assert plain == heads, address
        labels = re.findall(r'<td[^>]* data-label="([^"]+)"', next(row for row in rows_in(html) if "<td" in row))
        assert labels[:4] == heads, address


def test_a_list_is_grouped_with_each_part_under_its_whole_unless_an_order_is_asked_for(client: TestClient) -> None:
    html = page(client, "/factors")
    whole, part = (html.index(f"exposure={name}&amp;") for name in ("acute-bp-reduction", "map-reduction"))
    assert html.index("Blood pressure</th>") < whole < part
    assert 'class="part"' in html[whole:part]
    ordered = page(client, "/factors?sort=name")
    assert "rowgroup" not in ordered
    assert 'class="part"' not in ordered


def test_no_weight_is_shown_as_certain(client: TestClient) -> None:
    items = {one["exposure"]["name"]: one["weight"] for one in client.get("/v1/factors?limit=500").json()["items"] if one["studies"]}
    assert max(items.values()) > 0.995
    found = 0
    for row in re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page(client, "/factors?limit=500"), re.DOTALL):
        name = unescape(re.sub(r"<[^>]+>", "", row.partition("</a>")[0])).strip()
        weight = wording.probability(items.get(name))
        found += weight == "0.999"
        assert f"Weight: {weight}." in row, name
    assert found


def test_a_title_agrees_with_the_number_of_its_lesion(client: TestClient) -> None:
    assert "How common remote DWI lesions are in" in shown(client, "/prevalence")
    assert "How common DWI hyperintensity at the haematoma is in" in shown(client, "/prevalence?lesion=haematoma-site-dwi")


def test_certainty_and_how_papers_were_read_stand_beside_every_estimate(client: TestClient, reader: MemoryReader) -> None:
    for address in ("/", "/factors", "/outcomes", "/factors?population=ich-lobar", "/compare"):
        html = page(client, address)
        assert len(re.findall("none read in full|read as abstracts where (?:a row does not say otherwise|nothing else is said)", html)) == 1
        for row in rows_in(html):
            if 'class="figure"' in row:
                assert 'class="dots"' in row, row
    one = next(one for one in reader.edges() if one.tables)
    html = page(client, f"/factors?lesion={one.outcome.id}&population={one.population.id}")
    assert "with tables" in next(row for row in rows_in(html) if f"exposure={one.exposure.id}&amp;" in row)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_names_its_release_and_date_and_is_no_advice(client: TestClient, address: str) -> None:
    html = page(client, address)
    assert "Evidence summary, not medical advice." in html
    assert client.get("/v1/releases/current").json()["release"] in html
    assert re.search(r"loaded on \d{1,2} [A-Z][a-z]+ 20\d\d, papers published until 20\d\d\. Page made on \d{1,2} [A-Z][a-z]+ 20\d\d", html)


@pytest.mark.parametrize("address", PAGES)
def test_every_table_says_its_order_or_is_no_list(client: TestClient, address: str) -> None:
    html = page(client, address)
    for table in re.findall(r"<table class=\"stack[^\"]*\">.*?</table>", html, re.DOTALL):
        caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
        assert caption, address
        many = table.count("<tr") > 4
        assert not many or "Order:" in caption[1] or "feature by feature" in caption[1] or "Groups of people" in caption[1], caption[1]
        assert 'scope="col"' in table
        assert 'scope="row"' in table


def test_data_links_give_exactly_what_is_shown(client: TestClient) -> None:
    for address in ("/factors?kind=csvd-marker&sort=-weight", "/outcomes?population=caa", "/compare", "/gaps", "/studies?q=dwi"):
        html = page(client, address)
        csv, json = [link for link in Text(html).links if link.startswith("/v1/") and not re.search("format=(svg|png)", link)][-2:]
        rows = len(re.findall(r'<th scope="row">', html[html.rindex("<table") :] if address == "/gaps" else html))
        assert len(client.get(json).json()["items"]) == rows, address
        assert parse_qs(urlsplit(csv).query) == {**parse_qs(urlsplit(json).query), "format": ["csv"]}
        assert client.get(csv).status_code == 200
        asked = "&sort=name" if address.startswith("/studies") else ""
        assert client.get(json).json()["items"][0] == client.get(f"/v1{address}{asked}").json()["items"][0]


def test_studies_are_put_in_order_by_an_address(client: TestClient) -> None:
    def listed(sort: str) -> list[dict[str, Any]]:
        links = dict.fromkeys(
            link for link in Text(page(client, f"/studies?limit=500{sort}")).links if re.fullmatch(r"/studies/[a-z0-9-]+", link)
        )
        return [client.get(f"/v1{link}").json()["study"] for link in links]

    names = [re.sub(r"<[^>]*>", "", one) for one in re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', page(client, "/studies?limit=500"))]
    assert names == sorted(names, key=lambda one: unescape(one).strip("\u201c").casefold())
    for sort, value in (("&sort=-year", "year"), ("&sort=-patients", "n")):
        values = [one.get(value) for one in listed(sort)]
        known = [one for one in values if one is not None]
        assert known == sorted(known, reverse=True)
        assert values == known + [None] * (len(values) - len(known))


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("microbleeds and R-DWI", "Cerebral microbleeds and remote DWI lesions"),
        ("R-DWI vs CMBs", "Cerebral microbleeds and remote DWI lesions"),
        ("remote DWI lesions poor functional outcome", "Remote DWI lesions and poor functional outcome"),
        ("white matter hyperintensities in r-dwi", "White matter hyperintensities and remote DWI lesions"),
    ],
)
def test_a_search_offers_the_question_that_is_meant(client: TestClient, words: str, first: str) -> None:
    html = page(client, f"/search?q={quote(words)}").partition('id="index"')[2]
    assert re.sub(r"<[^>]*>", "", re.findall(r"<li>(.*?)</a>", html)[0]) == first


def test_a_search_of_one_term_offers_first_what_most_was_found_of(client: TestClient, reader: MemoryReader) -> None:
    html = page(client, "/search?q=microbleeds").partition("Questions")[2].partition("<h2>")[0]
    asked = [parse_qs(urlsplit(unescape(link)).query) for link in Text(html).links if "/evidence" in link]
    found = [len(reader.edges(exposure=one["exposure"][0], outcome=one["outcome"][0], population="ich")[0].findings) for one in asked]
    assert len(found) > 2
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("name", ["doi", "pmid", "pmcid"])
def test_a_search_knows_a_paper_by_its_numbers(client: TestClient, corpus: tuple[Study, ...], name: str) -> None:
    study = next(one for one in corpus if getattr(one, name))
    assert f"/studies/{study.id}" in Text(page(client, f"/search?q={quote(getattr(study, name), safe='')}")).links


def test_a_search_that_finds_nothing_links_the_nearest(client: TestClient) -> None:
    assert "/terms/haematoma-volume" in Text(page(client, "/search?q=hematomma%20volum")).links


def test_a_list_longer_than_a_page_is_parted(client: TestClient) -> None:
    total = len(list(STUDIES.glob("*.yaml")))
    first = Text(page(client, "/studies"))
    assert f"1 to 100 of {total}." in first.text
    assert "/studies?offset=100" in first.links
    second = Text(page(client, "/studies?offset=100"))
    assert f"101 to {total} of {total}." in second.text
    assert "/studies" in second.links


def test_an_empty_list_says_why(client: TestClient) -> None:
    assert "No study of this release says anything of it" in shown(client, "/factors?population=animal")
    text = shown(client, "/factors?certainty=high")
    assert "none is left by the filter on certainty" in text


# --- addresses ---


def test_empty_fields_of_a_form_are_taken_out_of_the_address(client: TestClient) -> None:
    asked = "/factors?population=caa&kind=&adjusted=&year_from=&exclude=&indirect=true"
    response = client.get(asked, headers=HTML, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/factors?population=caa&indirect=true")
    assert page(client, response.headers["location"])


def test_a_page_asked_for_as_data_leads_to_the_api(client: TestClient) -> None:
    response = client.get("/factors?population=caa&format=csv", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/v1/factors?population=caa&format=csv")


def test_a_filtered_view_can_be_sorted_and_keeps_its_filters(client: TestClient) -> None:
    html = page(client, "/factors?kind=csvd-marker&adjusted=true&sort=-cohorts")
    assert 'aria-sort="descending"' in html
    links = [link for link in Text(html).links if link.startswith("/factors?") and "sort=cohorts" in link]
    assert len(links) == 1
    assert parse_qs(urlsplit(links[0]).query) == {"kind": ["csvd-marker"], "adjusted": ["true"], "sort": ["cohorts"]}
    evidence = next(link for link in Text(html).links if link.startswith("/evidence"))
    assert parse_qs(urlsplit(evidence).query)["adjusted"] == ["true"]


def test_no_page_has_the_address_of_anything_else() -> None:
    from starlette.routing import Route

    others = {"v1", "docs", "healthz", "readyz", "openapi.json", "static", "static-offline-docs"}
    routers = (installed.routes, installed.previews, installed.history)
    paths = {route.path for one in routers for route in one.router.routes if isinstance(route, Route)}
    assert len(paths) > 15
    first = {path.split("/")[1] for path in paths}
    assert first.isdisjoint(others)
    # each of them is handed a reader of one release
    assert first == cache._PAGES


# --- errors ---


def test_an_unknown_name_is_a_page_with_suggestions(client: TestClient) -> None:
    html = page(client, "/factors?population=ich-hypertensiv&kind=lesion", 404)
    assert "Did you mean" in html
    links = Text(html).links
    assert "/factors?population=ich-hypertensive&kind=lesion" in links
    assert page(client, "/factors?population=ich-hypertensive&kind=lesion")
    assert "/studies/menon-2012" in Text(page(client, "/studies/menon-2013", 404)).links
    assert "/terms/cerebral-microbleeds" in Text(page(client, "/terms/microbleds", 404)).links


def test_a_wrong_parameter_is_a_page_that_says_what_is_allowed(client: TestClient) -> None:
    text = shown_error(client, "/factors?kind=nonsense", 422)
    assert "csvd-marker" in text
    assert "There is no parameter" in shown_error(client, "/factors?colour=red", 422)
    assert "not 1" in shown_error(client, "/gaps?odds_ratio=1", 422)


def shown_error(client: TestClient, address: str, status: int) -> str:
    return Text(page(client, address, status)).text


def test_an_address_of_nothing_is_a_page_for_browsers_and_a_problem_for_programs(client: TestClient) -> None:
    assert "nothing at this address" in page(client, "/nothing/here", 404)
    told = client.get("/nothing/here")
    assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("address", ["/v1/nothing", "/v1/factors?population=nowhere", "/v1/factors?kind=x"])
def test_the_api_keeps_problem_details_for_browsers_too(client: TestClient, address: str) -> None:
    assert client.get(address, headers=HTML).headers["content-type"] == "application/problem+json"


class Away(MemoryStore):
    def reader(self) -> MemoryReader:
        raise StoreUnavailable("The store does not answer.")


def test_a_store_that_is_away_is_a_page_that_says_so(graph: EvidenceGraph) -> None:
    with TestClient(create_app(Away(graph)), raise_server_exceptions=False) as client:
        response = client.get("/factors", headers=HTML)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert "The store does not answer." in response.text
        assert "Evidence summary, not medical advice." in response.text
        assert client.get("/static/style.css").status_code == 200


# --- headers ---


@pytest.mark.parametrize("address", [*PAGES, "/factors?population=nowhere", "/nothing"])
def test_every_page_is_guarded(client: TestClient, address: str) -> None:
    headers = client.get(address, headers=HTML).headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_api_and_the_files_are_guarded_too(client: TestClient) -> None:
    for address in ("/v1/factors", "/v1/nothing", "/static/style.css", "/static/figures.css", "/healthz", "/docs"):
        headers = client.get(address).headers
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer"), address


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_inline_script_or_style_or_asks_another_host(client: TestClient, address: str) -> None:
    html = page(client, address)
    assert re.findall(r"<script(?![^>]*\bsrc=\"/static/)", html) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", html) == []
    asked = re.findall(r'(?:src|action)="([^"]*)"|<link[^>]*href="([^"]*)"', html)
    assert all(one.startswith("/") for pair in asked for one in pair if one)
    for link in Text(html).links:
        assert link.startswith(("/", "#", "https://doi.org/", "https://pubmed.ncbi.nlm.nih.gov/")), link


def test_a_page_is_kept_by_release_and_address(client: TestClient) -> None:
    first = client.get("/factors?population=caa", headers=HTML)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/factors?population=caa", headers={**HTML, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    style = re.search(r'href="(/static/style\.css\?v=\w+)"', first.text)
    assert style
    assert "immutable" in client.get(style[1]).headers["cache-control"]


# --- names that would be markup ---


@pytest.fixture(scope="module")
def hostile() -> Iterator[TestClient]:
    name = "<script>alert(1)</script>"
    term = Term(id="hostile", name=name, kind="risk-factor", synonyms=("'\"><img src=x onerror=alert(2)>",), definition=f"{name} & more")
    study = Study(
        id="hostile-2024",
        read="abstract",
        title=name,
        first_author="<b>Bold</b>",
        cohorts=("<i>A/B</i> & \"C\"",),
        populations=(Population(id="all", label=f"ICH {name}", condition="ich", arteriopathy="any", location="any", n=90),),
        findings=(
            Finding(
                exposure="hostile", outcome="r-dwi", population="all", measure="OR", value=2.0, ci=(1.1, 3.6), direction="increases",
                source=name, contrast=name, exposure_as_reported=name,
            ),
        ),
    )  # fmt: skip
    with TestClient(create_app(MemoryStore(build([study], shipped().extended([term]))))) as client:
        yield client


@pytest.mark.parametrize(
    "address",
    [
        "/", "/factors", "/evidence?exposure=hostile&outcome=r-dwi", "/studies", "/studies/hostile-2024", "/terms", "/terms/hostile",
        "/graph", "/graph?term=hostile", "/gaps", "/compare?population=ich&population=caa", "/cohorts", "/search?q=script",
        "/search?q=%3Cscript%3Ealert(3)%3C/script%3E", "/studies?q=%22%3E%3Cscript%3E",
    ],
)  # fmt: skip
def test_a_term_named_script_shows_as_text(hostile: TestClient, address: str) -> None:
    html = page(hostile, address)
    assert "<script>" not in html
    assert "<img" not in html
    assert "<b>Bold" not in html
    assert "<i>A" not in html
    if "hostile" in address:
        assert "&lt;script&gt;" in html


def test_a_cohort_with_a_slash_in_its_name_has_a_page(hostile: TestClient) -> None:
    (link,) = [one for one in Text(page(hostile, "/cohorts")).links if one.startswith("/cohorts/")]
    assert '<i>A/B</i> & "C"' in Text(page(hostile, link)).text


def test_an_unknown_name_that_would_be_markup_shows_as_text(client: TestClient) -> None:
    assert "<script>" not in page(client, f"/factors?{urlencode({'population': '<script>alert(1)</script>'})}", 404)
    assert "<script>" not in page(client, "/nothing/%3Cscript%3E", 404)


def test_abbreviations_are_explained_once_and_text_stays_text() -> None:
    short = {**ABBREVIATIONS, **shipped().abbreviations}
    assert explained("CAA & CAA <b>", short) == '<abbr title="cerebral amyloid angiopathy">CAA</abbr> &amp; CAA &lt;b&gt;'
    assert explained("OR 1.85", short) == '<abbr title="odds ratio">OR</abbr> 1.85'
    assert explained("FOR CAAs", short) == "FOR CAAs"


# --- preview ---

SHEET = """
id: smith-2024
read: abstract
populations: [{id: all, label: ICH, condition: ich, arteriopathy: any, location: any, n: 90}]
findings:
- {exposure: lacunes, outcome: r-dwi, population: all, measure: OR, value: 2.0, ci: [1.1, 3.6], direction: increases}
"""


def test_a_pasted_sheet_is_previewed_and_nothing_is_stored(client: TestClient, reader: MemoryReader) -> None:
    response = client.post("/preview", data={"text": SHEET}, headers=HTML)
    assert response.status_code == 200
    text = Text(response.text).text
    assert "smith-2024 would be added" in text
    expected = client.post("/v1/preview", content=SHEET).json()
    assert f"{wording.count(expected['total'], 'association')} and 0 pooled prevalences would change." in text
    for one in expected["items"]:
        assert one["after"]["caption"] in text
    assert "/studies/smith-2024" not in Text(page(client, "/studies?q=smith-2024")).links
    assert "smith-2024" not in reader.studies()


def test_a_file_is_previewed_under_its_name(client: TestClient) -> None:
    response = client.post("/preview", files={"file": ("mine.yaml", SHEET.encode())}, data={"text": ""}, headers=HTML)
    assert "What mine.yaml would change" in Text(response.text).text


CELLS = [
    ["study", "year", "read", "population", "condition", "arteriopathy", "location", "exposure", "outcome", "OR (95% CI)", "direction"],
    ["smith-2024", "2024", "abstract", "all", "ich", "any", "any", "lacunes", "r-dwi", "2.0 (1.1-3.6)", "increases"],
]


@pytest.mark.parametrize("kind", ["pasted", "csv", "workbook"])
def test_a_table_is_previewed_pasted_or_as_a_file(client: TestClient, kind: str) -> None:
    if kind == "pasted":
        text = "\n".join("\t".join(row) for row in CELLS)
        response = client.post("/preview", data={"text": text}, headers=HTML)
    else:
        content = "\n".join(",".join(row) for row in CELLS).encode()
        if kind == "workbook":
            from openpyxl import Workbook

            book = Workbook()
            for row in CELLS:
                book.worksheets[0].append(row)
            kept = io.BytesIO()
            book.save(kept)
            content = kept.getvalue()
        name = "mine.csv" if kind == "csv" else "mine.xlsx"
        response = client.post("/preview", files={"file": (name, content)}, headers=HTML)
    text = Text(response.text).text
    assert response.status_code == 200, text
    assert "smith-2024 would be added" in text


def test_a_sheet_with_mistakes_is_told_each_with_its_place(client: TestClient) -> None:
    wrong = SHEET.replace("value: 2.0", "value: 9.0").replace("outcome: r-dwi", "outcome: r-dwy")
    response = client.post("/preview", data={"text": wrong}, headers=HTML)
    assert response.status_code == 422
    text = Text(response.text).text
    *expected, block = client.post("/v1/preview", content=wrong).json()["problems"]
    assert f"{len(expected)} problem" in text
    assert block in response.text
    assert "- {id: r-dwy, name: r-dwy, kind: outcome}" in block
    assert "findings[0]" in text
    assert "r-dwi" in text
    # what was typed is still there
    assert "value: 9.0" in response.text


def test_nothing_is_asked_for_again_where_nothing_was_given(client: TestClient) -> None:
    assert client.post("/preview", data={"text": "  "}, headers=HTML).status_code == 200


def test_a_sheet_that_is_too_large_is_refused_as_a_page(client: TestClient) -> None:
    response = client.post("/preview", files={"file": ("big.yaml", b"x" * (1024**2 + 1))}, headers=HTML)
    assert response.status_code == 413
    assert "larger than 1 MiB" in response.text


def test_what_is_uploaded_shows_as_text(client: TestClient) -> None:
    response = client.post("/preview", files={"file": ("<script>.yaml", b"id: <script>alert(1)</script>")}, headers=HTML)
    assert "<script>" not in response.text


def test_the_questions_of_the_pages_are_those_of_the_api(reader: MemoryReader, client: TestClient) -> None:
    told = [one.exposure.name for one in questions.Factors(population="caa", page=Page(limit=None)).answer(reader).items]
    positions = [shown(client, "/factors?population=caa&sort=name").index(name) for name in sorted(told, key=str.casefold)]
    assert positions == sorted(positions)


def test_a_page_beyond_the_end_speaks_of_no_filter(client: TestClient) -> None:
    text = Text(page(client, "/factors?offset=9999")).text
    assert "the page begins after the last" in text
    assert "Without the filter" not in text


def test_the_patients_of_a_cohort_are_those_of_its_largest_paper(client: TestClient) -> None:
    text = Text(page(client, "/cohorts")).text
    assert "Patients of the largest paper that draws on it" in text


# --- before anyone asks ---


def test_after_warming_no_reader_waits_for_a_template_or_a_figure(graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    frame._environment.cache_clear()
    gaps.lesson.cache_clear()
    store = MemoryStore(graph)
    warm(store)
    monkeypatch.setattr(Environment, "compile", None)
    worked_out = gaps.lesson.cache_info().misses
    assert worked_out > 50
    with TestClient(create_app(store)) as client:
        for address in PAGES:
            page(client, address)
    assert gaps.lesson.cache_info().misses == worked_out


def test_warming_leaves_it_to_readers_to_be_told_that_a_store_is_away(graph: EvidenceGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(graph)

    def away() -> MemoryReader:
        raise StoreUnavailable("away")

    monkeypatch.setattr(store, "reader", away)
    warm(store)
    with pytest.raises(StoreUnavailable):
        store.reader()


def test_a_form_holds_every_design_and_every_study_left_out_of_its_permalink(client: TestClient) -> None:
    html = page(client, "/factors?design=rct&design=rct-post-hoc&exclude=menon-2012&exclude=kidwell-2017")
    assert re.findall(r'value="([\w-]+)" checked', html) == ["rct", "rct-post-hoc"]
    assert re.findall(r'name="exclude" type="text" value="([\w-]*)"', html) == ["menon-2012", "kidwell-2017", ""]


def test_a_form_sent_with_nothing_in_it_says_so(client: TestClient) -> None:
    assert "There was nothing to read" in Text(client.post("/preview", data={"text": " "}, headers=HTML).text).text
    assert "There was nothing to read" not in shown(client, "/preview")


def test_a_prevalence_without_its_number_of_patients_is_shown(client: TestClient) -> None:
    text = shown(client, "/prevalence?lesion=cortical-microinfarct&population=comparison")
    assert "No study of this release" not in text
    assert "Printed without a count of patients" in text


def test_the_lines_of_evidence_tell_which_cohort_reports_what(client: TestClient) -> None:
    text = re.sub(r"\s+([,)])", r"\1", shown(client, f"/evidence?{SEEN}").replace("( ", "("))
    assert (
        "8: 5 more (Garg 2012, Kidwell 2017, Menon 2012, Prabhakaran 2010, Tsai 2014), 2 not significant (Butcher 2025, Gioia 2017)" in text
    )


@pytest.mark.parametrize("address", ["/evidence?exposure=cerebral-blood-flow&outcome=cortical-microinfarct&population=comparison"])
def test_a_row_that_was_turned_says_what_is_printed(client: TestClient, address: str) -> None:
    text = shown(client, address)
    assert "RR 0.74 (0.55-1.00)" in text
    assert "turned round; printed: RR 1.35 (1.00-1.83), per 100 ml/min lower" in text
    assert "RR 0.74 (0.55-1.00) per 100 ml/min lower" not in text


def test_a_value_that_was_worked_out_bears_its_own_measure(client: TestClient) -> None:
    address = "/evidence?exposure=caa-severity&outcome=cortical-microinfarct&population=post-mortem"
    text = shown(client, address)
    assert "proportion difference 7.00" not in text
    assert "OR 7.00 (1.67-29.38) worked out, not printed" in text
    row = next(one for one in client.get(f"/v1{address}").json()["rows"] if one["counts"])
    assert (row["measure"], row["printed_measure"], row["printed_value"]) == ("OR", "proportion-difference", None)


def test_an_association_with_a_counterpart_and_three_camps_of_its_own_is_shown(corpus: tuple[Study, ...]) -> None:
    study = Study.model_validate({
        "id": "other-2026", "read": "abstract", "design": "prospective-cohort", "year": 2026, "n": 400,
        "populations": [{"id": "all", "label": "ICH", "condition": "ich", "arteriopathy": "any", "location": "any", "n": 400}],
        "findings": [{
            "exposure": "acute-bp-reduction", "outcome": "r-dwi", "population": "all", "measure": "OR", "value": 0.3, "ci": [0.2, 0.45],
            "contrast_type": "binary", "contrast": "present vs absent", "direction": "decreases",
        }],
    })  # fmt: skip
    store = MemoryStore(build([*corpus, study], shipped()))
    with TestClient(create_app(store)) as own:
        answer = own.get(f"/v1/evidence?{SEEN}").json()
        assert len(answer["camps"]) >= 2
        assert ", as a whole: " not in answer["camps"][0]["report"]
        text = Text(page(own, f"/evidence?{SEEN}")).text
    for camp in answer["camps"]:
        assert camp["report"] in text


def test_pages_say_how_a_paper_was_read_whom_it_pools_and_what_its_rows_compare(keyed: Study) -> None:
    study = keyed.model_copy(update={"pools": (*keyed.pools, "menon-2012")})
    with TestClient(create_app(MemoryStore(build([study], shipped())))) as own:
        text = shown(own, f"/studies/{study.id}")
        assert "Read as abstract and tables" in text
        assert "Holds the patients of INTERACT2, atach-2-2016, menon-2012" in text
        assert "shares no patient with the other such groups" in text
        said = "against warfarin, cut-off >= 5 mg, outcome mRS 4-6, follow-up 3 to 24 months"
        assert said in text
        assert "abstract and tables" in shown(own, "/studies")
        assert said in shown(own, "/evidence?exposure=direct-oral-anticoagulant&outcome=poor-functional-outcome")
