"""Figures of a row that can't be true together are an error; figures that sit oddly together are a warning."""

from __future__ import annotations

from typing import Any

import pytest

from schema.effectcheck import contradiction, oddities
from schema.study import Finding

ROW: dict[str, Any] = {"exposure": "age", "outcome": "r-dwi", "population": "p", "measure": "OR", "direction": "increases"}
TABLE: dict[str, Any] = {"exposed_cases": 20, "exposed_total": 50, "unexposed_cases": 10, "unexposed_total": 50}  # OR 2.67


def row(**keys: Any) -> Finding:
    return Finding.model_validate({**ROW, **keys})


FIGURES: list[tuple[dict[str, Any], int]] = [
    ({"value": 2.0, "ci": [1.2, 3.4]}, 1),
    ({"value": 0.5, "ci": [0.3, 0.8]}, -1),
    ({"value": 1.5, "ci": [0.9, 2.4]}, 0),
    ({"value": 1.5, "ci": [1.0, 2.4]}, 0),
    ({"value": 1.05, "ci": [1.01, 1.1]}, 1),
    ({"value": 0.5, "ci": [0.3, 0.8], "p": 0.9}, -1),
    ({"value": 2.0, "p": 0.01}, 1),
    ({"value": 0.5, "p": "<0.001"}, -1),
    ({"value": 2.0, "p": 0.2}, 0),
    ({"value": 2.0, "p": "<0.1"}, 0),
    ({"value": 2.0, "p": ">0.05"}, 0),
    ({"value": 1.0, "p": 0.01}, 0),
    ({"value": 2.0}, 0),
    ({"value": 2.0, "se": 0.3}, 1),
    ({"value": 0.5, "se": 0.3}, -1),
    ({"value": 2.0, "se": 0.4}, 0),
    ({"value": 2.0, "se": 0.3, "ci": [0.9, 4.4]}, 0),
    ({"measure": "mean-difference", "value": -3.1, "se": 1.0}, -1),
    ({"ci": [1.2, 3.4], "p": 0.01}, 0),
    ({"measure": "p-only", "p": 0.01}, 0),
    ({"measure": "mean-difference", "value": 3.1, "ci": [1.2, 5.0]}, 1),
    ({"measure": "mean-difference", "value": -3.1, "ci": [-5.0, -1.2]}, -1),
    ({"measure": "beta", "value": 0.5, "ci": [0.3, 0.8]}, 1),
    ({"measure": "correlation", "value": -0.4, "p": 0.001}, -1),
    ({"measure": "correlation", "value": 0.0, "p": 0.001}, 0),
]


@pytest.mark.parametrize("turned", [{}, {"reversed": True}], ids=["as-named", "reversed"])
@pytest.mark.parametrize("scale", [{}, {"outcome_scale": "lower-is-worse"}], ids=["plain", "lower-is-worse"])
@pytest.mark.parametrize("direction", ["increases", "decreases", "no-association", "unclear"])
@pytest.mark.parametrize(("figures", "sign"), FIGURES)
def test_a_significant_value_contradicts_the_direction_of_the_other_sign_only(
    figures: dict[str, Any], sign: int, direction: str, scale: dict[str, Any], turned: dict[str, Any]
) -> None:
    """`reversed` turns value and direction together, so it changes nothing; `outcome_scale` turns the value alone."""
    expected = sign * (-1 if scale else 1) == {"increases": -1, "decreases": 1}.get(direction)
    remark = contradiction(row(**figures, **scale, **turned, direction=direction))
    assert (remark is not None) is expected
    if remark is not None:
        assert direction in remark[0]
        assert str(figures["value"]) in remark[0]
        assert "reversed" in remark[1]


