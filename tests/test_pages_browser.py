"""The pages in real Chromium: accessible in light and dark, at 320 pixels and by keyboard, without an error or another host.

RDWI_PICTURES=1 writes the pictures of docs/pages.md anew.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from api.app import create_app
from graph import questions
from graph.build import EvidenceGraph, build
from graph.opening import shipped
from graph.stores.memory import MemoryReader, MemoryStore
from schema.study import RiskOfBias, Standing, Study

FOLDER = Path(__file__).parent.parent / "docs" / "pages"
ANEW = os.environ.get("RDWI_PICTURES") == "1"

# some papers that make every kind of page: trial and observation, CAA, a meta-analysis, camps, outcomes, mechanisms
SOME = frozenset({
    "arsava-2013", "butcher-2025", "caa-dwi-evolution-2017", "garg-2012", "gioia-n117", "gregoire-2011", "kidwell-2017", "kimberly-2009",
    "li-2022", "menon-2012", "posener-2023", "schneider-2017", "wu-2015", "xu-2019", "yang-2022", "zhang-2023",
})  # fmt: skip
TRIAL = "/evidence?exposure=intensive-bp-lowering&outcome=r-dwi"
MICROBLEEDS = "/evidence?exposure=cerebral-microbleeds&outcome=r-dwi"
ADDRESSES = (
    "/", "/factors", "/factors?population=caa&indirect=true", "/factors?certainty=high", "/outcomes", "/contested", TRIAL, MICROBLEEDS,
    "/evidence?exposure=haematoma-volume&outcome=perihaematomal-dwi", "/evidence?exposure=r-dwi&outcome=poor-functional-outcome",
    "/compare", "/prevalence", "/mechanisms", "/gaps", "/graph", "/studies", "/studies/menon-2012", "/cohorts", "/cohorts/ERICH", "/terms",
    "/terms/cerebral-microbleeds", "/method", "/search?q=microbleed", "/preview", "/review",
)  # fmt: skip
ERRORS = ("/factors?population=nowhere", "/factors?kind=nonsense", "/nothing")
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Served:
    """The pages over a graph, on a free port, from a thread of this process."""

    def __init__(self, graph: EvidenceGraph) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(create_app(MemoryStore(graph)), log_config=None, access_log=False))
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="module")
def few(corpus: tuple[Study, ...]) -> EvidenceGraph:
    return build([study for study in corpus if study.id in SOME], shipped())


@pytest.fixture(scope="module")
def small(few: EvidenceGraph) -> Iterator[Served]:
    served = Served(few)
    yield served
    served.close()


@pytest.fixture(scope="module")
def whole(graph: EvidenceGraph) -> Iterator[Served]:
    served = Served(graph)
    yield served
    served.close()


@pytest.fixture(scope="module")
def fallen(few: EvidenceGraph) -> Iterator[Served]:
    """Papers of which one is retracted, there is concern about another, and the risk of bias was judged."""
    judged = RiskOfBias.model_validate({"tool": "robins-i", "domains": {"confounding": "critical"}, "overall": "critical", "by": "AB"})
    said: dict[str, dict[str, object]] = {
        "xu-2019": {"standing": Standing(kind="retracted", date="2021-03-09"), "risk_of_bias": judged},
        "kidwell-2017": {"standing": Standing(kind="concern"), "checked_by": "CD"},
        "menon-2012": {"risk_of_bias": judged.model_copy(update={"tool": "quips", "overall": "low", "domains": {"attrition": "low"}})},
    }
    served = Served(build([one.model_copy(update=said.get(one.id, {})) for one in few.studies], shipped()))
    yield served
    served.close()


@pytest.fixture(scope="module")
def chromium(browser: str) -> Iterator[Browser]:
    # the machine may have more to do than this
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        # no other host can be reached, by whatever way
        rules = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", f"--host-resolver-rules={rules}"])
        yield opened
        opened.close()


class Window:
    """A page of the browser, with what went wrong in it and which hosts it asked."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.hosts: set[str | None] = set()
        # a page of an error has its status in the console
        self.page.on("console", lambda told: self.errors.append(told.text) if told.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))

    def open(self, address: str) -> Page:
        self.errors.clear()
        self.page.goto(address)
        return self.page


