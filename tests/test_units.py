"""Units and cut-offs have one form each, so that how a paper writes them can't matter to what is pooled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.cutoffs import normal_cutoff
from schema.units import _FORMS, per_unit


@pytest.mark.parametrize(
    ("step", "unit", "form"),
    [
        (1, "decade", (10, "years")),
        (1, "decades", (10, "years")),
        (10, "years", (10, "years")),
        (5, "year", (5, "years")),
        (1, "10 years", (10, "years")),
        (1, "10-year", (10, "years")),
        (2, "5 years", (10, "years")),
        (1, "Year of age", (1, "years")),
        (10, "mmHg", (10, "mmHg")),
        (1, "10 mmHg", (10, "mmHg")),
        (1, "10 mm Hg", (10, "mmHg")),
        (1, "20-mmHg", (20, "mmHg")),
        (10, "ml", (10, "mL")),
        (10, "cm3", (10, "mL")),
        (1, "g/dL", (10, "g/L")),
        (1, "mg/dL", (10, "mg/L")),
        (2, "weeks", (14, "days")),
        (1, "standard deviation", (1, "SD")),
        (1, "SDs", (1, "SD")),
        (1, "point", (1, "points")),
        (5, "percent", (5, "%")),
        (0.5, "mmol/L", (0.5, "mmol/L")),
        (1, "0.1 mmol/L", (0.1, "mmol/L")),
        (1, "  kg/m2 ", (1, "kg/m2")),
    ],
)
def test_a_unit_has_one_form_however_it_is_written(step: float, unit: str, form: tuple[float, str]) -> None:
    many, of = per_unit(step, unit)
    assert (pytest.approx(many), of) == form


def test_a_power_of_ten_is_a_unit_and_no_step() -> None:
    assert per_unit(1, "10^9/L") == (1, "10^9/L")
    assert per_unit(2, "10^-6 mm2/s") == (2, "10^-6 mm2/s")


def test_what_differs_is_not_one_unit() -> None:
    forms = {per_unit(1, unit)[1] for unit in ("years", "months", "days", "h", "mmHg", "mL", "mm", "g/L", "mg/L", "%", "SD", "points")}
    assert len(forms) == 12


@given(st.floats(0.01, 100), st.sampled_from(sorted(_FORMS)))
def test_steps_multiply_and_a_form_is_its_own_form(step: float, unit: str) -> None:
    one, form = per_unit(1, unit)
    assert per_unit(step, unit) == (pytest.approx(step * one), form)
    assert per_unit(1, f"{step:.2f} {unit}") == (pytest.approx(round(step, 2) * one), form)
    assert per_unit(step, form) == (step, form)


ALIKE = [
    (
        "mRS 4-6", "mRS >= 4", "mRS > 3", "mRS 4\u20136", "mRS 4 to 6", "mRS \u2265 4", "mRS\u22654", "modified Rankin Scale 4-6",
        "modified Rankin Scale score of 4 or more", "mRS of at least 4", "mRS greater than 3", "mRS 4-6 vs 0-3", "MRS 4 or higher",
        "mRS (4-6)", "mRS: 4-6", "mRS = 4-6", "m-RS 4-6.",
    ),
    ("mRS 3-6", "mRS > 2", "mRS \u2265 3", "mRS 3 or more"),
    ("mRS 0-2", "mRS < 3", "mRS \u2264 2", "mRS 2 or less", "mRS at most 2"),
    ("mRS 6", "mRS >= 6", "mRS > 5"),
    ("GCS <= 8", "GCS 3-8", "GCS < 9", "Glasgow Coma Scale score of 8 or less", "GCS below 9"),
    ("total CSVD score 2-4", "CSVD score >= 2", "total SVD score of two or more", "CSVD score > 1"),
    ("10 or more lesions", ">= 10 lesions", "\u226510 lesions", "at least ten lesions"),
    ("> 6 mL", ">6 mL", "more than 6 mL", "over 6.0 mL"),
    ("< 140 mmHg", "<140 mmHg", "below 140 mmHg", "less than 140 mmHg"),
    ("within 24 h", "Within  24 h"),
]  # fmt: skip


@pytest.mark.parametrize("alike", ALIKE, ids=lambda alike: alike[0])
def test_a_cutoff_has_one_form_however_it_is_written(alike: tuple[str, ...]) -> None:
    assert {printed: normal_cutoff(printed) for printed in alike} == dict.fromkeys(alike, normal_cutoff(alike[0]))


def test_cutoffs_that_differ_have_forms_that_differ() -> None:
    unlike = [alike[0] for alike in ALIKE] + ["mRS 5-6", "NIHSS >= 4", "> 12.5 mL", ">= 6 mL", "within 72 h", "6 mL"]
    assert len({normal_cutoff(printed) for printed in unlike}) == len(unlike)


@pytest.mark.parametrize("lowest", range(1, 7))
def test_the_other_side_of_a_scale_is_the_rest_of_it(lowest: int) -> None:
    below, above = f"mRS 0-{lowest - 1}", f"mRS {lowest}-6"
    assert normal_cutoff(below, opposite=True) == normal_cutoff(above)
    assert normal_cutoff(above, opposite=True) == normal_cutoff(below)


def test_what_has_no_other_side_that_is_known_is_like_itself_alone() -> None:
    for printed in ("a good result", "mRS 2-4"):
        assert normal_cutoff(printed, opposite=True) != normal_cutoff(printed)
    assert normal_cutoff("mRS 2-4", opposite=True) not in {normal_cutoff("mRS 0-1"), normal_cutoff("mRS 5-6")}
    assert normal_cutoff("A good result", opposite=True) == normal_cutoff("a good  result", opposite=True)
