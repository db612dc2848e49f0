"""Rollout: rows that sum to one, by hand, against dense products, and where wrap, methods and convolutions matter."""

from typing import Any, get_args

import numpy as np
import pytest
import torch

from genint.choices import RolloutMethod
from genint.interpretation.attention_maps import attending_steps
from genint.interpretation.rollout import band, trace_rollout
from genint.models.interpreter import GenomicInterpreter, InterpreterConfig
from genint.models.swin1d import BlockConfig, LayerConfig
from tests.interpretation.test_attention_maps import KINDS, build, some_dna


def eight_tokens(**block: Any) -> GenomicInterpreter:
    """8 bp, two windows of 4, one block into bins of 2 bp; nothing after it."""
    numbers = {"channels": 4, "window": 4, "heads": 1, "head_width": 4, "hidden": 0, "merge": "linear"} | block
    config = InterpreterConfig(
        core_bp=8, context_bp=0, bin_bp=2, stem_width=1, blocks=(BlockConfig(**numbers),), bin_channels=4,
        final=(LayerConfig(heads=0, head_width=2, hidden=0),),
    )  # fmt: skip
    torch.manual_seed(0)
    return GenomicInterpreter(config, 1).eval()


@pytest.mark.parametrize("block", KINDS)
@pytest.mark.parametrize("method", get_args(RolloutMethod))
def test_rows_sum_to_one_and_the_product_is_the_dense_one(block: dict[str, Any], method: RolloutMethod) -> None:
    module = build(block)
    for convolutions in ("count", "ignore"):
        rollout = trace_rollout(module, some_dna(module), method=method, convolutions=convolutions)
        for operator in rollout.operators:
            assert operator.data.min() >= 0
            np.testing.assert_allclose(operator.sum(axis=1), 1, atol=1e-6)
        shares, dense = rollout.shares(slice(3, 7)), rollout.operators[0].toarray()
        np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
        for operator in rollout.operators[1:]:
            dense = operator.toarray() @ dense
        np.testing.assert_allclose(shares, dense[rollout.core][3:7], atol=1e-12)


def test_two_windows_of_eight_tokens_by_hand() -> None:
    """Even attention, half residual: 5/8 of a token is itself, 1/8 each other of its window; shifted; pairs."""
    module = eight_tokens()
    for _, _, attention in attending_steps(module):
        torch.nn.init.zeros_(attention.to_qkv.weight)
        torch.nn.init.zeros_(attention.to_qkv.bias)
    dna = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3]], dtype=torch.uint8)
    rollout = trace_rollout(module, dna, method="half", convolutions="ignore")
    shares = rollout.shares(slice(0, 4))
    # Bin 0: tokens 0 and 1, which in the shifted layer share the window that straddles the ends, of which "mask"
    # leaves them their half: 3/4 and 1/4. So bin 0 is 1/2 token 0 + 1/2 token 1 of the first layer.
    np.testing.assert_allclose(shares[0], [3 / 8, 3 / 8, 1 / 8, 1 / 8, 0, 0, 0, 0])
    # Bin 1: tokens 2 and 3, in the window 2..5: (5/8 + 1/8) / 2 = 3/8 each of tokens 2 and 3, 1/8 each of 4 and 5.
    near, far = 3 / 8 * np.array([2, 2, 6, 6]) / 8, 1 / 8 * np.array([6, 6, 2, 2]) / 8
    np.testing.assert_allclose(shares[1], [*near, *far])


def test_the_paper_s_wrap_joins_the_two_ends_and_a_mask_does_not() -> None:
    dna = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3]], dtype=torch.uint8)
    masked = trace_rollout(eight_tokens(), dna).shares(slice(0, 1))[0]
    joined = trace_rollout(eight_tokens(wrap="paper"), dna).shares(slice(0, 1))[0]
    assert masked[4:].tolist() == [0, 0, 0, 0]
    assert (joined[4:] > 0).all()


def test_attention_that_adds_nothing_leaves_the_convolutions_alone() -> None:
    module = build({})
    for _, _, attention in attending_steps(module):
        torch.nn.init.zeros_(attention.to_out.weight)
        torch.nn.init.zeros_(attention.to_out.bias)
    dna = some_dna(module)
    with_identity = trace_rollout(module, dna)
    for _, step, _ in attending_steps(module):
        step.part.attention = None
    np.testing.assert_allclose(
        with_identity.shares(slice(0, 16)), trace_rollout(module, dna).shares(slice(0, 16)), atol=1e-9
    )


def test_the_norms_are_those_of_what_each_token_adds() -> None:
    """Row 0 of the first window, head by head and key by key, in plain loops."""
    module = eight_tokens(heads=2, head_width=2)
    dna = torch.tensor([[0, 1, 2, 3, 3, 1, 2, 0]], dtype=torch.uint8)
    found = trace_rollout(module, dna).operators[0].toarray()[0]
    attention = attending_steps(module)[0][2]
    with torch.no_grad():
        x, weights = module.stem(module.one_hot(dna).transpose(1, 2)[:, :, None])[0, :, 0].T, list[torch.Tensor]()
        attention(x[None], weights)
        values = attention.to_qkv(attention.norm(x))[:, -4:]
        norms = []
        for key in range(4):
            added = x[0].clone() if key == 0 else torch.zeros(4)
            for head in range(2):
                part = slice(2 * head, 2 * head + 2)
                added += weights[0][0, 0, head, 0, key] * attention.to_out.weight[:, part] @ values[key, part]
            norms.append(float(added.norm()))
    np.testing.assert_allclose(found[:4], np.array(norms) / sum(norms), rtol=1e-5)
    assert found[4:].tolist() == [0, 0, 0, 0]


def test_a_band_reaches_as_far_as_its_taps_and_is_whole_at_the_ends() -> None:
    dense = band(np.array([1.0, 2.0, 1.0]), 5, 2).toarray()
    np.testing.assert_allclose(dense[2], [0.25, 0, 0.5, 0, 0.25])
    np.testing.assert_allclose(dense[0], [2 / 3, 0, 1 / 3, 0, 0])
    assert band(np.ones(3), 1, 32).toarray().tolist() == [[1.0]]


def test_a_max_merge_takes_the_share_of_channels_whose_larger_value_it_is() -> None:
    module = eight_tokens(merge="max", heads=0)
    dna = torch.tensor([[0, 1, 2, 3, 0, 0, 2, 3]], dtype=torch.uint8)
    found = trace_rollout(module, dna).operators[0].toarray()
    with torch.no_grad():
        x = module.stem(module.one_hot(dna).transpose(1, 2)[:, :, None])[0, :, 0].T  # (8, 4)
    first = torch.where(x[0] >= x[1], x[0].abs(), 0).sum()
    second = torch.where(x[0] < x[1], x[1].abs(), 0).sum()
    np.testing.assert_allclose(found[0, :2], [first / (first + second), second / (first + second)], rtol=1e-5)
