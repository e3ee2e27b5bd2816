"""Figures say what their answers say, stand alone, are readable, and let nothing of their text become markup."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app, main
from api.colours import DARK, LIGHT
from api.figures import (
    NARROW,
    POLICY,
    STYLE,
    WIDE,
    effect_direction_plot,
    ends,
    evidence_plot,
    forest_plot,
    gap_map,
    interval,
    mechanism_diagram,
    neighbourhood,
    png,
    prevalence_plot,
    raster,
    row_axis,
    row_plot,
    summary_forest,
)
from api.figures.evidence import _FILTERS
from api.figures.measure import Axis, shortened, width_of, wrapped
from graph import questions
from graph.build import EvidenceGraph
from graph.opening import shipped
from graph.questions.filters import Filters
from graph.questions.lists import Page
from graph.stores.memory import MemoryReader, MemoryStore
from graph.wording import bedside as glance
from graph.wording import measured, number, percent, percents
from graph.wording.bedside import Folded
from schema.answer import Evidence
from schema.association import Association, CertaintyLevel, TermRef
from schema.errors import NotDrawn

SVG = "{http://www.w3.org/2000/svg}"
ALL = Page(limit=None)
EVIL = "<script>alert(1)</script> & \"quoted\" 'single' ]]> \x01\ud800"
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-\d+)?")


@pytest.fixture(scope="module")
def evidence(graph: EvidenceGraph) -> list[Evidence]:
    """Every association of the corpus: the main figures are held to laws over all of them."""
    reader = MemoryReader(graph)
    return [
        questions.Evidence(exposure=one.exposure.id, outcome=one.outcome.id, population=one.population.id).answer(reader)
        for one in reader.edges()
    ]


@pytest.fixture(scope="module")
def associations(evidence: list[Evidence]) -> list[Association]:
    return [one.association for one in evidence if one.association is not None]


def known(reader: MemoryReader, exposure: str, outcome: str, **filters: Any) -> Evidence:
    return questions.Evidence(exposure=exposure, outcome=outcome, filters=Filters(**filters)).answer(reader)


def listed(reader: MemoryReader, answer: Any, **options: Any) -> str:
    return summary_forest(answer, reader.terms(), reader.field().plurals, reader.field().abbreviations, **options)


def one_of_each(reader: MemoryReader) -> dict[str, str]:
    answer = known(reader, "r-dwi", "poor-functional-outcome")
    gaps = questions.Gaps(state=("empty", "weak", "fair"), page=ALL).answer(reader)
    mechanisms, near = questions.Mechanisms(page=ALL).answer(reader), questions.Neighbours(term="r-dwi").answer(reader)
    assert answer.association is not None
    forest = forest_plot(answer)
    assert forest is not None
    return {
        "directions": effect_direction_plot(answer),
        "forest": forest,
        "evidence": evidence_plot(answer),
        "interval": interval(answer.association),
        "gaps": gap_map(gaps),
        "gaps with links": gap_map(gaps, lambda factor, outcome, population: f"/{factor}?o={outcome}&p={population}"),
        "mechanisms": mechanism_diagram(mechanisms),
        "mechanism": mechanism_diagram(mechanisms.items[0]),
        "list": listed(reader, questions.Factors(page=ALL).answer(reader)),
        "list with links": listed(reader, questions.Factors(page=ALL).answer(reader), link=lambda one: f"/{one.exposure.id}"),
        "row": row_plot(answer.association, ends([Folded(answer.association)])),
        "prevalence": prevalence_plot(questions.Prevalence().answer(reader)),
        "neighbours": neighbourhood(near),
        "neighbours with links": neighbourhood(near, lambda term: f"/{term}", lambda exposure, outcome: f"/{exposure}/{outcome}"),
    }


def narrow_of_each(reader: MemoryReader) -> dict[str, str]:
    gaps = questions.Gaps(state=("empty", "weak", "fair"), page=ALL).answer(reader)
    return {
        "gaps": gap_map(gaps, width=NARROW),
        "mechanisms": mechanism_diagram(questions.Mechanisms(page=ALL).answer(reader), width=NARROW),
        "neighbours": neighbourhood(questions.Neighbours(term="r-dwi").answer(reader), most=None, width=NARROW),
    }


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    words: str


def boxes(root: ElementTree.Element) -> Iterator[Box]:
    """The places that texts take: from their capitals' height to their base line."""
    for text in root.iter(f"{SVG}text"):
        size, x, y = float(text.get("font-size", "0")), float(text.get("x", "0")), float(text.get("y", "0"))
        width = width_of(text.text or "", size, bold=text.get("font-weight") == "bold")
        left = x - {None: 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor")] * width
        yield Box(left, y - size * 0.72, left + width, y, text.text or "")


def reached(root: ElementTree.Element) -> Iterator[tuple[float, float]]:
    """The points of all lines and shapes."""
    for element in root.iter():
        get = {name: float(value) for name, value in element.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
        match element.tag.removeprefix(SVG):
            case "line":
                yield from ((get["x1"], get["y1"]), (get["x2"], get["y2"]))
            case "rect":
                x, y = get.get("x", 0.0), get.get("y", 0.0)
                yield from ((x, y), (x + get["width"], y + get["height"]))
            case "circle":
                yield from ((get["cx"] - get["r"], get["cy"] - get["r"]), (get["cx"] + get["r"], get["cy"] + get["r"]))
            case "polygon":
                for point in element.get("points", "").split():
                    x, y = point.split(",")
                    yield float(x), float(y)
            case "path" if "A" not in element.get("d", ""):
                figures = [float(one) for one in re.findall(r"-?[\d.]+", element.get("d", ""))]
                yield from zip(figures[::2], figures[1::2], strict=True)


def check_layout(figure: str, name: str) -> None:
    """Nothing lies outside, and no two texts overlap."""
    root = ElementTree.fromstring(figure)
    _, _, width, height = (float(one) for one in root.get("viewBox", "").split())
    assert (float(root.get("width", "0")), float(root.get("height", "0"))) == (width, height)
    texts = sorted(boxes(root), key=lambda one: one.top)
    assert [one for one in texts if one.left < -0.5 or one.right > width + 0.5 or one.top < 0 or one.bottom > height] == [], name
    assert [point for point in reached(root) if not (-0.5 <= point[0] <= width + 0.5 and -0.5 <= point[1] <= height + 0.5)] == [], name
    for i, one in enumerate(texts):
        for other in texts[i + 1 :]:
            if other.top >= one.bottom:
                break
            assert other.left >= one.right or other.right <= one.left, (name, one, other)


def lines_of(figure: str, *, ticks: bool = False) -> list[str]:
    """What a figure prints, but for the ticks of its axes."""
    texts = ElementTree.fromstring(figure).iter(f"{SVG}text")
    return [text.text or "" for text in texts if ticks or "rf-tick" not in text.get("class", "")]


def figures_of(value: Any) -> Iterator[str]:
    """Every number of an answer, in the ways in which it may be printed, and those in its words."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from figures_of(name)
            yield from figures_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from figures_of(one)
    elif isinstance(value, str):
        yield from NUMBER.findall(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        for printed in (number(value), f"{value:g}", f"{value:.1%}", f"{value:.0%}", f"{value:.0f}", f"{value:.2g}", str(value)):
            yield from NUMBER.findall(printed)


# --- what stands in the figures ---


def test_every_finding_of_every_association_is_a_row_of_its_plot(evidence: list[Evidence]) -> None:
    for answer in evidence:
        printed = Counter(lines_of(effect_direction_plot(answer)))
        wanted = Counter(row.study.label for row in answer.rows)
        assert not wanted - printed, answer.query


def test_every_estimate_of_every_association_is_in_its_forest_plot(evidence: list[Evidence]) -> None:
    drawn = 0
    for answer in evidence:
        one = answer.association
        assert one is not None
        estimates = [(family.measure, family.estimate, family.ci, family.k) for family in one.families]
        estimates += [(review.measure, review.estimate, review.ci, 2) for review in answer.published if review.estimate is not None]
        figure = forest_plot(answer)
        assert (figure is None) == (not estimates), answer.query
        if figure is None:
            continue
        drawn += 1
        # lines of one text follow each other where it is broken
        words = " ".join(lines_of(figure))
        for measure, value, ci, k in estimates:
            per = next((family.unit for family in one.families if k == 1 and family.estimate == value), None)
            assert measured(measure, value, ci, per) in words, (answer.query, words)
    assert drawn > 100


@pytest.mark.parametrize("draw", [effect_direction_plot, forest_plot, evidence_plot])
def test_every_number_of_a_figure_is_in_its_answer(draw: Callable[[Evidence], str | None], evidence: list[Evidence]) -> None:
    names = list(figures_of([term.name for term in shipped().vocabulary.terms.values()]))
    for answer in evidence:
        figure = draw(answer)
        if figure is None:
            continue
        words = " ".join(lines_of(figure)).replace(answer.release[:12], "").replace("95% CI", "")
        words = words.replace("95% prediction", "").replace("95% credible", "")
        wanted = {*figures_of(answer.model_dump(mode="json")), *names}
        assert [one for one in NUMBER.findall(words) if one not in wanted] == [], (answer.query, words)


def test_arrows_of_what_votes_are_the_counts_of_cohorts(evidence: list[Evidence]) -> None:
    compared = 0
    for answer in evidence:
        one = answer.association
        counted = [row for row in answer.rows if row.used != "shown"]
        if one is None or len(counted) != one.cohorts:  # several rows may speak for one cohort
            continue
        compared += 1
        reports = Counter(row.reports for row in counted)
        counts = (reports["increases"], reports["decreases"], reports["not-significant"], reports["unclear"])
        assert counts == (one.increases, one.decreases, one.not_significant, one.unclear), answer.query
    assert compared > 400


def test_a_turned_row_points_where_it_was_turned(reader: MemoryReader) -> None:
    answer = known(reader, "r-dwi", "poor-functional-outcome")
    (row,) = [row for row in answer.rows if row.outcome == "functional-recovery"]
    assert (row.direction, row.reports) == ("decreases", "increases")
    assert "as functional recovery (turned round)" in " ".join(lines_of(effect_direction_plot(answer)))


def test_rows_without_a_vote_are_grey_and_say_why(reader: MemoryReader) -> None:
    answer = known(reader, "cerebral-microbleeds", "r-dwi")
    shown = [row for row in answer.rows if row.used == "shown"]
    figure = effect_direction_plot(answer)
    root = ElementTree.fromstring(figure)
    grey = [one for one in root if one.tag in {f"{SVG}polygon", f"{SVG}circle"} and "rf-gone" in one.get("class", "")]
    assert None not in {row.adjusted for row in shown}  # none is half filled, which would be two shapes
    assert len(grey) == len(shown) + 1  # one is in the legend
    words = " ".join(lines_of(figure))
    assert "shares patients with Wang 2021, which counts" in words
    assert "estimates beside the headline, with those of its own measure, contrast and design" in words
    assert "wang-2021" not in words


def test_filling_tells_adjustment_and_size_the_patients(reader: MemoryReader) -> None:
    answer = known(reader, "cerebral-microbleeds", "r-dwi")
    rows = [row for row in answer.rows if row.used != "shown"]
    assert {row.adjusted for row in rows} == {True, False, None}
    root = ElementTree.fromstring(effect_direction_plot(answer))
    arrows = [one for one in root.iter(f"{SVG}polygon") if (one.get("class") or "").startswith("rf-up")]
    fillings = Counter("open" if "rf-open" in (one.get("class") or "") else "full" for one in arrows)
    # a half-filled arrow is an open one and its half; the legend has one filled
    assert fillings == {
        "full": sum(row.adjusted is not False for row in rows) + 1,
        "open": sum(row.adjusted is not True for row in rows),
    }
    heights = [max(y) - min(y) for one in arrows[:-1] if (y := [float(point.split(",")[1]) for point in (one.get("points") or "").split()])]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 1.5 * heights[-1]


def test_randomised_comparisons_stand_apart_from_observation(reader: MemoryReader) -> None:
    for figure in (
        effect_direction_plot(known(reader, "intensive-bp-lowering", "r-dwi")),
        forest_plot(known(reader, "intensive-bp-lowering", "poor-functional-outcome")),
    ):
        assert figure is not None
        assert any(line.startswith("Randomised comparisons") for line in lines_of(figure))
    lines = lines_of(effect_direction_plot(known(reader, "intensive-bp-lowering", "r-dwi")))
    assert (
        lines.index("Randomised comparisons")
        < lines.index("Butcher 2025")
        < lines.index("Observational studies")
        < lines.index("Yang 2022")
    )


def _diamonds(figure: str) -> int:
    polygons = ElementTree.fromstring(figure).iter(f"{SVG}polygon")
    return len([one for one in polygons if len((one.get("points") or "").split()) == 4])


def test_two_to_four_cohorts_have_their_average_and_what_another_setting_may_find(reader: MemoryReader) -> None:
    answer = known(reader, "r-dwi", "poor-functional-outcome")
    figure = forest_plot(answer)
    assert figure is not None
    assert answer.association is not None
    (family,) = answer.association.families
    words = " ".join(lines_of(figure))
    average, setting = (measured("OR", one.estimate, one.ci) for one in (family.common, family))
    for told in (
        "The average of these cohorts 4 cohorts Heterogeneity: \u03c4\u00b2 0.19, I\u00b2 55%, Q 6.87",
        average,
        f"Allowing for settings that differ 95% credible interval {setting}",
        "Pooled: OR, binary, observational, adjusted or a model's (3 of 4 known to be adjusted); outcome mRS 4-6;",
        "Published meta-analyses",
    ):
        assert told in words
    # the average's interval stands for no next cohort
    assert "Next cohort" not in words
    assert _diamonds(figure) == 1 + len([one for one in answer.published if one.ci])
    root = ElementTree.fromstring(figure)
    squares = [float(one.get("width", "0")) for one in root.iter(f"{SVG}rect") if one.get("class") == "rf-null"]
    rows = sorted((row for row in answer.rows if row.finding in family.rows), key=lambda row: (row.study.year or 9999, row.study.label))
    shares = [row.share or 0 for row in rows]
    assert [line for line in lines_of(figure) if line in {f"{share:.1%}" for share in shares}] == [f"{share:.1%}" for share in shares]
    assert [squares.index(one) for one in sorted(squares)] == [shares.index(one) for one in sorted(shares)]


def test_five_cohorts_have_diamond_common_effect_and_prediction_interval(pools: EvidenceGraph) -> None:
    answer = questions.Evidence(exposure="lacunes", outcome="r-dwi").answer(MemoryReader(pools))
    figure = forest_plot(answer)
    assert figure is not None
    words = " ".join(lines_of(figure))
    assert "Pooled 6 cohorts Heterogeneity: " in words
    assert "OR 1.74 (1.17-2.59)" in words
    assert "Common effect" in words
    assert "Next cohort 95% prediction interval" in words
    assert _diamonds(figure) == 2


def test_what_is_drawn_of_a_row_is_what_is_pooled(pools: EvidenceGraph) -> None:
    """Per the comparison's step, and by counts where these make the measure."""
    reader = MemoryReader(pools)
    per = forest_plot(questions.Evidence(exposure="age", outcome="r-dwi").answer(reader))
    counted = forest_plot(questions.Evidence(exposure="lacunes", outcome="mortality").answer(reader))
    assert per is not None
    assert counted is not None
    year, ten = (_square_of(per, label) for label in ("a-year", "a-ten"))
    # 1.05 a year is 1.63 in ten, more than the other's 1.4
    assert year > ten
    words = " ".join(lines_of(counted))
    assert "by the counts of its rows, whose measures differ" in words
    assert "OR 1.41 (0.88-2.25) \u2020" in words
    assert "RR 1" not in words


def _square_of(figure: str, label: str) -> float:
    """Where the square of a study stands: the squares are drawn in the order of the labels."""
    root = ElementTree.fromstring(figure)
    labels = [text.text for text in root.iter(f"{SVG}text") if (text.text or "").startswith("a-")]
    squares = [float(one.get("x", "0")) for one in root.iter(f"{SVG}rect") if one.get("class") == "rf-null"]
    return squares[labels.index(label)]


def test_the_small_plot_of_an_average_says_both_intervals(pools: EvidenceGraph) -> None:
    one = questions.Evidence(exposure="age", outcome="r-dwi").answer(MemoryReader(pools)).association
    assert one is not None
    drawn = interval(one)
    assert "the average of 3 cohorts; allowing for settings that differ 1.60 (95% credible interval 1.25-2.07)" in " ".join(
        ElementTree.fromstring(drawn).itertext()
    )
    assert 'stroke-width="5"' in drawn


# an interval; the line up from a pooled diamond is dashed, too
_DASHED = r'<line(?=[^>]*stroke-dasharray)(?=[^>]*class="rf-null")'


def test_an_interval_that_is_not_as_printed_is_dashed(reader: MemoryReader) -> None:
    figure = forest_plot(known(reader, "intensive-bp-lowering", "r-dwi"))
    assert figure is not None
    assert re.search(_DASHED, figure)
    assert "\u2020 and dashed: not as printed" in " ".join(lines_of(figure))
    printed = forest_plot(known(reader, "r-dwi", "poor-functional-outcome"))
    assert printed is not None
    assert not re.search(_DASHED, printed)


def test_the_caption_says_direction_estimate_certainty_cohorts_how_read_and_release(reader: MemoryReader) -> None:
    answer = known(reader, "cerebral-microbleeds", "r-dwi", adjusted=True)
    words = " ".join(lines_of(evidence_plot(answer, reader.field().title)))
    one = answer.association
    assert one is not None
    for told in (
        f"Direction: {one.direction}",
        f"Certainty: {(one.certainty or '').replace('-', ' ')}",
        f"{one.cohorts} cohorts ({one.patients:,} patients)",
        "Read as abstracts; full text: 0",
        answer.release[:12],
        "Only: adjusted.",
        f"not known whether they match: {answer.unknown_dropped}.",
        "not medical advice",
    ):
        assert told in words
    sifted = known(
        reader,
        "cerebral-microbleeds",
        "r-dwi",
        year_from=2010,
        year_to=2020,
        min_n=50,
        max_mri_day=30,
        exclude=("xu-2019",),
        randomised=False,
    )
    told = (
        "Only: no randomised comparisons; 50 patients or more; published in 2010 or after; published in 2020 or before; "
        "last scan by day 30;"
    )
    assert f"{told} without xu-2019." in " ".join(lines_of(evidence_plot(sifted)))
    assert set(Filters.model_fields) == {*_FILTERS, "indirect"}
    by_design = known(reader, "cerebral-microbleeds", "r-dwi", design=("prospective-cohort",))
    assert "Only: design prospective cohort." in " ".join(lines_of(evidence_plot(by_design)))
    wider = questions.Evidence(exposure="cerebral-microbleeds", outcome="r-dwi", population="caa", filters=Filters(indirect=True)).answer(
        reader
    )
    assert "Beside it, Cerebral microbleeds in intracerebral haemorrhage (ICH): increases" in " ".join(lines_of(evidence_plot(wider)))
    assert "Only" not in " ".join(lines_of(evidence_plot(wider)))
    turned = questions.Evidence(exposure="r-dwi", outcome="functional-recovery").answer(reader)
    assert "Asked of functional recovery, and turned round." in lines_of(evidence_plot(turned))
    contested = known(reader, "acute-bp-reduction", "r-dwi")
    assert "its counterpart Intensive blood pressure lowering" in " ".join(lines_of(evidence_plot(contested)))


def test_where_nothing_is_known_the_figure_says_why(reader: MemoryReader) -> None:
    answer = questions.Evidence(exposure="smoking", outcome="dementia", population="post-mortem").answer(reader)
    assert answer.association is None
    assert answer.why is not None
    for figure in (effect_direction_plot(answer), evidence_plot(answer)):
        assert " ".join(wrapped(answer.why.text, 10_000, 13)) in " ".join(lines_of(figure))
    assert forest_plot(answer) is None


# --- small figures ---


def test_a_small_plot_marks_what_is_single_pooled_published_or_beyond_its_axis(associations: list[Association]) -> None:
    for one in associations:
        figure = interval(one)
        root = ElementTree.fromstring(figure)
        if one.estimate is None:
            assert lines_of(figure) == ["no estimate"]
        elif one.measure not in {"OR", "RR", "HR"}:
            assert lines_of(figure) == ["not a ratio"]
        else:
            assert one.ci is not None or one.estimate_source == "published"
            heads = len([1 for shape in root.iter(f"{SVG}polygon") if len((shape.get("points") or "").split()) == 3])
            beyond = (one.ci is not None and one.ci[0] < 0.1) + (one.ci is not None and one.ci[1] > 10)
            assert heads == beyond + (not 0.1 <= one.estimate <= 10)
            hollow = [shape for shape in root.iter(f"{SVG}rect") if "rf-open" in (shape.get("class") or "")]
            assert bool(hollow) == (one.estimate_source == "single-study" and 0.1 <= one.estimate <= 10)
            assert number(one.estimate) in root.get("aria-label", "")


def test_small_plots_share_an_axis_that_can_be_chosen(associations: list[Association]) -> None:
    def middle(one: Association, **ends: float) -> float:
        shapes = ElementTree.fromstring(interval(one, **ends)).iter(f"{SVG}rect")
        square = next(shape for shape in shapes if "rf-open" in (shape.get("class") or ""))
        return float(square.get("x", "0")) + float(square.get("width", "0")) / 2

    single = [one for one in associations if one.estimate_source == "single-study" and one.measure == "OR" and one.estimate]
    low = min(single, key=lambda one: abs((one.estimate or 0) - 1.2))
    high = sorted(single, key=lambda one: one.estimate or 0)[-6]
    assert middle(low) == pytest.approx(Axis(0.1, 10, 8, 132, log=True).at(low.estimate or 0), abs=0.1)
    assert middle(low) < middle(high, low=0.01, high=100)


# --- maps and graphs ---


def test_every_cell_of_the_map_is_linked_and_told(reader: MemoryReader) -> None:
    answer = questions.Gaps(state=("empty", "weak", "fair"), page=ALL).answer(reader)
    root = ElementTree.fromstring(gap_map(answer, lambda factor, outcome, population: f"/e?x={factor}&y={outcome}&p={population}"))
    links = {link.get("href"): link for link in root.iter(f"{SVG}a")}
    assert set(links) == {f"/e?x={one.factor.id}&y=r-dwi&p={one.population.id}" for one in answer.items}
    for one in answer.items:
        link = links[f"/e?x={one.factor.id}&y=r-dwi&p={one.population.id}"]
        assert link.get("aria-label") == f"{one.factor.name}, {one.population.name}: {one.caption}"
        # pattern as well as colour
        hatched, dashed = link.find(f"{SVG}path") is not None, "stroke-dasharray" in link.find(f"{SVG}rect").attrib  # type: ignore[union-attr]
        assert (hatched, dashed) == {"empty": (False, True), "weak": (True, False), "fair": (False, False)}[one.state]
        cell = link.find(f"{SVG}rect")
        assert cell is not None
        assert min(float(cell.get("width", "0")), float(cell.get("height", "0"))) >= 24  # easy to hit
    assert root.get("role") == "group"


def test_columns_that_indirect_adds_are_on_the_map(reader: MemoryReader) -> None:
    answer = questions.Gaps(
        populations=("ich-caa",), state=("empty", "weak", "fair"), filters=Filters(indirect=True), page=Page(limit=None)
    ).answer(reader)
    added = {one.population.name for one in answer.items} - {"ICH with CAA"}
    assert added
    words = " ".join(lines_of(gap_map(answer)))
    assert all(name in words for name in added)
    assert gap_map(answer, lambda *ids: "/".join(ids)).count("<a ") == len(answer.items)


def test_a_cell_that_the_list_does_not_hold_stays_blank(reader: MemoryReader) -> None:
    answer = questions.Gaps(page=Page(limit=10)).answer(reader)
    figure = gap_map(answer, lambda *ids: "/".join(ids))
    assert figure.count("<a ") == 10
    assert "Blank: not in this list." in lines_of(figure)
    none = answer.model_copy(update={"items": ()})
    assert "No cell is in the answer." in lines_of(gap_map(none))


def test_every_paper_and_factor_of_a_mechanism_is_in_its_diagram(reader: MemoryReader) -> None:
    answer = questions.Mechanisms(page=ALL).answer(reader)
    words = " ".join(lines_of(mechanism_diagram(answer)))
    for one in answer.items:
        own = " ".join(lines_of(mechanism_diagram(one)))
        for text in (words, own):
            assert one.mechanism.name in text
            assert all(f"{claim.study.label} (" in text for claim in one.claims)
            assert all(factor.factor.name in text for factor in one.factors)
        assert f"Support: {one.supports}" in own
        assert f"Argue against: {one.argues_against}" in own
        # dashed where no cohort supports it
        unsupported = sum(not factor.supports for factor in one.factors) + (one.supports == 0)
        assert mechanism_diagram(one).count("stroke-dasharray") == unsupported
    empty = questions.Mechanisms(lesion="haematoma-expansion").answer(reader)
    assert empty.why is not None
    assert empty.why.text in lines_of(mechanism_diagram(empty))


def test_a_neighbourhood_shows_sign_and_certainty_and_says_whom_it_leaves_out(reader: MemoryReader) -> None:
    answer = questions.Neighbours(term="r-dwi").answer(reader)
    links = lambda term: f"/terms/{term}"  # noqa: E731
    whole = neighbourhood(answer, links, lambda exposure, outcome: f"/evidence/{exposure}/{outcome}", most=None)
    root = ElementTree.fromstring(whole)
    hrefs = {link.get("href") for link in root.iter(f"{SVG}a")}
    assert {f"/terms/{one.exposure.id}" for one in answer.as_outcome} <= hrefs
    assert {f"/evidence/{one.exposure.id}/r-dwi" for one in answer.as_outcome} <= hrefs
    assert {f"/evidence/r-dwi/{one.outcome.id}" for one in answer.as_exposure} <= hrefs
    assert "left out" not in whole
    curves = Counter((one.get("class"), one.get("stroke-dasharray")) for one in root.iter(f"{SVG}path"))
    signs = Counter(one.direction for one in (*answer.as_outcome, *answer.as_exposure))
    assert curves[("rf-up", None)] == signs["increases"]
    assert curves[("rf-down", "7 4")] == signs["decreases"]
    levels = Counter(one.certainty for one in (*answer.as_outcome, *answer.as_exposure))
    widths = Counter(float(one.get("stroke-width", "0")) for one in root.iter(f"{SVG}path"))
    by_certainty: tuple[CertaintyLevel | None, ...] = (None, "very-low", "low", "moderate", "high")
    expected = {round(0.8 * (place + 1), 1): levels[level] for place, level in enumerate(by_certainty) if levels[level]}
    assert len(expected) > 1
    assert widths == expected
    assert any("The wider a line, the more certain." in line for line in lines_of(whole))
    some = lines_of(neighbourhood(answer))
    assert f"The 20 most certain of {len(answer.as_outcome)} factors are drawn: by sign, in each the most certain first." in some
    alone = answer.model_copy(update={"as_outcome": (), "as_exposure": (), "mechanisms": ()})
    assert "No study of this population joins it to anything." in lines_of(neighbourhood(alone))


# --- layout, access, safety ---


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_overlaps_and_nothing_lies_outside(width: int, evidence: list[Evidence]) -> None:
    for answer in evidence:
        check_layout(evidence_plot(answer, width=width), str(answer.query))


def test_no_text_of_other_figures_overlaps(reader: MemoryReader, associations: list[Association]) -> None:
    for name, figure in {**one_of_each(reader), **{f"narrow {name}": one for name, one in narrow_of_each(reader).items()}}.items():
        check_layout(figure, name)
    for term in ("cerebral-microbleeds", "age", "inflammation"):
        check_layout(neighbourhood(questions.Neighbours(term=term).answer(reader)), term)
    for one in associations:
        check_layout(interval(one), one.caption)


def test_each_figure_names_itself_to_a_screen_reader(reader: MemoryReader) -> None:
    for name, figure in one_of_each(reader).items():
        root = ElementTree.fromstring(figure)
        assert root.get("role") == ("group" if "links" in name else "img"), name
        texts = {element.get("id"): element.text or "" for element in root if element.tag in {f"{SVG}title", f"{SVG}desc"}}
        label = root.get("aria-label") or " ".join(texts[one] for one in root.get("aria-labelledby", "").split())
        assert len(label) > 20, name
        assert all(link.get("aria-label") or "".join(link.itertext()).strip() for link in root.iter(f"{SVG}a")), name


def test_ids_of_the_figures_of_a_page_do_not_meet(reader: MemoryReader) -> None:
    answer = known(reader, "r-dwi", "poor-functional-outcome")
    figures = [draw(answer, width=width) or "" for draw in (effect_direction_plot, forest_plot, evidence_plot) for width in (WIDE, NARROW)]
    figures.append(one_of_each(reader)["gaps"])
    ids = [one for figure in figures for one in re.findall(r' id="([^"]+)"', figure)]
    assert len(ids) == len(set(ids)) == 2 * len(figures)


def test_a_figure_stands_alone_and_asks_nobody_for_anything(reader: MemoryReader) -> None:
    for name, figure in one_of_each(reader).items():
        root = ElementTree.fromstring(figure)
        assert root.tag == f"{SVG}svg", name
        assert STYLE in figure, name
        assert re.findall(r"https?://[^\"' ]+", figure) == ["http://www.w3.org/2000/svg"], name
        assert not re.search(r"<script|<image|<use|url\(|@import|\son\w+=|\sstyle=", figure), name
        assert all((link.get("href") or "").startswith("/") for link in root.iter(f"{SVG}a")), name


def test_a_page_may_give_style_and_ground_itself(reader: MemoryReader) -> None:
    answer = known(reader, "r-dwi", "poor-functional-outcome")
    assert answer.association is not None
    gaps, near = questions.Gaps().answer(reader), questions.Neighbours(term="age").answer(reader)
    bare = (
        effect_direction_plot(answer, standalone=False), forest_plot(answer, standalone=False), evidence_plot(answer, standalone=False),
        interval(answer.association, standalone=False),
        gap_map(gaps, standalone=False),
        neighbourhood(near, standalone=False), mechanism_diagram(questions.Mechanisms().answer(reader), standalone=False),
    )  # fmt: skip
    assert [figure for figure in bare if figure is None or "<style" in figure] == []


def test_the_same_answer_gives_the_same_bytes(graph: EvidenceGraph) -> None:
    assert one_of_each(MemoryReader(graph)) == one_of_each(MemoryReader(graph))


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_keep_the_contrast_of_wcag_aa(colours: dict[str, str]) -> None:
    for role in ("ink", "quiet", "gone", "up", "down", "null", "link"):
        assert _contrast(colours[role], colours["ground"]) >= 4.5, role
    for role in ("ink", "quiet"):
        assert _contrast(colours[role], colours["soft"]) >= 4.5, role
    assert _contrast(colours["rule"], colours["ground"]) >= 3


def test_text_never_becomes_markup(reader: MemoryReader) -> None:
    evil = TermRef(id="evil", name=EVIL, kind="risk-factor")
    answer = known(reader, "cerebral-microbleeds", "r-dwi")
    assert answer.association is not None
    one = answer.association.model_copy(update={"exposure": evil, "outcome": evil, "population": evil, "caption": EVIL})
    rows = tuple(
        row.model_copy(
            update={
                "exposure_term": evil, "outcome_term": evil, "population_label": EVIL,
                "why": EVIL, "contrast": EVIL, "warnings": (EVIL,), "p": None,
                "study": row.study.model_copy(update={"label": EVIL}),
            }
        )
        for row in answer.rows
    )  # fmt: skip
    answer = answer.model_copy(update={"association": one, "rows": rows, "note": EVIL, "query": {"turned_from": EVIL, "adjusted": EVIL}})
    gaps = questions.Gaps(page=Page(limit=4)).answer(reader)
    cells = tuple(gap.model_copy(update={"factor": evil, "population": evil, "outcome": evil, "caption": EVIL}) for gap in gaps.items)
    papers = questions.Mechanisms(page=Page(limit=1)).answer(reader)
    claims = tuple(
        claim.model_copy(update={"study": claim.study.model_copy(update={"label": EVIL}), "target_term": evil})
        for claim in papers.items[0].claims
    )
    mechanism = papers.items[0].model_copy(update={"mechanism": evil, "claims": claims})
    near = questions.Neighbours(term="age").answer(reader).model_copy(update={"term": evil, "as_exposure": (one,), "as_outcome": (one,)})
    figures = {
        "directions": effect_direction_plot(answer), "forest": forest_plot(answer), "evidence": evidence_plot(answer),
        "interval": interval(one.model_copy(update={"measure": EVIL})),
        "gaps": gap_map(gaps.model_copy(update={"items": cells}), lambda *ids: EVIL), "mechanism": mechanism_diagram(mechanism),
        "mechanisms": mechanism_diagram(papers.model_copy(update={"items": (mechanism,)})),
        "neighbours": neighbourhood(near, lambda _: EVIL, lambda *_: EVIL),
    }  # fmt: skip
    harmless = {"svg", "title", "desc", "style", "rect", "text", "line", "polygon", "circle", "path", "g", "a"}
    for name, figure in figures.items():
        assert figure is not None
        root = ElementTree.fromstring(figure)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= harmless, name
        assert not any(attribute.startswith("on") for element in root.iter() for attribute in element.attrib), name
        if name != "interval":
            assert "<script>alert(1)</script>" in "".join(root.itertext()), name


# --- words and measures ---


def test_worked_out_values_bear_the_measure_that_they_are_of(evidence: list[Evidence]) -> None:
    rows = {row.finding: row for answer in evidence for row in answer.rows}
    differences = [row for row in rows.values() if row.printed_measure == "proportion-difference" and row.value is not None and row.family]
    assert Counter(row.measure for row in differences)["OR"] >= 15
    printed = [row for row in differences if row.contrast and "percentage points" in row.contrast]
    assert printed
    assert all(row.measure == "proportion-difference" for row in printed)


def test_rows_give_what_is_printed_and_turn_what_runs_the_other_way(evidence: list[Evidence], graph: EvidenceGraph) -> None:
    rows = {row.finding: row for answer in evidence for row in answer.rows}
    observations = {one.finding: one for one in graph.observations}
    turned = 0
    for finding, row in rows.items():
        printed = observations[finding].row
        assert (row.printed_measure, row.printed_value) == (printed.measure, printed.value)
        assert row.printed_ci == (None if printed.ci is None else tuple(printed.ci))
        if not row.turned and printed.value is not None:
            assert (row.measure, row.value, row.ci) == (printed.measure, printed.value, row.printed_ci)
        turned += row.turned and row.value not in {None, printed.value}
    assert turned >= 5


def test_lines_are_no_wider_than_asked_and_lose_nothing() -> None:
    words = "Consecutive spontaneous ICH with DWI within twenty-eight days of admission, Pneumonoultramicroscopicsilicovolcanoconiosis"
    for width in (40, 90, 200, 2000):
        lines = wrapped(words, width, 13)
        assert all(width_of(line, 13) <= width or len(line) == 1 for line in lines)
        assert "".join(lines).replace(" ", "") == words.replace(" ", "")
        assert width_of(shortened(words, width, 13), 13) <= width
    assert wrapped("", 100, 13) == []


def test_axes_have_round_ticks_within_their_ends() -> None:
    assert Axis(0.2, 5, 0, 200, log=True).ticks == [0.25, 0.5, 1, 2, 4]
    # as many as don't meet
    assert Axis(0.1, 10, 0, 100, log=True).ticks == [0.25, 1, 4]
    assert Axis(0.7, 1.5, 0, 90, log=True).ticks == pytest.approx([1, 1.5])
    assert Axis(0.001, 1000, 0, 100, log=True).ticks == pytest.approx([0.001, 0.01, 0.1, 1, 10, 100, 1000])
    assert Axis(-0.3, 0.9, 0, 100, log=False).ticks == pytest.approx([0, 0.5])
    axis = Axis(0.1, 10, 0, 100, log=True)
    assert (axis.at(1), axis.within(100), axis.within(0)) == (pytest.approx(50), 100, 0)


# --- where they are served ---


def test_evidence_is_served_as_a_figure_under_strict_headers(client: TestClient, reader: MemoryReader) -> None:
    address = "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi&format=svg"
    response = client.get(address)
    assert response.headers["content-type"].startswith("image/svg+xml")
    own = "/v1/evidence?exposure=cerebral-microbleeds&outcome=r-dwi"
    assert response.text == evidence_plot(known(reader, "cerebral-microbleeds", "r-dwi"), reader.field().title, own)
    assert "/v1/evidence?exposure=" in " ".join(lines_of(response.text))
    assert response.headers["content-security-policy"] == POLICY
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert b64encode(sha256(STYLE.encode()).digest()).decode() in POLICY
    again = client.get(address, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/contested?format=svg").status_code == 422
    media = client.get("/openapi.json").json()["paths"]["/v1/evidence"]["get"]["responses"]["200"]["content"]
    assert {"application/json", "image/svg+xml"} <= set(media)


def test_the_command_line_writes_the_figure_beside_its_answer(tmp_path: Path, empty_folder: Path, reader: MemoryReader) -> None:
    path = tmp_path / "plot.svg"
    outcome = CliRunner().invoke(app, ["evidence", "early-mri", "r-dwi", "--format", "json", "--plot", str(path)])
    assert outcome.exit_code == 0, outcome.output
    assert json.loads(outcome.output)["association"]["outcome"]["id"] == "r-dwi"
    own = "/v1/evidence?exposure=early-mri&outcome=r-dwi"
    assert path.read_bytes().decode() == evidence_plot(known(reader, "early-mri", "r-dwi"), reader.field().title, own)
    outcome = CliRunner().invoke(app, ["evidence", "early-mri", "r-dwi", "--plot", str(tmp_path / "nowhere" / "plot.svg")])
    assert outcome.exit_code == 1
    assert "can't be written" in str(outcome.exception)


# --- lists, proportions, pictures ---


def _rows_of(figure: str) -> str:
    return " ".join(lines_of(figure))


def test_a_pool_has_columns_a_line_up_from_its_diamond_and_its_own_ends(reader: MemoryReader) -> None:
    figure = forest_plot(known(reader, "intensive-bp-lowering", "poor-functional-outcome"))
    assert figure is not None
    words = _rows_of(figure)
    for told in ("Study", "With", "Without", "719/1382", "785/1412", "a lower risk of poor", "a higher risk of poor", "ratio, log scale"):
        assert told in words, told
    pooled = forest_plot(known(reader, "r-dwi", "poor-functional-outcome"))
    assert pooled is not None
    upright = [
        one for one in ElementTree.fromstring(pooled).iter(f"{SVG}line") if one.get("stroke-dasharray") and one.get("x1") == one.get("x2")
    ]
    diamonds = [one.get("points", "").split() for one in ElementTree.fromstring(pooled).iter(f"{SVG}polygon")]
    (line,) = upright
    assert any(line.get("x1") == points[1].split(",")[0] and line.get("y2") == points[0].split(",")[1] for points in diamonds)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_list_is_a_forest_with_each_association_a_row(width: int, reader: MemoryReader) -> None:
    for answer in (questions.Factors(page=ALL).answer(reader), questions.Outcomes(page=ALL).answer(reader)):
        figure = listed(reader, answer, width=width)
        check_layout(figure, str(answer.query))
        words, told = _rows_of(figure), ElementTree.fromstring(figure)[1].text or ""
        side = "exposure" if "lesion" in answer.query else "outcome"
        for one in answer.items:
            assert f"{getattr(one, side).name}: " in told
            assert one.estimate is None or glance.shown(one) in words, one.caption
            assert one.estimate is not None or not one.studies or glance.cohorts(one) in words, one.caption
        marks = ElementTree.fromstring(figure)
        squares = [one for one in marks.iter(f"{SVG}rect") if "rf-open" in (one.get("class") or "")]
        single = [one for one in answer.items if one.estimate_source == "single-study" and glance.laid_beside(one)]
        assert len(squares) == len(single)
    empty = questions.Factors(population="animal").answer(reader)
    assert empty.why is not None
    assert empty.why.text in _rows_of(listed(reader, empty))


def test_what_is_per_unit_stands_apart_and_what_compares_nothing_known_is_not_drawn(associations: list[Association]) -> None:
    for one in associations:
        beside = glance.laid_beside(one)
        if beside == "per unit":
            assert one.contrast is not None
            assert one.contrast.startswith("per ") or (one.families and one.families[0].contrast_type == "per-unit")
        elif beside == "groups":
            assert one.contrast not in {None, "unknown", "not printed"}
            assert not (one.contrast or "").startswith("per ")
    both = [Folded(one) for one in associations if glance.laid_beside(one)]
    of = ends(both)
    assert of.groups is not None
    assert of.units is not None
    (left,), (right,) = ([row.whole for row in both if glance.laid_beside(row.whole) == what][:1] for what in ("groups", "per unit"))
    assert _middle(row_plot(left, of)) < 160 < _middle(row_plot(right, of))
    # where a list has none of one kind, the other has the whole width
    assert ends([Folded(left)]).units is None
    assert "per unit" not in _rows_of(row_axis(ends([Folded(left)])))


def _middle(figure: str) -> float:
    shapes = [
        one for one in ElementTree.fromstring(figure).iter() if one.tag in {f"{SVG}rect", f"{SVG}polygon"} and one.get("stroke-width")
    ]
    if shapes[0].tag == f"{SVG}rect":
        return float(shapes[0].get("x", "0"))
    return float(shapes[0].get("points", "").split(",")[0])


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_proportions_are_drawn_with_pool_and_next_cohort(width: int, reader: MemoryReader) -> None:
    answer = questions.Prevalence().answer(reader)
    own = answer.prevalence
    assert own.pooled is not None
    assert own.pooled.prediction_interval is not None
    figure = prevalence_plot(answer, width=width)
    check_layout(figure, "prevalence")
    words = _rows_of(figure)
    # a long name goes over two lines
    assert all(row.study.label in words for row in own.rows)
    assert all(f"{row.cases}/{row.total}" in words for row in own.rows)
    assert percent(own.pooled.pct, own.pooled.ci) in words
    assert percents(own.pooled.prediction_interval) in words
    assert f"Pooled, {own.pooled.cohorts} cohorts" in words
    years = [row.study.year or 9999 for row in own.rows if row.used == "pooled"]
    assert len(set(years)) > 5
    none = questions.Prevalence(population="animal").answer(reader)
    assert none.why is not None
    assert none.why.text in _rows_of(prevalence_plot(none))


_PICTURES = pytest.mark.skipif(not raster.available(), reason="no typeface for PNG here: apt-get install fonts-liberation")
FIGURES = [
    "evidence?exposure=cerebral-microbleeds&outcome=r-dwi", "factors?", "outcomes?", "prevalence?", "gaps?population=ich&population=caa",
]  # fmt: skip


@_PICTURES
@pytest.mark.parametrize("address", FIGURES)
def test_every_figure_is_served_as_svg_and_png_with_its_address(client: TestClient, address: str) -> None:
    drawn = client.get(f"/v1/{address}&format=svg")
    assert drawn.status_code == 200
    check_layout(drawn.text, address)
    assert f"/v1/{address.partition('?')[0]}" in _rows_of(drawn.text).replace(" ", "")
    picture = client.get(f"/v1/{address}&format=png")
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/png"
    assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(picture.content[at : at + 4], "big") for at in (16, 20))
    box = ElementTree.fromstring(drawn.text).get("viewBox", "").split()
    assert (width, height) == pytest.approx((2 * float(box[2]), 2 * float(box[3])), abs=1.5)


@_PICTURES
def test_the_text_of_a_picture_is_there(reader: MemoryReader) -> None:
    """In place of each text one of blanks: a picture of the same size and other pixels, which is larger by its letters."""
    figure = evidence_plot(known(reader, "cerebral-microbleeds", "r-dwi"))
    bare = re.sub(r"(<text[^>]*>)[^<]*", r"\1", figure)
    assert len(png(figure)) > 2 * len(png(bare))


@pytest.fixture
def faceless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system with none of the typefaces."""
    with monkeypatch.context() as changed:
        changed.setattr(raster, "_FACES", {'font-family="No such face"': 1.0})
        raster._found.cache_clear()
        yield
    raster._found.cache_clear()


def test_without_a_typeface_a_picture_is_refused_with_what_to_install(graph: EvidenceGraph, faceless: None) -> None:
    # pages are kept: with the client of others it may be one that was made with a typeface
    client = TestClient(create_app(MemoryStore(graph)))
    assert not raster.available()
    response = client.get(f"/v1/{FIGURES[0]}&format=png")
    assert (response.status_code, response.json()["type"]) == (501, "urn:rdwi:problem:not-drawn")
    assert "fonts-liberation" in response.json()["detail"]
    page = client.get(f"/{FIGURES[0]}").text
    assert "format=svg" in page
    assert "format=png" not in page


def test_without_the_extra_a_picture_is_refused_with_what_to_install(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_folder: Path
) -> None:
    address = f"/v1/{FIGURES[0]}&format=png&min_n=10"
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert not raster.available()
    response = client.get(address)
    assert response.status_code == 501
    assert "[png]" in response.json()["detail"]
    out = tmp_path / "plot.png"
    outcome = CliRunner().invoke(app, ["evidence", "early-mri", "r-dwi", "--plot", str(out)])
    assert isinstance(outcome.exception, NotDrawn)
    assert not out.exists()
    monkeypatch.setattr(sys, "argv", ["rdwi", "evidence", "early-mri", "r-dwi", "--plot", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1


@_PICTURES
def test_the_command_line_writes_the_figure_of_a_whole_list_by_its_ending(tmp_path: Path, empty_folder: Path, reader: MemoryReader) -> None:
    for command in ("factors", "outcomes", "prevalence", "gaps"):
        for ending, head in (("svg", b"<svg"), ("png", b"\x89PNG")):
            out = tmp_path / f"{command}.{ending}"
            outcome = CliRunner().invoke(app, [command, "--plot", str(out)])
            assert outcome.exit_code == 0, outcome.output
            assert out.read_bytes().startswith(head)
    told = ElementTree.fromstring((tmp_path / "factors.svg").read_text(encoding="utf-8"))[1].text or ""
    assert all(f"{one.exposure.name}: " in told for one in questions.Factors(page=ALL).answer(reader).items)


def test_the_trials_of_the_example_are_drawn_with_their_tables(bcg: EvidenceGraph) -> None:
    answer = questions.Evidence(exposure="bcg-vaccination", outcome="tuberculosis").answer(MemoryReader(bcg))
    figure = forest_plot(answer)
    assert figure is not None
    words = _rows_of(figure)
    trials = [row for row in answer.rows if row.counts]
    assert len(trials) == 13
    for row in trials:
        assert row.counts is not None
        assert f"{row.counts.exposed_cases}/{row.counts.exposed_total}" in words
        assert f"{row.counts.unexposed_cases}/{row.counts.unexposed_total}" in words
    check_layout(figure, "bcg")


def test_the_most_certain_are_drawn_by_sign_the_most_certain_first(reader: MemoryReader) -> None:
    answer = questions.Neighbours(term="r-dwi").answer(reader)
    drawn = neighbourhood(answer)
    assert any("by sign, in each the most certain first" in line for line in lines_of(drawn))
    told = re.search(r"Factors linked to it: (.*?)\.", drawn)
    assert told is not None
    shown = answer.as_outcome[:20]
    order = ["increases", "decreases", "inconsistent", "inconclusive"]
    expected = [one.exposure.name for sign in order for one in shown if one.direction == sign]
    at = [drawn.index(f"{name}: ") for name in expected]
    assert at == sorted(at)
    assert [one.weight or 0 for one in shown] != sorted((one.weight or 0 for one in shown), reverse=True)


def test_two_pooled_rows_of_one_review_are_told_apart(reader: MemoryReader) -> None:
    drawn = forest_plot(questions.Evidence(exposure="r-dwi", outcome="poor-functional-outcome").answer(reader)) or ""
    told = re.sub(r"<[^>]*>", " ", drawn)
    assert "mRS 3-6" in told
    assert "mRS 4-6" in told