@pytest.fixture(scope="module")
def light(chromium: Browser) -> Iterator[Window]:
    with chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", color_scheme="light") as context:
        yield Window(context)


@pytest.fixture(scope="module")
def dark(chromium: Browser) -> Iterator[Window]:
    with chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", color_scheme="dark") as context:
        yield Window(context)


@pytest.fixture(scope="module")
def narrow(chromium: Browser) -> Iterator[Window]:
    with chromium.new_context(viewport={"width": 320, "height": 700}, locale="en-GB") as context:
        yield Window(context)


@pytest.fixture(scope="module")
def bare(chromium: Browser) -> Iterator[Window]:
    """Without JavaScript."""
    with chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False) as context:
        yield Window(context)


AXE = Axe()


def violations(page: Page, rules: dict[str, Any]) -> list[tuple[str, str]]:
    """What axe-core finds, with everything that a click away opened."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = AXE.run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


# --- every page ---


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_accessible_quiet_and_asks_no_other_host(small: Served, light: Window, address: str) -> None:
    page = light.open(small.address + address)
    assert violations(page, {"type": "tag", "values": STANDARD}) == []
    assert light.errors == []
    assert light.hosts == {"127.0.0.1"}
    assert page.locator("h1").count() == 1
    assert page.title().endswith("R-DWI evidence graph")


@pytest.mark.parametrize("address", [MICROBLEEDS, "/studies/xu-2019", "/studies/menon-2012", "/prevalence", "/mechanisms"])
def test_what_a_retracted_paper_says_is_struck_on_every_page_that_has_it(
    fallen: Served, light: Window, dark: Window, narrow: Window, address: str
) -> None:
    page = light.open(fallen.address + address)
    assert violations(page, {"type": "tag", "values": STANDARD}) == []
    dim = dark.open(fallen.address + address)
    assert violations(dim, {"type": "rule", "values": ["color-contrast"]}) == []
    small = narrow.open(fallen.address + address)
    assert small.evaluate("document.documentElement.scrollWidth") <= 320
    rows = ":is(tr:has(th .retracted), caption:has(.retracted) ~ tbody tr)"
    figures = f"{rows} td:is([data-label^=Estimate], [data-label=Cases], [data-label=Figure])"
    assert (page.locator(".retracted").count() > 0) is (address in {MICROBLEEDS, "/studies/xu-2019", "/prevalence"})
    for media in ("screen", "print"):
        page.emulate_media(media=media)  # type: ignore[arg-type]
        told = page.locator(figures).evaluate_all("all => all.map(one => getComputedStyle(one).textDecorationLine)")
        assert set(told) <= {"line-through"}
        assert bool(told) is (page.locator(".retracted").count() > 0)
    page.emulate_media(media="screen")


@pytest.mark.parametrize("address", ERRORS)
def test_a_page_of_an_error_is_accessible(small: Served, light: Window, address: str) -> None:
    page = light.open(small.address + address)
    assert violations(page, {"type": "tag", "values": STANDARD}) == []
    assert page.get_by_role("link", name="To the start page").is_visible()


@pytest.mark.parametrize("address", [*ADDRESSES, ERRORS[0]])
def test_a_page_has_enough_contrast_in_the_dark(small: Served, dark: Window, address: str) -> None:
    page = dark.open(small.address + address)
    assert violations(page, {"type": "rule", "values": ["color-contrast"]}) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)) < 60


@pytest.mark.parametrize("address", [*ADDRESSES, *ERRORS])
def test_a_page_is_320_pixels_wide_without_scrolling_sideways(small: Served, narrow: Window, address: str) -> None:
    page = narrow.open(small.address + address)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_figure_fits_the_width_of_the_window(small: Served, light: Window, narrow: Window) -> None:
    for window, shown, hidden in ((light, ".wide", ".narrow"), (narrow, ".narrow", ".wide")):
        page = window.open(small.address + MICROBLEEDS)
        figure = page.locator("figure.plot").first
        assert figure.locator(f"{shown} svg").is_visible()
        assert not figure.locator(f"{hidden} svg").is_visible()
        box = figure.locator(f"{shown} svg").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= page.viewport_size["width"]  # type: ignore[index]


def test_figures_are_drawn_in_their_own_colours(small: Served, light: Window, dark: Window) -> None:
    for window, expected in ((light, "rgb(26, 30, 35)"), (dark, "rgb(236, 239, 243)")):
        page = window.open(small.address + MICROBLEEDS)
        assert page.locator(".wide svg.rf text.rf-ink").first.evaluate("one => getComputedStyle(one).fill") == expected


# --- forms, order, filters, permalinks, back ---


def test_the_filters_make_an_address_that_can_be_kept(whole: Served, light: Window, reader: MemoryReader) -> None:
    page = light.open(f"{whole.address}/factors")
    before = page.locator("table.associations tbody tr").count()
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("combobox", name="Population").select_option("caa")
    page.get_by_label("Kind").select_option("csvd-marker")
    page.get_by_label("Published from").fill("2000")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/factors?*")
    kept = page.url
    assert parse_qs(urlsplit(kept).query) == {"population": ["caa"], "kind": ["csvd-marker"], "year_from": ["2000"]}
    names = page.locator("table.associations tbody th").all_inner_texts()
    assert 0 < len(names) < before
    # opened anew, it is the same, and its form says its filters
    again = light.open(kept)
    assert again.locator("table.associations tbody th").all_inner_texts() == names
    assert again.get_by_label("Kind").input_value() == "csvd-marker"
    assert again.get_by_label("Published from").input_value() == "2000"
    again.get_by_role("link", name="Clear the filters").click()
    expect(again.locator("table.associations tbody tr").nth(len(names))).to_be_visible()


def test_a_column_puts_the_list_in_order_and_back_leads_back(whole: Served, light: Window) -> None:
    page = light.open(f"{whole.address}/factors")
    first = page.locator("table.associations tbody th").first.inner_text()
    page.get_by_role("link", name=re.compile(r"^Independent cohorts\b")).click()
    page.wait_for_url("**sort=-cohorts*")
    assert page.locator("th[aria-sort=descending]").count() == 1
    assert "highest first" in page.locator("table.associations caption").inner_text()
    page.get_by_role("link", name=re.compile(r"^Independent cohorts\b")).click()
    page.wait_for_url("**sort=cohorts*")
    assert page.locator("th[aria-sort=ascending]").count() == 1
    page.go_back()
    page.go_back()
    assert page.url == f"{whole.address}/factors"
    assert page.locator("table.associations tbody th").first.inner_text() == first


def test_caa_offers_indirect_evidence_by_a_button(whole: Served, light: Window) -> None:
    page = light.open(f"{whole.address}/factors?population=caa")
    assert "no estimate to pool" in page.locator(".first").inner_text()
    page.get_by_role("link", name="Show indirect evidence").click()
    page.wait_for_url("**indirect=true*")
    assert page.locator("thead th.indirect").count() == 1
    page.get_by_role("link", name="Hide indirect evidence").click()
    page.wait_for_url("**/factors?population=caa")


def test_the_baseline_of_absolute_risks_can_be_changed(small: Served, light: Window) -> None:
    page = light.open(small.address + MICROBLEEDS)
    page.get_by_label("Baseline").fill("16")
    page.get_by_role("button", name="Calculate").click()
    page.wait_for_url("**baseline=16*")
    assert "in about 16 of 100 such patients without" in page.locator("section[aria-labelledby=absolute]").inner_text()
    assert parse_qs(urlsplit(page.url).query)["exposure"] == ["cerebral-microbleeds"]


def test_compare_prevalence_gaps_and_graph_have_forms(small: Served, light: Window) -> None:
    page = light.open(f"{small.address}/compare")
    page.get_by_text("Groups and filters").click()
    page.get_by_label("Group 1").select_option("ich")
    page.get_by_label("Group 2").select_option("caa")
    page.get_by_label("Group 3").select_option("")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/compare?population=ich&population=caa")
    page = light.open(f"{small.address}/prevalence")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Last MRI by day").fill("14")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**max_mri_day=14*")
    page = light.open(f"{small.address}/evidence?exposure=acute-bp-reduction&outcome=r-dwi")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Adjustment").select_option("true")
    page.get_by_label("Leave out the study").fill("butcher-2025")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**adjusted=true*")
    assert {"adjusted", "exclude", "exposure", "outcome"} <= set(parse_qs(urlsplit(page.url).query))
    page = light.open(f"{small.address}/contested")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Lesion, on either side").fill("R-DWI")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**lesion=R-DWI*")
    page = light.open(f"{small.address}/gaps")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Odds ratio to be shown").fill("1.5")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**odds_ratio=1.5*")
    assert "Patients for an OR of 1.50" in page.locator("thead").last.inner_text()
    page = light.open(f"{small.address}/graph")
    page.get_by_label("Term in the middle").fill("CMBs")
    page.get_by_role("button", name="Go there").click()
    page.wait_for_url("**term=CMBs*")
    assert "cerebral microbleeds" in page.locator("h1").inner_text()


def test_change_my_mind_follows_as_one_types(small: Served, light: Window) -> None:
    plain = f"{small.address}/evidence?exposure=acute-bp-reduction&outcome=r-dwi"
    page = light.open(plain)
    page.locator("#change > summary").click()
    before = page.locator("[data-live=told]").inner_text()
    box = page.get_by_label("Add a study of your own")
    box.press_sequentially("OR 0.7 (0.5 to")
    expect(page.locator("#change [role=status]")).to_contain_text("an estimate with its 95% interval")
    box.press_sequentially(" 0.9)")
    expect(page.locator(".changed")).to_contain_text("With your study OR 0.7 (0.5 to 0.9)")
    # what is typed into stays, and the address can be sent
    expect(box).to_be_focused()
    assert page.locator("[data-live=told]").inner_text() != before
    assert parse_qs(urlsplit(page.url).query)["add"] == ["OR 0.7 (0.5 to 0.9)"]
    sent = light.open(page.url)
    assert "With your study OR 0.7 (0.5 to 0.9)" in sent.locator(".changed").inner_text()
    sent.get_by_label("Add a study of your own").fill("")
    expect(sent.locator(".changed")).to_have_count(0)


def test_the_map_and_the_neighbourhood_can_be_walked(small: Served, light: Window) -> None:
    page = light.open(f"{small.address}/gaps")
    page.locator("table.map a.cell").first.click()
    page.wait_for_url("**/evidence?*")
    page = light.open(f"{small.address}/graph")
    page.locator('figure .wide svg a[href*="/graph?"] text').first.click()
    page.wait_for_url("**/graph?term=*")


def test_studies_terms_and_cohorts_are_found_by_words(small: Served, light: Window) -> None:
    for path, label, words, expected in (
        ("/studies", "Words of title", "Menon", "Menon 2012"),
        ("/terms", "Part of a name", "microbleed", "Cerebral microbleeds"),
        ("/cohorts", "Words of the name", "ERICH", "ERICH"),
    ):
        page = light.open(small.address + path)
        page.get_by_label(label).fill(words)
        page.get_by_role("button", name="Apply").click()
        page.wait_for_url(f"**{path}?q=*")
        assert expected in page.locator("main table").inner_text()


def test_a_sheet_can_be_pasted_or_chosen(small: Served, light: Window, tmp_path: Path) -> None:
    from tests.test_pages import SHEET

    page = light.open(f"{small.address}/preview")
    page.get_by_label("or the text of a sheet").fill(SHEET)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("would be added")).to_be_visible()
    file = tmp_path / "wrong.yaml"
    file.write_text(SHEET.replace("lacunes", "lacunesz"))
    page = light.open(f"{small.address}/preview")
    page.get_by_label("A file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Problems in wrong.yaml")).to_be_visible()


# --- search ---


def test_search_answers_as_one_types(small: Served, light: Window) -> None:
    page = light.open(f"{small.address}/")
    page.get_by_label("Search").press_sequentially("microble")
    expect(page.locator("#results a").first).to_be_visible()
    page.locator("#results a", has_text=re.compile("^Cerebral microbleeds$")).click()
    page.wait_for_url("**/terms/cerebral-microbleeds")
    page.get_by_label("Search").press_sequentially("zzzz")
    expect(page.locator("#results")).to_have_text("Nothing by that name.")
    page.keyboard.press("Escape")
    expect(page.locator("#results")).to_be_empty()
    assert light.errors == []


def test_search_is_walked_with_the_arrows_to_the_question(small: Served, light: Window) -> None:
    page = light.open(f"{small.address}/")
    page.get_by_label("Search").press_sequentially("microbleeds")
    links = page.locator("#results a")
    expect(links.nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(links.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Search")).to_be_focused()
    page.get_by_label("Search").fill("")
    page.get_by_label("Search").press_sequentially("CMBs vs R-DWI")
    expect(links.first).to_have_text("Cerebral microbleeds and remote DWI lesions")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/evidence?exposure=cerebral-microbleeds&outcome=r-dwi*")


def test_search_and_filters_work_without_javascript(small: Served, bare: Window) -> None:
    page = bare.open(f"{small.address}/")
    page.get_by_label("Search").fill("CMBs")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/search?q=CMBs")
    page.get_by_role("link", name="Cerebral microbleeds", exact=True).click()
    page.wait_for_url("**/terms/cerebral-microbleeds")
    page = bare.open(f"{small.address}/factors")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Kind").select_option("csvd-marker")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/factors?*kind=csvd-marker*")
    details = page.locator("table.associations details.why").first
    details.locator("summary").click()
    assert details.locator("li").first.is_visible()


# --- keyboard ---


def test_the_keyboard_alone_suffices(small: Served, light: Window) -> None:
    page = light.open(f"{small.address}/factors?population=caa")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => { const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
                return [one.tagName, one.textContent.trim().slice(0, 60), box.width * box.height, style.outlineStyle]; }"""
        )
        seen.append(told)
        assert told[2] > 0, told
        assert told[3] != "none", told
        if told[0] == "SUMMARY" and "very low" in told[1]:
            break
    assert any(name.startswith("Show indirect evidence") for _, name, _, _ in seen)
    # a certainty opens, and a link is followed
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True
    page.locator("table.associations tbody th a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/evidence?*")


