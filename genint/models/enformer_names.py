"""The tensors of enformer-pytorch by the names that they have in `PublishedEnformer`."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from genint.errors import InputError
from genint.models.enformer_original import PublishedConfig
from genint.models.enformer_source import EnformerSource


def rename_tensors(
    source: EnformerSource, config: PublishedConfig, expected: dict[str, Tensor], head: str
) -> dict[str, Tensor]:
    """A source's tensors by the names and in the shapes of `expected`, a `PublishedEnformer`'s state_dict.

    Raises InputError for one that is missing, of another shape, not finite, or left over (other heads may be).
    """
    file, found = source.file, {}
    left = {name for name in source.tensors if not name.startswith("_heads.")}
    for ours, theirs in source_names(expected, config, head).items():
        needed = expected[ours]
        tensor = source.tensors.get(theirs)
        if tensor is None:
            raise InputError(f"{file}: the tensor {theirs} is missing. It is not of the Enformer in config.json")
        if [size for size in tensor.shape if size > 1] != [size for size in needed.shape if size > 1]:
            raise InputError(
                f"{file}: the tensor {theirs} has shape {tuple(tensor.shape)}, config.json needs "
                f"{tuple(needed.shape)}. The two are of different models"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{file}: the tensor {theirs} holds values that are not finite. Download it again")
        left.discard(theirs)
        found[ours] = tensor.reshape(needed.shape).to(needed.dtype).contiguous()
    if left:
        raise InputError(f"{file}: the tensor {min(left)} is not part of the Enformer that config.json describes")
    return found


def source_names(names: Iterable[str], config: PublishedConfig, head: str) -> dict[str, str]:
    """For each of a `PublishedEnformer`'s tensor names, the one in enformer-pytorch."""
    pairs = dict(_layer_names(config, head))
    layers = {name: name.rpartition(".") for name in names}
    return {
        name: pairs[name] if name in pairs else f"{pairs[layer]}.{leaf}" for name, (layer, _, leaf) in layers.items()
    }


def _layer_names(config: PublishedConfig, head: str) -> Iterator[tuple[str, str]]:
    """(our layer or tensor, the one in enformer-pytorch), in the order of the model."""

    def block(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
        yield from ((f"{ours}.norm", f"{theirs}.0"), (f"{ours}.conv", f"{theirs}.2"))

    yield "stem", "stem.0"
    yield from block("stages.0.residual", "stem.1.fn")
    yield "stages.0.pool.logits", "stem.2.to_attn_logits"
    for stage in range(1, len(config.channels)):
        ours, theirs = f"stages.{stage}", f"conv_tower.{stage - 1}"
        yield from block(f"{ours}.conv", f"{theirs}.0")
        yield from block(f"{ours}.residual", f"{theirs}.1.fn")
        yield f"{ours}.pool.logits", f"{theirs}.2.to_attn_logits"
    for layer in range(config.layers):
        ours, theirs = f"layers.{layer}", f"transformer.{layer}"
        yield f"{ours}.attention_norm", f"{theirs}.0.fn.0"
        for name in ("to_q", "to_k", "to_v", "to_out"):
            yield f"{ours}.attention.{name}", f"{theirs}.0.fn.1.{name}"
        yield f"{ours}.attention.to_distance", f"{theirs}.0.fn.1.to_rel_k"
        yield f"{ours}.attention.content_bias", f"{theirs}.0.fn.1.rel_content_bias"
        yield f"{ours}.attention.distance_bias", f"{theirs}.0.fn.1.rel_pos_bias"
        yield f"{ours}.norm", f"{theirs}.1.fn.0"
        yield f"{ours}.expand", f"{theirs}.1.fn.1"
        yield f"{ours}.contract", f"{theirs}.1.fn.4"
    yield from block("wide", "final_pointwise.1")
    yield "head", f"_heads.{head}.0"
