"""Borzoi beside the package borzoi-pytorch, layer by layer in float64; and what a tile of the published shape takes.

    python benchmarks/borzoi.py parity
    OMP_NUM_THREADS=1 python benchmarks/borzoi.py tile [--flashzoi]

`parity` needs the package borzoi-pytorch, whose convolutions have their published widths; its Transformer is made
narrow, and reads less DNA. Its Flashzoi runs on GPUs alone. `tile` is with random weights and all human tracks; its
memory is the most that the process ever had.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from genint.models.borzoi import Borzoi, BorzoiConfig, flashzoi, gelu
from genint.models.borzoi_names import source_names
from genint.models.borzoi_weights import BORZOI, DEFAULTS, borzoi_config
from genint.models.cost import flops_per_tile
from genint.models.published import Source, rename_tensors

NUMBERS = {"dim": 48, "depth": 2, "heads": 4, "attn_dim_key": 6, "attn_dim_value": 12, "bins_to_return": 64}
TOKENS, TRACKS = 24, 7_611


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["parity", "tile"])
    parser.add_argument("--flashzoi", action="store_true")
    options = parser.parse_args()
    if options.what == "parity":
        compare()
    else:
        measure(flashzoi() if options.flashzoi else BorzoiConfig())


def measure(config: BorzoiConfig) -> None:
    """Print seconds, operations and memory of one tile."""
    torch.manual_seed(0)
    model = Borzoi(config, TRACKS).eval().requires_grad_(False)
    tokens = torch.randint(0, 4, (1, config.geometry.input_bp)).byte()
    start = time.perf_counter()
    with torch.inference_mode():
        model(tokens)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    with torch.device("meta"):
        flops = flops_per_tile(Borzoi(config, TRACKS))
    print(
        f"{config.positions}: {seconds:.0f} s, {memory:.1f} GiB, {flops / 1e12:.2f} TFLOP, "
        f"{torch.get_num_threads()} thread(s)"
    )


def compare() -> None:
    """Print the relative error of every layer and of the prediction."""
    theirs, ours = pair()
    dna = torch.nn.functional.one_hot(torch.randint(0, 4, (2, 128 * TOKENS)), 4).double()
    dna[:, 100:200] = 0
    their_parts: dict[str, nn.Module] = {"stem": theirs.conv_dna.conv_layer}
    their_parts |= {f"tower {i}": theirs.res_tower[2 * i] for i in range(5)} | {"tower 5": theirs.unet1}
    their_parts |= {f"layer {i}": layer for i, layer in enumerate(theirs.transformer)}
    their_parts |= {"up 1": theirs.separable1, "up 0": theirs.separable0, "wide": theirs.final_joined_convs}
    our_parts: dict[str, nn.Module] = {"stem": ours.stem, **{f"tower {i}": part for i, part in enumerate(ours.tower)}}
    our_parts |= {f"layer {i}": layer for i, layer in enumerate(ours.layers)}
    our_parts |= {"up 1": ours.up[0], "up 0": ours.up[1]}
    with torch.no_grad():
        expected = outputs(their_parts, lambda: theirs.get_embs_after_crop(dna.mT))
        found = outputs(our_parts, lambda: ours.trunk(dna))
        expected["wide"] = theirs.final_joined_convs(theirs.get_embs_after_crop(dna.mT))
        found["wide"] = gelu(ours.wide(ours.crop(ours.trunk(dna))))
        found["stem"] = found["stem"].squeeze(2).mT
        for name, output in found.items():
            other = expected[name] if name.startswith("layer") else expected[name].mT
            print(f"{name}\t{error(output, other):.1e}")
        expected_float, found_float = theirs.float()(dna.float().mT), ours.float()(dna.float())
        print(f"prediction, float32\t{error(found_float, expected_float.mT):.1e}")


def pair() -> tuple[nn.Module, Borzoi]:
    """borzoi-pytorch's model at random weights and ours with the same, human head, both in float64."""
    from borzoi_pytorch import Borzoi as Theirs  # type: ignore[import-not-found]
    from borzoi_pytorch.pytorch_borzoi_transformer import get_positional_embed  # type: ignore[import-not-found]

    torch.manual_seed(0)
    theirs = Theirs.from_hparams(**NUMBERS, enable_mouse_head=True).eval()
    for name, tensor in theirs.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2.0)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn(tensor.shape), alpha=0.1)
    source = Source(DEFAULTS | NUMBERS, theirs.state_dict(), Path("model.safetensors"))
    config = borzoi_config(source, input_bp=128 * TOKENS)
    ours = Borzoi(config, TRACKS)
    names = source_names(ours.state_dict(), config, "human")
    ours.load_state_dict(rename_tensors(source, names, ours.state_dict(), model=BORZOI.name, other_heads=BORZOI.heads))
    theirs.double()
    for layer in theirs.transformer:  # which keep the distances that they have seen, and their type
        layer[0].fn[1].positions = get_positional_embed(TOKENS, 4096, 32, torch.device("cpu")).double()
        layer.register_forward_pre_hook(follow_type)
    return theirs, ours.double().eval()


def follow_type(layer: nn.Module, inputs: tuple[Tensor]) -> None:
    """Distances of the type that a layer is about to read."""
    attention = layer.get_submodule("0.fn.1")
    attention.positions = attention.positions.to(inputs[0].dtype)  # type: ignore[operator]


def outputs(parts: dict[str, nn.Module], run: Callable[[], object]) -> dict[str, Tensor]:
    """What each part gave while `run` ran."""
    found: dict[str, Tensor] = {}
    hooks = [
        part.register_forward_hook(lambda _, __, output, name=name: found.update({name: output.clone()}))
        for name, part in parts.items()
    ]
    run()
    for hook in hooks:
        hook.remove()
    return found


def error(ours: Tensor, theirs: Tensor) -> float:
    """Norm of the difference over the norm."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).norm() / theirs.norm())


if __name__ == "__main__":
    main()
