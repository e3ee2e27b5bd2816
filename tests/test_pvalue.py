"""A printed p value is a number from 0 to 1, or a bound of it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.pvalue import P, parse_p


@pytest.mark.parametrize(
    ("printed", "value", "bound"),
    [
        (0.03, 0.03, "="),
        (0, 0.0, "="),
        (1, 1.0, "="),
        ("<0.001", 0.001, "<"),
        ("< .05", 0.05, "<"),
        (" <0.05 ", 0.05, "<"),
        ("<=0.001", 0.001, "<"),
        ("\u22640.05", 0.05, "<"),
        (">0.05", 0.05, ">"),
        (">=0.111", 0.111, ">"),
        ("\u2265 0.2", 0.2, ">"),
        ("<1e-5", 1e-5, "<"),
        ("<2.5E-16", 2.5e-16, "<"),
        ("<1.0", 1.0, "<"),
    ],
)
def test_a_printed_p_is_read_as(printed: Any, value: float, bound: str) -> None:
    assert parse_p(printed) == P(value, bound)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "printed",
    ["", "0.03", "NS", "n.s.", "p<0.05", "<", "<0,05", "=0.05", "<0.05*", "<-0.1", "<5", ">1.5", "<<0.05", "<0.05 to 0.1", "<nan", "<0x1"],
)
def test_a_text_that_is_no_bound_is_refused(printed: str) -> None:
    with pytest.raises(ValueError, match=r"bound|between 0 and 1"):
        parse_p(printed)


@pytest.mark.parametrize("printed", [-0.01, 1.01, 5, math.nan, math.inf, -math.inf])
def test_a_number_outside_0_to_1_is_refused(printed: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        parse_p(printed)


@pytest.mark.parametrize(
    ("printed", "significant"),
    [
        (0.049, True),
        (0.05, False),
        (0.051, False),
        ("<0.05", True),
        ("<0.001", True),
        ("<0.1", None),
        (">0.05", False),
        (">0.2", False),
        (">0.01", None),
    ],
)
def test_whether_a_p_is_significant_or_left_open(printed: Any, significant: bool | None) -> None:
    assert parse_p(printed).significant is significant


@settings(derandomize=True)
@given(st.floats(0, 1), st.sampled_from(["", " "]))
def test_a_bound_is_read_as_the_number_that_it_names(value: float, space: str) -> None:
    text = f"{value:.6f}"
    assert parse_p(f"<{space}{text}" if float(text) > 0 else "<0.5").value == (float(text) or 0.5)


@settings(derandomize=True)
@given(st.text(max_size=12))
def test_any_text_is_a_bound_or_a_value_error(text: str) -> None:
    try:
        p = parse_p(text)
    except ValueError:
        return
    assert 0 <= p.value <= 1
    assert p.bound in "<>"
