"""The tensors of enformer-pytorch by the names that they have in `PublishedEnformer`."""

from collections.abc import Iterable, Iterator

from genint.models.enformer_original import PublishedConfig
from genint.models.published import spell_out


def source_names(names: Iterable[str], config: PublishedConfig, head: str) -> dict[str, str]:
    """For each of a `PublishedEnformer`'s tensor names, the one in enformer-pytorch."""
    return spell_out(names, dict(_layer_names(config, head)))


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
        yield from transformer_layer(f"layers.{layer}", f"transformer.{layer}")
    yield from block("wide", "final_pointwise.1")
    yield "head", f"_heads.{head}.0"


def transformer_layer(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    """The names of an EnformerLayer with RelativeAttention, as in `_layer_names`."""
    for name in ("to_q", "to_k", "to_v", "to_out"):
        yield f"{ours}.attention.{name}", f"{theirs}.0.fn.1.{name}"
    yield f"{ours}.attention.to_distance", f"{theirs}.0.fn.1.to_rel_k"
    yield f"{ours}.attention.content_bias", f"{theirs}.0.fn.1.rel_content_bias"
    yield f"{ours}.attention.distance_bias", f"{theirs}.0.fn.1.rel_pos_bias"
    yield f"{ours}.attention_norm", f"{theirs}.0.fn.0"
    yield f"{ours}.norm", f"{theirs}.1.fn.0"
    yield f"{ours}.expand", f"{theirs}.1.fn.1"
    yield f"{ours}.contract", f"{theirs}.1.fn.4"