@pytest.mark.parametrize(
    ("keys", "population_n", "words"),
    [
        ({"value": 2.0, "ci": [0.8, 5.0], "p": 0.001}, None, "p = 0.001"),
        ({"value": 2.0, "ci": [1.5, 2.7], "p": 0.6}, None, "implies p = "),
        ({"value": 1.85, "ci": [1.1, 3.11], "se": 0.49}, None, "se 0.49 beside a ci that implies 0.27 of the logarithm"),
        ({"value": 3.1, "ci": [1.2, 5.0], "se": 0.5, "measure": "mean-difference"}, None, "se 0.5 beside a ci that implies 0.97"),
        ({"counts": TABLE}, 99, "counts of 100 patients"),
        ({"counts": TABLE, "value": 1.5, "adjusted": False}, None, "counts that make 2.67"),
        ({"counts": TABLE, "reversed": True}, None, "`reversed`"),
        ({"groups": [{"name": "a"}, {"name": "b"}], "reversed": True}, None, "`reversed`"),
        ({"per": {"step": 10, "unit": "mmHg"}, "contrast_type": "binary"}, None, "contrast_type binary"),
        ({"value": 0.74, "ci": [0.4, 1.3]}, None, "increases with OR 0.74 [0.4, 1.3]"),
        ({"value": 0.74}, None, "increases with OR 0.74"),
        ({"value": 1.4, "ci": [0.8, 2.4], "outcome_scale": "lower-is-worse"}, None, "increases with OR 1.4"),
        ({"value": -0.4, "measure": "mean-difference"}, None, "increases with mean-difference -0.4"),
    ],
)
def test_figures_that_do_not_go_together_are_told_once(keys: dict[str, Any], population_n: int | None, words: str) -> None:
    ((found, expected),) = oddities(row(**keys), population_n)
    assert words in found
    assert expected


@pytest.mark.parametrize(
    ("keys", "population_n"),
    [
        ({}, 10),
        ({"value": 2.0, "ci": [1.2, 3.3], "p": 0.008}, None),
        ({"value": 2.0, "ci": [1.0, 4.0], "p": 0.049}, None),
        ({"value": 2.0, "ci": [1.01, 4.0], "p": 0.06}, None),
        ({"value": 2.0, "ci": [0.8, 5.0], "p": "<0.001"}, None),
        ({"value": 2.0, "ci": [0, 5.0], "p": 0.001}, None),
        ({"value": 2.0, "ci": [2.0, 2.0], "p": 0.6}, None),
        ({"value": 2.0, "ci": [0.8, 5.0], "p": 0.001, "role": "modifier"}, None),
        ({"value": 2.0, "ci": [0.8, 5.0], "p": 0.001, "measure": "beta"}, None),
        ({"counts": TABLE}, 100),
        ({"counts": TABLE}, None),
        ({"counts": TABLE, "pooled": True}, 50),
        ({"counts": TABLE, "role": "descriptive"}, 50),
        ({"counts": TABLE, "value": 2.67, "adjusted": False}, None),
        ({"counts": TABLE, "value": 1.5, "adjusted": True}, None),
        ({"counts": TABLE, "value": 1.5}, None),
        ({"counts": TABLE, "value": 1.5, "adjusted": False, "measure": "RR"}, None),
        ({"counts": {**TABLE, "exposed_cases": 0}, "value": 1.5, "adjusted": False}, None),
        ({"reversed": True, "value": 2.0}, None),
        ({"per": {"step": 10, "unit": "mmHg"}, "contrast_type": "per-unit"}, None),
        ({"per": {"step": 10, "unit": "mmHg"}}, None),
        ({"value": 1.0, "ci": [0.6, 1.7]}, None),
        ({"value": 0.74, "ci": [0.4, 1.3], "direction": "no-association"}, None),
        ({"value": 0.74, "ci": [0.4, 1.3], "direction": "decreases"}, None),
        # an error, and told as that alone
        ({"value": 0.5, "ci": [0.3, 0.8]}, None),
    ],
)
def test_figures_that_go_together_or_cannot_be_compared_are_not_odd(keys: dict[str, Any], population_n: int | None) -> None:
    assert list(oddities(row(**keys), population_n)) == []


def test_all_that_is_odd_of_one_row_is_told() -> None:
    odd = row(
        value=1.5, ci=[0.8, 2.8], p=0.001, counts=TABLE, adjusted=False, reversed=True, per={"step": 1, "unit": "y"}, contrast_type="shift"
    )
    assert len(list(oddities(odd, 10))) == 5


@pytest.mark.parametrize("value", [1e-15, 1, 1e15])
@pytest.mark.parametrize("ci", [[1e-15, 1e15], [0, 1e15]])
@pytest.mark.parametrize("p", [0, 1, 1e-300, "<0.001"])
def test_figures_at_the_edge_of_what_a_sheet_takes_are_judged_without_an_error(value: float, ci: list[float], p: Any) -> None:
    judged = row(value=value, ci=ci, p=p)
    assert contradiction(judged) is None
    assert all(found and expected for found, expected in oddities(judged, 1))
