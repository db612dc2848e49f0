from dataclasses import replace

import numpy as np
import pytest

from genint.genome.region import Region
from genint.interpretation.attribution.attribution import Attribution
from genint.tracks.table import read_tracks
from tests.conftest import EXAMPLE

TRACKS = read_tracks(EXAMPLE / "tracks.tsv").subset([0])


def make_attribution(sequence: str, *, start: int = 100, seed: int = 0, strong: slice | None = None) -> Attribution:
    """Random effects; of 20 times the size in `strong`."""
    tokens = np.array(["ACGTN".index(letter) for letter in sequence], np.uint8)
    effects = np.random.default_rng(seed).normal(size=(len(tokens), 4))
    if strong:
        effects[strong] = -20 * np.abs(effects[strong])
    effects *= np.arange(4) != tokens[:, None]
    effects[tokens == 4] = 0
    end = start + len(tokens)
    return Attribution(
        name="promoter",
        region=Region("chr1", start, end),
        target=Region("chr1", start // 128 * 128, -(-end // 128) * 128),
        tracks=TRACKS,
        method="mutagenesis",
        tokens=tokens,
        score=2.0,
        effects=effects,
        exact=np.broadcast_to((tokens < 4)[:, None], effects.shape),
    )


def test_a_base_contributes_minus_the_mean_change_that_writing_any_makes() -> None:
    attribution = make_attribution("GATTACAN")
    expected = [-row.mean() for row in attribution.effects]
    np.testing.assert_allclose(attribution.contributions, expected, rtol=1e-6)
    assert attribution.contributions[-1] == 0


def test_nothing_is_contributed_as_0_not_as_minus_0() -> None:
    quiet = replace(make_attribution("GAN"), effects=np.zeros((3, 4)))
    assert not np.signbit(quiet.contributions).any()


def test_hypothetical_scores_at_the_bases_that_are_there_are_the_contributions() -> None:
    attribution = make_attribution("GATTACA")
    there = attribution.hypothetical[np.arange(7), attribution.tokens]
    np.testing.assert_allclose(there, attribution.contributions, rtol=1e-6)
    np.testing.assert_allclose(attribution.hypothetical.sum(1), 0, atol=1e-6)


def test_the_table_has_a_row_per_base() -> None:
    attribution = make_attribution("GATN")
    table = attribution.to_pandas()
    assert list(table.base) == ["G", "A", "T", "N"]
    assert list(table.start) == [100, 101, 102, 103]
    assert list(table.exact) == [3, 3, 3, 0]
    assert table.to_G[0] == table.to_A[1] == 0
    assert table.to_C[1] == pytest.approx(attribution.effects[1, 1])
    assert repr(attribution) == "Attribution(chr1:101-104, mutagenesis, signal of 1 track(s) over chr1:1-128)"


def test_an_attribution_draws_itself() -> None:
    assert len(make_attribution("GATTACA" * 20).plot().axes) == 2
