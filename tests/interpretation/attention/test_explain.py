"""Attention over a region in memory: the prediction of predict, and a row of worth for every head."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genint import load_model
from genint.errors import InputError
from genint.genome.fasta import Genome
from genint.interpretation.attention.explain import worth_over
from genint.interpretation.sources.rollout import attention_rollout
from tests.conftest import EXAMPLE, save_copy, tiny_config

GENOME = EXAMPLE / "genome.fa"


def test_it_reads_the_windows_of_predict_and_scores_every_head(tiny_model: Path) -> None:
    model, threads = load_model(tiny_model), torch.get_num_threads()
    found = model.attention(GENOME, "chr1:5,001-5,400", device="cpu")
    assert len(found.maps) == len(found.heads) == 15
    assert found.heads.change.tolist() == found.worth[found.worth["head"] == "1"].change.tolist()
    assert (found.heads[["look_back", "itself", "look_ahead"]].sum(axis=1) - 1).abs().max() < 1e-5
    assert found.prediction.shape == (16, len(model.tracks))
    assert np.isfinite(found.worth.change).all()
    assert torch.get_num_threads() == threads
    assert found.rollout.values.shape == (4, 2_304)
    assert found.rollout.values.sum(1) == pytest.approx(1, abs=1e-5)
    assert found.rollout.to_pandas().columns[3] == "chr1:4,993-5,120"


def test_rollout_is_by_the_method_that_is_asked_for(tiny_model: Path) -> None:
    model = load_model(tiny_model)
    half = model.attention(GENOME, "chr1:5,001-5,100", method="half", convolutions="ignore").rollout
    window = np.array(half.geometry.input_bp * [0], np.uint8)
    with Genome(GENOME) as genome:
        window[:] = genome.tokens("chr1", half.start, half.start + half.geometry.input_bp)
    bins = half.bins.tolist()
    assert np.array_equal(
        half.values, attention_rollout(model, window, bins=bins, method="half", convolutions="ignore").values
    )
    with pytest.raises(InputError, match="`method` 'all': not one of raw, half, norm"):
        model.attention(GENOME, "chr1:5,001-5,100", method="all")  # type: ignore[arg-type]


def test_the_worth_over_regions_in_one_tile_is_that_of_the_tile(tiny_model: Path) -> None:
    one = load_model(tiny_model).attention(GENOME, "chr1:4,097-6,144").worth
    over = worth_over(GENOME, ["chr1:4,097-5,000", "chr1:5,001-6,144"], tiny_model)
    assert over.change.tolist() == pytest.approx(one.change.tolist(), rel=1e-5)
    assert over["head"].tolist() == one["head"].tolist()


def test_a_model_without_attention_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    from genint.models.registry import build

    model = load_model(tiny_model)
    bare = build("interpreter", tiny_config(block={"heads": 0}, final={"heads": 0}), len(model.tracks))
    with pytest.raises(InputError, match="no layer has attention"):
        load_model(save_copy(tmp_path / "bare", model, module=bare)).attention(GENOME, "chr1:1-100")
