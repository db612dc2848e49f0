"""From tiles to values: what is masked, in which units, of how many models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.genome.grid import Tile
from genint.genome.region import Region
from genint.models.folder import Model, load_model
from genint.prediction.inference import Engine
from genint.prediction.job import Job, Options, prepare
from genint.prediction.pipeline import predict_tiles, requests, task
from genint.prediction.settings import find_rows

SEQUENCE = "ACGT" * 512 + "N" * 400 + "ACCT" * 500  # 4,448 bp: tiles of 2,048, 2,048 and 352 bp


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return load_model(tiny_model)


def job_of(*models: Model, **options: object) -> Job:
    source = SequenceSource(SEQUENCE)
    return prepare(source, find_rows(None, source), models, options=Options(**options))  # type: ignore[arg-type]


def predicted(job: Job) -> dict[Tile, np.ndarray]:
    with Engine(task(job), job.options.devices, 1) as engine:
        return dict(predict_tiles(job, engine, job.todo))


@pytest.mark.parametrize("max_n", [0.0, 0.12, 0.13, 0.5, 1.0])
def test_bins_with_a_larger_fraction_of_n_are_masked_and_bins_past_the_end_too(max_n: float, model: Model) -> None:
    bins = [SEQUENCE[start : start + 128] for start in range(0, len(SEQUENCE), 128)]
    expected = [bases.count("N") / len(bases) <= max_n for bases in bins]
    job = job_of(model, max_n=max_n)
    kept = np.concatenate([request.keep for request in requests(job, job.todo)])
    assert kept.tolist() == expected + [False] * (48 - len(bins))


def test_a_tile_without_a_bin_to_keep_is_not_predicted(model: Model) -> None:
    source = SequenceSource("N" * 2_048 + "A" * 100)
    job = prepare(source, find_rows(None, source), [model])
    assert [tile.index for tile in predicted(job)] == [1]


def test_blacklisted_bins_have_no_value(model: Model) -> None:
    values = predicted(job_of(model, blacklist=[Region("sequence", 127, 129)]))
    assert np.isnan(values[Tile("sequence", 0)][:, :3]).all(axis=0).tolist() == [True, True, False]


def test_values_are_the_module_s_and_in_coverage_those_turned_back(model: Model) -> None:
    on_scale, coverage = (predicted(job_of(model, scale=scale)) for scale in ("model", "coverage"))
    tokens = SequenceSource(SEQUENCE).tokens("sequence", -128, 2_176)
    with torch.no_grad():
        expected = model.module(torch.from_numpy(tokens)[None])[0].numpy()  # (bins, T)
    first = Tile("sequence", 0)
    np.testing.assert_array_equal(on_scale[first], expected.T)
    inverted = model.tracks.transform(128).invert(expected.astype(np.float64)).astype(np.float32)
    np.testing.assert_array_equal(coverage[first], inverted.T)


def test_several_models_give_means_and_then_standard_deviations(model: Model) -> None:
    other = replace(model, module=load_model_with(model, 2.0))
    one, two, both = (predicted(job_of(*models, scale="model")) for models in ([model], [other], [model, other]))
    for tile, values in both.items():
        pair = np.stack([one[tile], two[tile]]).astype(np.float64)
        expected = np.concatenate([pair.mean(axis=0), pair.std(axis=0)])
        np.testing.assert_allclose(values, expected, rtol=1e-6)


def load_model_with(model: Model, factor: float) -> torch.nn.Module:
    """The same module with every weight of its head so many times as large."""
    module = type(model.module)(model.config, len(model.tracks))  # type: ignore[arg-type]
    module.load_state_dict(model.module.state_dict())
    with torch.no_grad():
        module.head.weight.mul_(factor)
    return module.eval()


def test_a_model_that_predicts_nan_is_named_with_the_tile(model: Model) -> None:
    broken = replace(model, name="broken", module=load_model_with(model, float("nan")))
    with pytest.raises(InputError, match="broken: predicts NaN or infinity for tile 0 of sequence"):
        predicted(job_of(broken))
