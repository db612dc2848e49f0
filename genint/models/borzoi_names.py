"""The tensors of borzoi-pytorch by the names that they have in `Borzoi`."""

from collections.abc import Iterable, Iterator

from genint.models.borzoi import BorzoiConfig
from genint.models.enformer_names import transformer_layer
from genint.models.published import spell_out


def source_names(names: Iterable[str], config: BorzoiConfig, head: str) -> dict[str, str]:
    """For each of a `Borzoi`'s tensor names, the one in borzoi-pytorch."""
    return spell_out(names, dict(_layer_names(config, head)))


def _layer_names(config: BorzoiConfig, head: str) -> Iterator[tuple[str, str]]:
    """(our layer or tensor, the one in borzoi-pytorch), in the order of the model."""
    yield "stem", "conv_dna.conv_layer"
    last = len(config.channels) - 2
    for block in range(last):
        yield from _block(f"tower.{block}", f"res_tower.{2 * block}")  # pooling layers between them
    yield from _block(f"tower.{last}", "unet1.1")
    for layer in range(config.layers):
        ours, theirs = f"layers.{layer}", f"transformer.{layer}"
        yield from transformer_layer(ours, theirs)
        if config.positions == "rotary":
            yield f"{ours}.attention.to_qkv", f"{theirs}.0.fn.1.mha.Wqkv"
            yield f"{ours}.attention.to_out", f"{theirs}.0.fn.1.mha.out_proj"
    for step, theirs in enumerate(("1", "0")):
        yield from _block(f"up.{step}.below", f"upsampling_unet{theirs}.0")
        yield from _block(f"up.{step}.beside", f"horizontal_conv{theirs}")
        yield f"up.{step}.depthwise", f"separable{theirs}.conv_layer.0"
        yield f"up.{step}.pointwise", f"separable{theirs}.conv_layer.1"
    yield from _block("wide", "final_joined_convs.0")
    yield "head", f"{head}_head"


def _block(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield from ((f"{ours}.norm", f"{theirs}.norm"), (f"{ours}.conv", f"{theirs}.conv_layer"))
