"""Models scored once more with their attention left out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles
from genint.errors import InputError
from genint.evaluation.evaluate import evaluate
from genint.models.attention_off import turn_attention_off
from genint.models.folder import Model, load_model
from genint.models.registry import build
from genint.models.window_attention import WindowAttention
from tests.conftest import tiny_config


@pytest.fixture
def model(tiny_model: Path) -> Model:
    """With attention that matters: an untrained model's tracks hardly follow what its final layers see."""
    model = load_model(tiny_model)
    generator = torch.Generator().manual_seed(2)
    for part in model.module.modules():
        if isinstance(part, WindowAttention):
            torch.nn.init.normal_(part.to_out.weight, generator=generator)
    return model


def test_scores_and_agreement_are_those_of_the_two_models_on_their_own(example_dataset: Path, model: Model) -> None:
    dataset, off = TrackDataset(example_dataset), turn_attention_off(model)
    assert off is not None
    both = evaluate(model, dataset, attention_off=True)
    apart = evaluate([model, off], dataset)
    pd.testing.assert_frame_equal(both.to_pandas(), apart.to_pandas(), check_exact=True)
    pd.testing.assert_frame_equal(both.differences(), apart.differences(), check_exact=True)
    scores = [[score.pearson for score in result.scores] for result in both.models]
    assert scores[0] != pytest.approx(scores[1], abs=1e-3)

    tiles = list(SplitTiles(dataset, model.geometry, "test"))
    with torch.inference_mode():
        first, second = (
            np.concatenate([one.module(tokens[None])[0].numpy() for tokens, _ in tiles]) for one in (model, off)
        )
    seen = [np.isfinite(column) for column in np.concatenate([targets.numpy() for _, targets in tiles]).T]
    expected = [np.corrcoef(first[rows, t], second[rows, t])[0, 1] for t, rows in enumerate(seen)]
    assert both.agreements[0].pearson == pytest.approx(expected, abs=1e-5)
    table = both.attention().set_index("assay")
    assert list(table.columns) == ["model", "tracks", "pearson", "pearson_off", "agreement"]
    assays = [track.assay for track in dataset.tracks]
    cage = [r for r, assay in zip(expected, assays, strict=True) if assay == "CAGE"]
    assert table.agreement["CAGE"] == pytest.approx(np.mean(cage), abs=1e-5)
    assert table.agreement["all"] == pytest.approx(np.mean(expected), abs=1e-5)
    means = both.summary().set_index(["model", "assay"]).pearson
    assert table.pearson["all"] == means["tiny", "all"]
    assert table.pearson_off["all"] == means["tiny, attention off", "all"]


def test_attention_that_adds_nothing_gives_nothing(example_dataset: Path, model: Model) -> None:
    for part in model.module.modules():
        if isinstance(part, WindowAttention):
            torch.nn.init.zeros_(part.to_out.weight)
            torch.nn.init.zeros_(part.to_out.bias)
    evaluation = evaluate(model, example_dataset, "valid", attention_off=True)
    scores = [[score.pearson for score in result.scores] for result in evaluation.models]
    assert scores[0] == pytest.approx(scores[1], abs=1e-6, nan_ok=True)
    assert evaluation.attention().agreement.to_numpy() == pytest.approx(1, abs=1e-6)
    (difference,) = evaluation.comparisons
    assert difference.difference == pytest.approx(0, abs=1e-6)


def test_of_models_without_attention_those_with_some_are_scored_twice(
    example_dataset: Path, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_config(block={"heads": 0}, final={"heads": 0})
    module = build("interpreter", config, len(model.tracks)).eval()
    twin = replace(model, name="twin", config=config, module=module)
    evaluation = evaluate([twin, model], example_dataset, "valid", attention_off=True, console=Console())
    assert [result.model for result in evaluation.models] == ["twin", "tiny", "tiny, attention off"]
    assert [agreement.model for agreement in evaluation.agreements] == ["tiny"]
    assert "twin: has no attention that can be left out" in capsys.readouterr().err
    with pytest.raises(InputError, match="`attention_off`: none of the models has attention"):
        evaluate(twin, example_dataset, attention_off=True)


def test_a_model_that_goes_by_the_name_of_such_a_copy_is_refused(example_dataset: Path, model: Model) -> None:
    other = replace(model, name="tiny, attention off")
    with pytest.raises(InputError, match="tiny, attention off: 2 models would go by that name"):
        evaluate([model, other], example_dataset, attention_off=True)
