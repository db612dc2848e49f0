import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.choices import AttributionMethod
from genint.genome.fasta import Genome
from genint.interpretation.attribution.checks import agreement, check_attributions, rank_correlation, shuffle_weights
from genint.interpretation.attribution.regions import AttributeSettings, explain, prepare
from genint.interpretation.attribution.target import Target
from tests.conftest import EXAMPLE
from tests.interpretation.attribution.toys import make


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=30))
def test_rank_correlation_is_pearson_s_of_mean_ranks(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(each, np.float64) for each in zip(*pairs, strict=True))
    found = rank_correlation(first, second)
    ranks = [pd.Series(each).rank() for each in (first, second)]
    if ranks[0].nunique() == 1 or ranks[1].nunique() == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-9)


def test_agreement_is_of_sizes_and_averages_regions() -> None:
    scores = [np.array([1.0, -2.0, 3.0]), np.array([0.1, 0.2, 0.3])]
    assert agreement(scores, [-each for each in scores]) == pytest.approx(1)
    assert agreement(scores, [scores[0], scores[1][::-1]]) == pytest.approx(0)


@pytest.mark.filterwarnings("error")
def test_regions_whose_scores_are_constant_do_not_count() -> None:
    constant, other = np.zeros(3), np.array([1.0, 2.0, 3.0])
    assert agreement([constant, other], [other, other]) == pytest.approx(1)
    assert np.isnan(agreement([constant], [other]))


def test_shuffled_weights_are_the_same_numbers_elsewhere() -> None:
    module = make("cnn")
    everywhere, head = shuffle_weights(module, head_only=False), shuffle_weights(module, head_only=True)
    for name, weights in module.named_parameters():
        for shuffled, moves in ((everywhere, True), (head, name.startswith("head."))):
            others = dict(shuffled.named_parameters())[name]
            torch.testing.assert_close(others.flatten().sort().values, weights.flatten().sort().values)
            if weights.numel() > 4 and weights.unique().numel() > 1:
                assert torch.equal(others, weights) != moves, name


def test_the_table_has_every_control_and_both_tests(tiny_model: Path) -> None:
    settings: AttributeSettings = {"tracks": "ATAC", "method": "gradient", "threads": 1}
    with Genome(EXAMPLE / "genome.fa") as genome:
        prepared = prepare(genome, ["chr1:5,001-5,100", "chr1:7,001-7,100"], tiny_model, settings)
        table = check_attributions(prepared, list(explain(prepared)))
        everything = prepare(genome, ["chr1:5,001-5,100"], tiny_model, {"method": "gradient"})
        without_others = check_attributions(everything, list(explain(everything)))
    controls = ["all weights shuffled", "head shuffled", "other tracks"]
    assert list(table.check) == controls + 4 * ["deletion"] + 4 * ["insertion"]
    assert table.value[:3].abs().max() <= 1
    assert table.value.notna().all()
    assert "other tracks" not in list(without_others.check)


@pytest.mark.parametrize("method", ["screened", "integrated"])
def test_every_score_is_computed_where_products_are_exact(
    method: AttributionMethod, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for the flags of CUDA, which this machine may not have."""
    inside: list[torch.device] = []
    seen: list[int] = []

    @contextmanager
    def stand_in(device: torch.device) -> Iterator[None]:
        inside.append(device)
        yield
        inside.remove(device)

    def score_tracks(target: Target, tracks: torch.Tensor) -> torch.Tensor:
        seen.append(len(inside))
        return torch.log1p(tracks.double().sum((1, 2)))

    for module in ("regions", "checks"):
        monkeypatch.setattr(f"genint.interpretation.attribution.{module}.exact_products", stand_in)
    monkeypatch.setattr(Target, "score_tracks", score_tracks)
    settings: AttributeSettings = {"tracks": "ATAC", "method": method, "threads": 1, "steps": 2}
    with Genome(EXAMPLE / "genome.fa") as genome:
        prepared = prepare(genome, ["chr1:5,001-5,020"], tiny_model, settings)
        check_attributions(prepared, list(explain(prepared)))
    assert set(seen) == {1}
    assert inside == []


def test_a_check_that_fails_does_not_wait_for_the_other_regions(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def score(target: Target, *_: object) -> torch.Tensor:
        asked.append(1)
        time.sleep(0.02)
        if len(asked) == 1:
            raise MemoryError
        return torch.zeros(1)

    settings: AttributeSettings = {"method": "gradient", "threads": 1}
    with Genome(EXAMPLE / "genome.fa") as genome:
        prepared = prepare(genome, ["chr1:5,001-5,020", "chr1:7,001-7,020"], tiny_model, settings)
        explained = list(explain(prepared))
        monkeypatch.setattr("genint.interpretation.attribution.checks._compare_controls", lambda *_: [])
        monkeypatch.setattr(Target, "score", score)
        with pytest.raises(MemoryError):
            check_attributions(prepared, explained)
    assert len(asked) < 24  # of 48 for the second region


def test_deleting_the_strongest_bases_takes_more_than_deleting_others(tiny_model: Path) -> None:
    """Of a model that counts one letter, the bases that are this letter, alone, are worth something."""
    settings: AttributeSettings = {"method": "mutagenesis", "threads": 1, "target": "chr1:5,001-5,100"}
    with Genome(EXAMPLE / "genome.fa") as genome:
        prepared = prepare(genome, ["chr1:5,001-5,060"], tiny_model, settings)
        table = check_attributions(prepared, list(explain(prepared)))
    by_check = table.set_index(["check", "fraction"])
    assert by_check.value["deletion", 0.2] < by_check.random["deletion", 0.2]
