"""Attention over a region in memory: the prediction of predict, and a row of worth for every head."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genint import load_model
from genint.errors import InputError
from genint.interpretation.explain_attention import worth_over
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