# --- print, speed, pictures ---


def test_paper_is_not_laid_out_as_a_telephone(small: Served, chromium: Browser) -> None:
    # A4 with margins is narrower than the width below which a screen's tables are taken apart
    with chromium.new_context(viewport={"width": 680, "height": 1000}) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        for address in ("/compare", "/contested", "/gaps", "/studies", "/terms", "/mechanisms"):
            page.goto(small.address + address)
            assert page.locator("main table").first.evaluate("one => getComputedStyle(one).display") == "table"
            assert page.evaluate("document.documentElement.scrollWidth") <= 680, address


def test_a_page_at_twice_its_size_does_not_scroll_sideways(small: Served, chromium: Browser) -> None:
    # 200% in a window of 1280 pixels
    with chromium.new_context(viewport={"width": 640, "height": 450}, device_scale_factor=2) as context:
        page = context.new_page()
        for address in ADDRESSES:
            page.goto(small.address + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 640, address


def test_print_leaves_out_what_is_of_no_use_on_paper(small: Served, light: Window) -> None:
    page = light.open(small.address + MICROBLEEDS)
    page.emulate_media(media="print")
    try:
        assert not page.locator("header nav").is_visible()
        assert not any(one.is_visible() for one in page.locator(".filters").all())
        assert page.locator("figure.plot").first.is_visible()
        assert page.locator("footer").is_visible()
        # nobody can open on paper what a click would
        assert page.locator(".figures .why li").first.evaluate("reason => reason.checkVisibility()")
    finally:
        page.emulate_media(media="screen")


def test_the_page_of_the_api_is_dark_with_its_reader_and_executes_its_example(whole: Served, light: Window, dark: Window) -> None:
    grounds = []
    for window in (light, dark):
        page = window.open(f"{whole.address}/docs")
        evidence = page.locator("#operations-associations-evidence_v1_evidence_get")
        evidence.locator("button").first.click()
        evidence.locator(".execute").click()
        expect(evidence.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
        grounds.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        assert window.errors == []
    assert grounds[0] != grounds[1] == "rgb(28, 32, 34)"


def test_the_start_page_is_light(whole: Served, chromium: Browser) -> None:
    # once, so that what is kept is kept
    with chromium.new_context() as context:
        context.new_page().goto(whole.address)
    with chromium.new_context() as context:
        page = context.new_page()
        sizes: list[int] = []
        page.on(
            "requestfinished",
            lambda request: sizes.append(sum(request.sizes()[name] for name in ("responseBodySize", "responseHeadersSize"))),
        )
        page.goto(whole.address, wait_until="networkidle")
    assert 4 <= len(sizes) <= 8
    assert sum(sizes) < 150_000


PICTURES = {
    "start.png": ("/", "light", 1200, 900),
    "caa.png": ("/factors?population=caa&indirect=true", "light", 1200, 900),
    "evidence.png": (TRIAL, "light", 1200, 1250),
    "microbleeds.png": (MICROBLEEDS, "dark", 1200, 1000),
    "narrow.png": ("/factors?population=caa", "light", 320, 900),
}


@pytest.mark.skipif(not ANEW, reason="RDWI_PICTURES=1 writes the pictures anew")
@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_taken(whole: Served, chromium: Browser, name: str) -> None:
    address, scheme, width, height = PICTURES[name]
    with chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB") as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(whole.address + address)
        FOLDER.mkdir(exist_ok=True)
        page.screenshot(path=FOLDER / name, animations="disabled")


def test_the_document_shows_every_picture() -> None:
    written = (FOLDER.parent / "pages.md").read_text("utf-8")
    for name, (_, _, width, height) in PICTURES.items():
        assert re.search(rf"!\[[^\]]{{10,}}\]\(pages/{re.escape(name)}\)", written), name
        data = (FOLDER / name).read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n"), name
        assert len(data) < 300_000, name
        assert struct.unpack(">II", data[16:24]) == (width, height), name


def test_what_a_clinician_asks_first_stands_in_the_first_screen(whole: Served, chromium: Browser) -> None:
    with chromium.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB") as context:
        page = context.new_page()
        page.goto(whole.address)
        wanted = [
            page.get_by_role("heading", name=re.compile("How common|cause them|mean for outcome|contested")),
            page.locator(".answers .dots"),
            page.locator("table.glance tbody td:last-child .dots").nth(2),
        ]
        for some in wanted:
            for one in some.all():
                box = one.bounding_box()
                assert box is not None
                assert box["y"] + box["height"] <= 768, one
        assert wanted[0].count() == 4
        # of its own: without the rows of the table, which are data
        own, data = (sum(len(text.split()) for text in page.locator(one).all_inner_texts()) for one in ("main", "table.glance tbody"))
        assert 0 < own - data <= 250, own - data


def test_the_factors_of_the_start_page_are_those_of_the_question(whole: Served, light: Window, reader: MemoryReader) -> None:
    page = light.open(f"{whole.address}/")
    names = page.locator("table.glance tbody th[scope=row] > a").all_inner_texts()
    found = [one.exposure.name for one in questions.Factors().answer(reader).items]
    assert 8 <= len(names) <= 12
    assert set(names) <= set(found)
