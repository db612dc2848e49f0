"""The formulas, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genint.interpretation.variants.scores import FORMULAS, SCORES, score_gene, score_stretch, signed_quantiles

REF = np.array([[1.0, 3.0, 7.0, 0.0]])
ALT = np.array([[1.0, 7.0, 3.0, 9.0]])
SHARE = np.array([0.5, 1.0, 0.25, 0.0])
coverage = arrays(np.float64, (2, 4), elements=st.floats(0, 1e4))


def test_the_numbers_of_a_case_worked_by_hand() -> None:
    scores = dict(zip(SCORES, score_stretch(REF, ALT, SHARE, SHARE, 10, is_indel=False)[0], strict=True))
    assert scores == pytest.approx(
        {"logSUM": 1 - 0.25, "SUM": 10 * (4 - 0.25 * 4), "SAX": 4.0, "D1": 8.0, "D2": np.sqrt(32)}
    )


def test_an_indel_has_sums_alone() -> None:
    alt_share = np.array([0.5, 1.0, 0.0, 0.25])
    scores = score_stretch(REF, ALT, SHARE, alt_share, 10, is_indel=True)[0]
    assert scores[1] == pytest.approx(10 * (0.5 + 7 + 9 / 4 - 0.5 - 3 - 7 / 4))
    assert np.isnan(scores[2:]).all()


def test_a_gene_is_a_ratio_of_sums() -> None:
    assert score_gene(REF, ALT, SHARE, SHARE, 10) == pytest.approx(np.log2(10 * 8.25 + 1) - np.log2(10 * 5.25 + 1))


@given(coverage, coverage)
def test_swapped_alleles_change_signs_and_no_sizes(ref: np.ndarray, alt: np.ndarray) -> None:
    there = score_stretch(ref, alt, SHARE, SHARE, 10, is_indel=False)
    back = score_stretch(alt, ref, SHARE, SHARE, 10, is_indel=False)
    assert there[:, :3] == pytest.approx(-back[:, :3])
    assert there[:, 3:] == pytest.approx(back[:, 3:])
    assert (there[:, 4] <= there[:, 3] * (1 + 1e-9)).all()


def test_every_score_has_its_formula() -> None:
    assert set(FORMULAS) == {*SCORES, "quantile", "logSED"}


@given(arrays(np.float64, (9, 1), elements=st.floats(-5, 5)), st.floats(-9, 9))
def test_a_quantile_is_the_share_of_smaller_ones(background: np.ndarray, score: float) -> None:
    ordered = np.sort(background, axis=0)
    (found,) = signed_quantiles(np.array([[score]]), ordered)[0]
    below, equal = (ordered < score).sum(), (ordered == score).sum()
    assert found == pytest.approx(2 * (below + equal / 2 + 0.5) / 10 - 1)
    assert -1 < found < 1


def test_what_has_no_score_has_no_quantile() -> None:
    assert np.isnan(signed_quantiles(np.array([[np.nan]]), np.zeros((3, 1)))).all()
