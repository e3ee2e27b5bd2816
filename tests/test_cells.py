"""A cell is read as people type it, or refused with its readings; it is never guessed."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.opening import shipped
from loaders.tables.cells import read
from loaders.tables.columns import ROW_SETS, Match, by_key, known
from loaders.tables.expectations import Asked
from loaders.tables.grid import Cell
from loaders.tables.numerals import Ambiguous, Convention, Habit, Unread, estimate, pair, settled
from loaders.tables.texts import slug
from schema.names import normal

NBSP, MINUS, EN, EM, THIN = "\u00a0", "\u2212", "\u2013", "\u2014", "\u2009"


def said(table: str, key: str, value: Any, *, format: str = "General", habit: Habit = Habit(), sheet: str | None = "s") -> dict[str, Any]:
    """What a cell of that column says, by the path of each value."""
    column = by_key(table)[key]
    cell = Cell(value, 2, 1, "a.xlsx", sheet, format)
    return {".".join(str(step) for step in path): one for path, one in read(cell, Asked(Match(column), habit, of=shipped()))}


def finding(key: str, value: Any, **more: Any) -> dict[str, Any]:
    return said("findings", key, value, **more)


def proven(*conventions: Convention) -> Habit:
    return Habit(None, lambda: frozenset(conventions))


@pytest.mark.parametrize(
    "typed",
    [
        f"1.85 (1.10{EN}3.11)",
        "1\u00b785 [1\u00b710 to 3\u00b711]",
        "1,85 (1,10-3,11)",
        "1.85 (95% CI 1.10-3.11)",
        f"1.85{NBSP}(1.10{EN}3.11)",
        "1.85, 95% CI 1.10 to 3.11",
        f"1.85 (1.10 {EM} 3.11)",
        "1.85 (1.10, 3.11)",
        "1.85 [1.10;3.11]",
        "1.85(1.10,3.11)",
        "1,85 [1,10; 3,11]",
        f"1{THIN}.85 (1.10-3.11)".replace(f"{THIN}", ""),
        "1.85 (CI: 1.10 to 3.11)",
        "+1.85 (1.10\u20113.11)",
    ],
)
def test_an_estimate_is_read_with_its_interval(typed: str) -> None:
    assert finding("value", typed) == {"value": 1.85, "ci": [1.10, 3.11]}


def test_an_estimate_alone_and_one_with_a_p_are_read() -> None:
    assert finding("value", "1,85") == {"value": 1.85}
    assert finding("value", "1.85 (1.10-3.11; p = .02)") == {"value": 1.85, "ci": [1.1, 3.11], "p": 0.02}
    assert finding("value", "1.85 (1.10-3.11), P<0.05") == {"value": 1.85, "ci": [1.1, 3.11], "p": "<0.05"}


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        (f"{MINUS}0.5 ({MINUS}1.2{EN}0.3)", [-1.2, 0.3]),
        ("-0.5 (-1.2--0.3)", [-1.2, -0.3]),
        ("-0.5 (-1.2 to -0.3)", [-1.2, -0.3]),
        (f"{EN}0.5 ({EN}1.2 {EN} {EN}0.3)", [-1.2, -0.3]),
        ("-0.5 [-1.2, 0.3]", [-1.2, 0.3]),
    ],
)
def test_minus_signs_of_every_length_are_told_from_the_dash_between_two_figures(typed: str, ends: list[float]) -> None:
    assert finding("value", typed) == {"value": -0.5, "ci": ends}


@pytest.mark.parametrize(
    ("typed", "p"),
    [
        ("p < .001", "<0.001"),
        ("P=0.03", 0.03),
        ("0,03", 0.03),
        (".05", 0.05),
        ("NS", ">0.05"),
        ("n.s.", ">0.05"),
        ("p = NS", ">0.05"),
        ("not significant", ">0.05"),
        ("\u22640.05", "<=0.05"),
        ("> 0.99", ">0.99"),
        ("1", 1),
        ("<0,001", "<0.001"),
        ("2e-5", 2e-5),
        ("2.1 \u00d7 10\u207b\u2075", 2.1e-5),
        ("p-value: 0.03".replace(":", " ="), 0.03),
        (0.03, 0.03),
        ("<.0001", "<0.0001"),
    ],
)
def test_a_p_is_read_as_papers_print_it(typed: Any, p: Any) -> None:
    assert finding("p", typed) == {"p": p}


@pytest.mark.parametrize("typed", ["0.000", ".000", "0,000", 0.0, 0, "0", "p = 0"])
def test_a_p_of_nothing_but_noughts_is_a_bound_that_must_be_written(typed: Any) -> None:
    with pytest.raises(Ambiguous, match=r"<0\.001"):
        finding("p", typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("12/78 (15.4%)", {"cases": 12, "total": 78, "pct": 15.4}),
        ("12/78", {"cases": 12, "total": 78}),
        ("12 of 78 (15.4)", {"cases": 12, "total": 78, "pct": 15.4}),
        ("12 (15.4%)", {"cases": 12, "pct": 15.4}),
        ("15.4%", {"pct": 15.4}),
        ("15,4 %", {"pct": 15.4}),
        ("12", {"cases": 12}),
        (12, {"cases": 12}),
        (12.0, {"cases": 12}),
        (f"12{NBSP}/{NBSP}78 (15\u00b74%)", {"cases": 12, "total": 78, "pct": 15.4}),
        ("n = 12", {"cases": 12}),
        ("1,012/2,078", {"cases": 1012, "total": 2078}),
    ],
)
def test_cases_of_a_total_are_read(typed: Any, says: dict[str, Any]) -> None:
    assert said("prevalence", "cases", typed) == says


def test_the_cells_of_a_two_by_two_table_are_read() -> None:
    assert finding("exposed_cases", "12/78 (15.4%)") == {"counts.exposed_cases": 12, "counts.exposed_total": 78}
    with pytest.raises(Unread, match=r"12/78 is 15\.4%"):
        finding("exposed_cases", "12/78 (45.1%)")


def test_cases_with_a_bare_bracket_may_be_many_things() -> None:
    with pytest.raises(Unread):
        said("prevalence", "cases", "12 (15.4)")


@pytest.mark.parametrize("typed", ["62 \u00b1 11", "62\u00b111", "62 +/- 11", "62 (SD 11)", "62 (\u00b111)", f"62{NBSP}\u00b1{NBSP}11"])
def test_a_mean_is_read_with_its_sd(typed: str) -> None:
    assert finding("group_1_mean", typed) == {"groups.0.mean": 62, "groups.0.sd": 11}
    assert said("studies", "age", typed) == {"age.mean": 62, "age.sd": 11}


def test_a_figure_in_brackets_is_an_sd_only_where_the_column_says_so() -> None:
    with pytest.raises(Ambiguous, match=r"SD 11 or mean 62, standard error 11"):
        finding("group_1_mean", "62 (11)")
    match = known("findings")[normal("Group 1 mean (SD)")]
    cell = Cell("62 (11)", 2, 1, "a.xlsx", "s")
    assert read(cell, Asked(match)) == [(("groups", 0, "mean"), 62), (("groups", 0, "sd"), 11)]


@pytest.mark.parametrize("typed", ["4.2 [1.8, 9.9]", f"4.2 (1.8{EN}9.9)", "4,2 (1,8-9,9)", "4.2 (IQR 1.8 to 9.9)"])
def test_a_median_is_read_with_its_quartiles(typed: str) -> None:
    assert finding("group_2_median", typed) == {"groups.1.median": 4.2, "groups.1.iqr": [1.8, 9.9]}


@pytest.mark.parametrize("typed", ["62", 62, "62 [50, 71]", "62 (50-71)"])
def test_an_age_that_may_be_mean_or_median_is_not_guessed(typed: Any) -> None:
    with pytest.raises(Ambiguous, match="median 62"):
        said("studies", "age", typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("yes", True),
        ("Y", True),
        ("x", True),
        ("X", True),
        ("1", True),
        (1, True),
        (True, True),
        ("TRUE", True),
        ("\u2713", True),
        ("no", False),
        ("N", False),
        ("0", False),
        (0, False),
        (False, False),
        ("crude", False),
        ("Multivariable", True),
    ],
)
def test_yes_and_no_are_read_as_people_tick_them(typed: Any, meant: bool) -> None:
    assert finding("adjusted", typed) == {"adjusted": meant}


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(Unread, match="yes or no"):
        finding("adjusted", "for age and sex")


@pytest.mark.parametrize(
    "typed", ["", "  ", NBSP, "NR", "n.r.", "-", EN, EM, MINUS, "N/A", "na", "n.a.", "not reported", "Not  stated", "n/r", "."]
)
def test_the_marks_of_what_is_not_reported_say_nothing(typed: str) -> None:
    assert Cell(typed, 1, 1, "a.csv").blank


# --- what stands beside a figure ---


def test_a_figure_after_an_interval_is_a_p_only_where_it_says_so() -> None:
    for typed in ("1.85 (1.10-3.11) 0", "1.85 (1.10-3.11) 0.03", "1.85 (1.10-3.11)1"):
        with pytest.raises(Unread, match="an estimate") as raised:
            finding("value", typed)
        assert "Write p before" in str(raised.value.help)
    for typed in ("1.85 (1.10-3.11) p=0.03", "1.85 (1.10-3.11), P value 0.03", "1.85 (1.10-3.11) p0.03"):
        assert finding("value", typed)["p"] == 0.03
    assert finding("value", "1.85 (1.10-3.11) NS")["p"] == ">0.05"


@pytest.mark.parametrize(("low", "high"), [("-0.60", "-0.10"), ("-8", "-2"), (f"{MINUS}0,6", f"{MINUS}0,1"), ("-0.5", "-0.9")])
def test_two_negative_figures_that_a_space_parts_are_not_guessed(low: str, high: str) -> None:
    for key, typed in (("ci", f"[{low} {high}]"), ("value", f"-3 [{low} {high}]"), ("value", f"-3, 95% CI {low} {high}")):
        with pytest.raises(Ambiguous) as raised:
            finding(key, typed)
        as_floats = [[float(end) for end in reading.replace(")", "").split("(")[-1].split(" to ")] for reading in raised.value.readings]
        first, second = (float(end.replace(MINUS, "-").replace(",", ".")) for end in (low, high))
        assert as_floats == [[first, second], [first, -second]]


def test_a_hyphen_with_a_space_before_it_parts_figures_that_are_not_negative() -> None:
    assert finding("ci", "[1.10 -3.11]") == {"ci": [1.1, 3.11]}
    assert finding("ci", "-0.60 - 0.10") == {"ci": [-0.6, 0.1]}


@pytest.mark.parametrize("words", ["99% CI", "90% CI", "99 % CI:", "97.5% CI", "IQR", "quartiles"])
def test_only_a_95_percent_interval_is_one(words: str) -> None:
    with pytest.raises(Unread, match="95% interval"):
        finding("value", f"1.85 ({words} 1.10-3.11)")
    with pytest.raises(Unread):
        finding("ci", f"{words} 1.10-3.11")
    if "CI" in words:
        with pytest.raises(Unread, match="95% interval"):
            finding("value", f"1.85, {words} 1.10-3.11")


def test_a_95_percent_interval_is_not_quartiles() -> None:
    for typed in ("71 (95% CI 60-80)", "71, 95% CI 60-80", "71 [CI 60, 80]"):
        with pytest.raises(Unread, match="quartiles, not"):
            said("studies", "age_median", typed)
    with pytest.raises(Unread):
        said("studies", "age_iqr", "95% CI 60-80")
    assert said("studies", "age_iqr", "IQR 60-80") == {"age.iqr": [60, 80]}


# --- which comma, which point ---


def value(text: str, habit: Habit = Habit()) -> Any:
    found = settled(text, estimate, habit)
    return found and found[0]


def test_a_comma_before_three_digits_has_two_readings_and_both_are_named() -> None:
    with pytest.raises(Ambiguous) as raised:
        value("1,234")
    assert raised.value.readings == ["1234", "1.234"]
    with pytest.raises(Ambiguous, match=r"1234 \(1100 to 1400\) or 1\.234 \(1\.1 to 1\.4\)"):
        settled("1,234 (1,100-1,400)", estimate, Habit())


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("1,85", 1.85),
        ("0,234", 0.234),
        ("1,2345", 1.2345),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("12,34,567", None),
        ("1,234,567", 1234567),
        ("1'234", 1234),
        ("1\u00a0234", 1234),
        ("1.234", 1.234),
    ],
)
def test_a_figure_that_fits_one_convention_needs_no_more(text: str, figure: float | None) -> None:
    assert value(text) == figure


def test_other_cells_settle_a_comma_only_where_they_agree() -> None:
    assert value("1,234", proven("comma")) == 1.234
    for habit in (proven(), proven("point"), proven("point", "comma")):
        with pytest.raises(Ambiguous):
            value("1,234", habit)


def test_a_point_before_three_digits_is_doubtful_only_in_a_table_of_decimal_commas() -> None:
    assert value("1.234", proven("point")) == value("1.234") == 1.234
    with pytest.raises(Ambiguous):
        value("1.234", proven("comma"))


def test_what_the_user_declares_settles_both() -> None:
    assert value("1,234", Habit("comma")) == 1.234
    assert value("1.234", Habit("comma")) == 1234
    assert value("1,234", Habit("point")) == 1234


def test_the_other_figures_of_a_cell_settle_its_comma() -> None:
    assert settled("1,234 (1,1-1,4)", estimate, Habit()) == (1.234, (1.1, 1.4), None)


def test_a_count_has_no_decimals_so_that_its_comma_is_plain() -> None:
    assert finding("exposed_total", "1,234") == {"counts.exposed_total": 1234}
    with pytest.raises(Ambiguous):
        finding("exposed_total", "1.234")


def test_an_interval_that_begins_with_95_is_no_level() -> None:
    assert settled("96 (95.1-98)", estimate, Habit()) == (96, (95.1, 98), None)
    assert settled("96 (95-98)", estimate, Habit()) == (96, (95, 98), None)


def test_a_bare_comma_does_not_part_two_figures() -> None:
    assert settled("1,8", pair, Habit()) is None
    assert settled("1, 8", pair, Habit()) == (1, 8)


@given(st.floats(-1e6, 1e6).map(lambda figure: round(figure, 4)), st.floats(0, 1e5), st.floats(0, 1e5))
def test_every_estimate_that_is_written_plainly_is_read_back(figure: float, below: float, above: float) -> None:
    low, high = round(figure - below, 4), round(figure + above, 4)
    text = f"{figure!r} ({low!r} to {high!r})"
    assert settled(text, estimate, proven("point")) == (figure, (low, high), None)


@given(st.text(max_size=30) | st.text("0123456789.,-()[] %/\u00b1<>e;to\u00b7\u2013", max_size=20))
def test_any_text_is_read_or_refused_in_every_column(text: str) -> None:
    cell = Cell(text, 2, 1, "a.csv")
    for table in ROW_SETS:
        for column in by_key(table).values():
            if not cell.blank:
                with contextlib.suppress(Unread):
                    assert isinstance(read(cell, Asked(Match(column))), list)


# --- percentages ---


def test_a_percentage_is_read_with_and_without_its_sign() -> None:
    assert said("prevalence", "pct", "15.4%") == said("prevalence", "pct", 15.4) == said("prevalence", "pct", "15,4") == {"pct": 15.4}


def test_what_excel_shows_as_a_percentage_is_one() -> None:
    assert said("prevalence", "pct", 0.154, format="0.0%") == {"pct": 15.4}
    assert said("prevalence", "pct", 0.07, format="0%") == {"pct": 7}
    assert said("prevalence", "pct", 1, format="0%") == {"pct": 100}


@pytest.mark.parametrize("format", ['0.0"%"', "0.0\\%", "0.0_%\\%"])
def test_a_sign_that_a_format_only_prints_makes_no_hundredfold(format: str) -> None:
    assert said("prevalence", "pct", 0.4, format=format) == {"pct": 0.4}
    assert said("studies", "male_pct", 15.4, format=format) == {"male_pct": 15.4}
    with pytest.raises(Ambiguous, match=r"15\.4 or 15\.4%"):
        finding("value", 15.4, format=format)
    with pytest.raises(Ambiguous, match=r"0\.4 or 0\.004"):
        finding("p", 0.4, format=format)


def test_nought_percent_is_a_percentage() -> None:
    assert said("prevalence", "cases", "0%") == {"pct": 0}


def named(table: str, name: str, value: Any, format: str = "General") -> Any:
    return read(Cell(value, 2, 1, "a.xlsx", "s", format), Asked(known(table)[normal(name)]))


@pytest.mark.parametrize("typed", [23, "23", 23.0])
@pytest.mark.parametrize(
    ("table", "name"),
    [("prevalence", "Prevalence"), ("prevalence", "n (%)"), ("studies", "Male"), ("flat", "Men"), ("studies", "Male, n (%)")],
)
def test_a_bare_figure_under_a_name_for_both_may_be_people_or_a_percentage(table: str, name: str, typed: Any) -> None:
    with pytest.raises(Ambiguous, match="23 people or 23%"):
        named(table, name, typed)


def test_what_says_which_it_is_is_read_under_a_name_for_both() -> None:
    assert named("prevalence", "Prevalence", "23%") == [(("pct",), 23)]
    assert named("prevalence", "n (%)", "12 (15.4%)") == [(("cases",), 12), (("pct",), 15.4)]
    assert named("prevalence", "n (%)", "n = 12") == named("prevalence", "cases", 12) == [(("cases",), 12)]
    for typed in ("54%", "42 (54%)"):
        assert named("studies", "Male", typed) == [(("male_pct",), 54)]
    assert named("studies", "Male", 0.54, "0%") == named("studies", "% male", 54) == [(("male_pct",), 54)]
    assert named("studies", "Male", 53.8) == named("studies", "Male", "53.8") == [(("male_pct",), 53.8)]


@pytest.mark.parametrize(
    ("typed", "months"),
    [
        (12, 12), ("12", 12), ("12 months", 12), ("1 month", 1), (1.5, 1.5), ("1.5", 1.5), ("0", 0), ("3 to 24", [3, 24]),
        (f"3{EN}24", [3, 24]), ("3-24 months", [3, 24]), ("0.5 to 3", [0.5, 3]),
    ],
)  # fmt: skip
def test_a_follow_up_is_read_in_months(typed: Any, months: Any) -> None:
    assert finding("follow_up_months", typed) == {"follow_up_months": months}


@pytest.mark.parametrize("typed", ["90 days", "2 years", "3 months to 2 years", "at discharge", "12 (6)"])
def test_a_follow_up_in_anything_but_months_is_refused(typed: str) -> None:
    with pytest.raises(Unread) as refused:
        finding("follow_up_months", typed)
    assert refused.value.expected == "months, such as 12 or 3 to 24"
    assert "3 for 90 days" in str(refused.value.help)


def test_a_follow_up_that_excel_made_a_date_is_told_as_one() -> None:
    with pytest.raises(Unread, match="months") as refused:
        finding("follow_up_months", datetime.date(2024, 3, 1))
    assert "perhaps 3/1" in str(refused.value.found)


@pytest.mark.parametrize("typed", [0.154, "0.154", 1, "1", "0,5"])
def test_a_bare_figure_up_to_one_may_be_a_fraction(typed: Any) -> None:
    with pytest.raises(Ambiguous, match=r"%"):
        said("prevalence", "pct", typed)


def test_a_figure_that_is_formatted_as_a_percentage_has_two_readings_where_none_is_wanted() -> None:
    for key in ("value", "p", "ci_low"):
        with pytest.raises(Ambiguous, match=r"0\.15|0\.2"):
            finding(key, 0.15, format="0%")


# --- Excel ---


def test_a_date_where_none_is_wanted_names_what_may_have_been_typed() -> None:
    for key in ("exposed_cases", "ci", "contrast", "value", "group_1_median", "exposure", "study"):
        with pytest.raises(Unread) as raised:
            finding(key, datetime.datetime(2024, 3, 12), format="d-mmm")  # noqa: DTZ001
        assert raised.value.found is not None
        assert "3/12" in raised.value.found
        assert "12-3" in raised.value.found
        assert raised.value.help is not None


@pytest.mark.parametrize("typed", ["12-Mar", "Mar-12", "03-Dec", "2024-03-12", "12/03/2024", "12-Mar-24"])
def test_a_date_that_excel_saved_as_text_is_known_for_one(typed: str) -> None:
    for key in ("exposed_cases", "ci"):
        with pytest.raises(Unread) as raised:
            finding(key, typed, sheet=None)
        assert raised.value.found is not None
        assert "a date" in raised.value.found


def test_a_date_where_one_is_wanted_is_read_as_it_is_shown() -> None:
    moment = datetime.datetime(2009, 3, 1)  # noqa: DTZ001
    assert said("studies", "recruited_from", moment, format="mmm\\-yy") == {"recruited.0": "2009-03"}
    assert said("studies", "search_until", moment, format="yyyy\\-mm\\-dd") == {"search_until": "2009-03-01"}
    with pytest.raises(Unread, match="date such as"):
        said("studies", "search_until", moment, format="d\\-mmm")


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("2022-06", "2022-06"),
        (2022, "2022"),
        ("June 2022", "2022-06"),
        ("06/2022", "2022-06"),
        ("13/06/2022", "2022-06-13"),
        ("3 Jun 2022", "2022-06-03"),
    ],
)
def test_dates_are_read_as_people_type_them(typed: Any, date: str) -> None:
    assert said("studies", "search_until", typed) == {"search_until": date}


def test_a_date_that_begins_with_day_or_month_is_not_guessed() -> None:
    with pytest.raises(Ambiguous, match=r"2022-05-06 or 2022-06-05"):
        said("studies", "search_until", "05/06/2022")


def test_a_period_of_recruitment_is_read_from_one_cell() -> None:
    for typed in ("2009-03 to 2011-05", f"Mar 2009 {EN} May 2011"):
        assert said("studies", "recruited_from", typed) == {"recruited.0": "2009-03", "recruited.1": "2011-05"}


def test_numbers_stored_as_text_and_texts_stored_as_numbers_are_what_they_look_like() -> None:
    assert finding("value", "1.85", format="@") == finding("value", 1.85) == {"value": 1.85}
    assert said("studies", "pmid", 0) == said("studies", "pmid", "0") == {}
    assert said("studies", "pmid", 22367992) == said("studies", "pmid", "PMID: 22367992") == {"pmid": "22367992"}
    assert said("studies", "year", "2012") == said("studies", "year", 2012.0) == {"year": 2012}
    with pytest.raises(Unread, match="digits"):
        said("studies", "pmid", "2.24E+07")


def test_a_whole_figure_keeps_the_decimal_that_excel_shows() -> None:
    assert repr(finding("value", 2, format="0.0")["value"]) == "2.0"
    assert repr(finding("value", 2)["value"]) == "2"


@pytest.mark.parametrize("error", ["#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A"])
def test_an_error_of_a_formula_is_no_value(error: str) -> None:
    with pytest.raises(Unread):
        finding("value", error)


@pytest.mark.parametrize("typed", [float("inf"), float("-inf"), float("nan"), 1e300, 10**400])
def test_a_number_larger_than_any_figure_is_refused_in_every_column(typed: Any) -> None:
    for table in ROW_SETS:
        for column in by_key(table).values():
            with pytest.raises(Unread):
                said(table, column.key, typed)
    for count in (10**12, str(10**12), 1e12):
        with pytest.raises(Unread, match="whole number"):
            said("studies", "n", count)


def test_a_count_that_pandas_saved_with_a_decimal_is_one() -> None:
    for typed in ("78.0", "78,0", "78.00"):
        assert said("studies", "n", typed, sheet=None) == {"n": 78}
    with pytest.raises(Unread):
        said("studies", "n", "78.5")


# --- words ---


def test_choices_are_read_in_any_case_and_spelling() -> None:
    assert said("studies", "design", "Prospective Cohort") == {"design": "prospective-cohort"}
    assert said("studies", "design", "Randomized controlled trial") == {"design": "rct"}
    assert finding("direction", "Increased risk") == finding("direction", "\u2191") == {"direction": "increases"}
    assert finding("measure", "aOR") == {"measure": "OR", "adjusted": True}
    assert said("populations", "condition", "Cerebral amyloid angiopathy") == {"condition": "caa"}
    with pytest.raises(Unread) as raised:
        finding("direction", "increses")
    assert "increases" in str(raised.value.help)
    with pytest.raises(Ambiguous):
        finding("direction", "+")


@pytest.mark.parametrize(
    ("typed", "identifier"),
    [
        ("Menon 2012", "menon-2012"),
        ("Menon et al., 2012", "menon-2012"),
        ("Gr\u00e9goire 2011", "gregoire-2011"),
        ("menon-2012", "menon-2012"),
        ("\u0418\u0432\u0430\u043d\u043e\u0432", "\u0418\u0432\u0430\u043d\u043e\u0432"),
    ],
)
def test_a_study_is_named_as_tables_name_it(typed: str, identifier: str) -> None:
    assert slug(typed) == identifier


def test_lists_part_at_semicolons_and_lines_but_not_inside_quotes() -> None:
    assert said("studies", "authors", "Menon RS; Burgess RE;") == {"authors": ["Menon RS", "Burgess RE"]}
    assert said("studies", "sources", 'a;"b;c"\nd') == {"sources": ["a", "b;c", "d"]}
    for typed in ("a > r-dwi", "a \u2192 r-dwi", "a; r-dwi", "a -> r-dwi"):
        assert said("mechanisms", "links", typed) == {"links": ["a", "r-dwi"]}


def test_a_step_is_read_with_its_unit() -> None:
    assert finding("per", "per 10 mmHg") == finding("per", "10 mmHg") == {"per": {"step": 10, "unit": "mmHg"}}
    assert finding("per", "per mmHg") == {"per": {"step": 1, "unit": "mmHg"}}
    with pytest.raises(Unread):
        finding("per", 10)
