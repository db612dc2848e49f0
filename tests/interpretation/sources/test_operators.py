"""All steps of small models as rows that sum to 1."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genint.choices import Convolutions, RolloutMethod
from genint.errors import InputError
from genint.interpretation.sources.operators import model_operators
from genint.models.layers import FeedForwardKind
from genint.models.swin1d import Merge
from genint.models.window_attention import Positions, Wrap
from tests.interpretation.sources.small_windows import config_of_64, model_of, random_dna


@settings(max_examples=40)
@given(
    block=st.fixed_dictionaries(
        {
            "heads": st.integers(0, 2),
            "positions": st.sampled_from(get_args(Positions)),
            "hidden": st.sampled_from([0, 4]),
            "feed_forward": st.sampled_from(get_args(FeedForwardKind)),
            "conv_width": st.sampled_from([1, 3, 5]),
            "dilation": st.integers(1, 3),
            "wrap": st.sampled_from(get_args(Wrap)),
            "merge": st.sampled_from(get_args(Merge)),
            "residual_scale": st.sampled_from([0.0, 0.2]),
        }
    ),
    stem_width=st.sampled_from([1, 5]),
    method=st.sampled_from(get_args(RolloutMethod)),
    convolutions=st.sampled_from(get_args(Convolutions)),
)
def test_every_step_has_rows_that_sum_to_one_and_steps_fit_together(
    block: dict[str, Any], stem_width: int, method: RolloutMethod, convolutions: Convolutions
) -> None:
    model = model_of(config_of_64(block=block, stem_width=stem_width))
    operators = model_operators(model, random_dna(model), method=method, convolutions=convolutions)
    tokens = 64
    for operator in operators:
        assert operator.matrix.sum(1) == pytest.approx(1, abs=1e-12)
        assert operator.matrix.min() >= 0
        assert operator.matrix.shape == (tokens // (2 if operator.kind == "merge" else 1), tokens)
        assert operator.token_bp == 64 // tokens
        tokens = operator.matrix.shape[0]
    assert tokens == 8
    kinds = [operator.kind for operator in operators]
    assert kinds.count("attention") == 1 + (6 if block["heads"] else 0)
    assert kinds.count("stem") == (stem_width > 1 and convolutions == "count")
    assert convolutions == "count" or "feed-forward" not in kinds


def test_steps_come_in_the_order_that_dna_passes_them() -> None:
    model = model_of(config_of_64())
    steps = [(operator.stage, operator.kind) for operator in model_operators(model, random_dna(model))]
    layer = ["attention", "feed-forward"]
    blocks = [(stage, kind) for stage in (1, 2, 3) for kind in (*layer, *layer, "merge")]
    assert steps == [(0, "stem"), *blocks, *((4, kind) for kind in layer)]


def test_the_walk_computes_what_the_model_does() -> None:
    """Values that the rows are made of are those of a prediction: the last step sees the trunk's last tokens."""
    model = model_of(config_of_64())
    dna, seen = random_dna(model), list[torch.Tensor]()
    feed_forward = model.module.final[0].feed_forward  # type: ignore[union-attr, index]
    feed_forward.register_forward_hook(lambda _, inputs, output: seen.append(inputs[0] + output))
    model_operators(model, dna)
    bins = model.module.trunk(model.module.one_hot(torch.from_numpy(dna)[None]))
    assert torch.allclose(seen[0], bins, atol=1e-5)


def test_what_does_not_fit_is_said_in_one_line() -> None:
    model = model_of(config_of_64())
    dna = random_dna(model)
    with pytest.raises(InputError, match="`method` 'full': not one of raw, half, norm"):
        model_operators(model, dna, method="full")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="`convolutions` 'smear': not one of count, ignore"):
        model_operators(model, dna, convolutions="smear")  # type: ignore[arg-type]
    with pytest.raises(
        InputError, match=r"`dna`: \(63,\) tokens of uint8, expected \(64,\) of uint8, the DNA that small reads"
    ):
        model_operators(model, dna[1:])
    with pytest.raises(InputError, match="int64"):
        model_operators(model, dna.astype(np.int64))


def test_a_model_of_another_architecture_is_refused() -> None:
    model = model_of(config_of_64())
    other = replace(model, architecture="maxpool-cnn", module=torch.nn.Identity())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="small: is of the architecture maxpool-cnn, whose"):
        model_operators(other, random_dna(model))
