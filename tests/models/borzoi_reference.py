"""Borzoi and Flashzoi once more, from their papers and the tensors that borzoi-pytorch saves, by those names.

Plain functions of (B, C, L) tensors, loops over heads, nothing of genint: what `genint.models.borzoi` is compared with.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

Tensors = dict[str, Tensor]
PUBLISHED = (512, 608, 736, 896, 1056, 1280, 1536)
SMALL = (8, 10, 12, 14, 16, 20, 24)


def shapes(
    channels: tuple[int, ...] = SMALL,
    *,
    wide: int = 20,
    depth: int = 2,
    heads: int = 2,
    key: int = 5,
    flashed: bool = False,
    **tracks: int,
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a saved Borzoi, with a head for each of `tracks`: human=7."""
    stem, *tower, last, dim = channels
    found: dict[str, tuple[int, ...]] = {
        "conv_dna.conv_layer.weight": (stem, 4, 15),
        "conv_dna.conv_layer.bias": (stem,),
    }

    def block(name: str, before: int, after: int, width: int) -> None:
        found.update({f"{name}.norm.{leaf}": (before,) for leaf in ("weight", "bias", "running_mean", "running_var")})
        found[f"{name}.norm.num_batches_tracked"] = ()
        found.update({f"{name}.conv_layer.weight": (after, before, width), f"{name}.conv_layer.bias": (after,)})

    def linear(name: str, before: int, after: int, *, bias: bool = True) -> None:
        found[f"{name}.weight"] = (after, before)
        if bias:
            found[f"{name}.bias"] = (after,)

    for i, (before, after) in enumerate(zip((stem, *tower), (*tower, last), strict=True)):
        block(f"res_tower.{2 * i}", before, after, 5)
    block("unet1.1", last, dim, 5)
    for i in range(depth):
        attention, rest = f"transformer.{i}.0.fn", f"transformer.{i}.1.fn"
        found.update({f"{part}.0.{leaf}": (dim,) for part in (attention, rest) for leaf in ("weight", "bias")})
        if flashed:
            linear(f"{attention}.1.mha.Wqkv", dim, 2 * dim)  # half as many heads of keys, and of values, as of queries
            linear(f"{attention}.1.mha.out_proj", dim, dim)
        else:
            linear(f"{attention}.1.to_q", dim, heads * key, bias=False)
            linear(f"{attention}.1.to_k", dim, heads * key, bias=False)
            linear(f"{attention}.1.to_v", dim, dim, bias=False)
            linear(f"{attention}.1.to_out", dim, dim)
            linear(f"{attention}.1.to_rel_k", 32, heads * key, bias=False)
            found.update({f"{attention}.1.rel_{kind}_bias": (1, heads, 1, key) for kind in ("content", "pos")})
        linear(f"{rest}.1", dim, 2 * dim)
        linear(f"{rest}.4", 2 * dim, dim)
    for step, beside in ((1, dim), (0, last)):
        block(f"horizontal_conv{step}", beside, dim, 1)
        block(f"upsampling_unet{step}.0", dim, dim, 1)
        found[f"separable{step}.conv_layer.0.weight"] = (dim, 1, 3)
        found.update(
            {f"separable{step}.conv_layer.1.weight": (dim, dim, 1), f"separable{step}.conv_layer.1.bias": (dim,)}
        )
    block("final_joined_convs.0", dim, wide, 1)
    for head, n in tracks.items():
        found.update({f"{head}_head.weight": (n, wide, 1), f"{head}_head.bias": (n,)})
    return found


def made_up(sizes: dict[str, tuple[int, ...]]) -> Tensors:
    """Random weights of these shapes, such that nothing is 0 or 1 that would hide a mistake."""
    generator = torch.Generator().manual_seed(3)

    def one(name: str, shape: tuple[int, ...]) -> Tensor:
        if not shape:
            return torch.tensor(7)
        x = torch.randn(shape, generator=generator)
        if name.endswith("running_var"):
            return x.abs() + 0.5
        inputs = math.prod(shape[1:])
        return x / inputs**0.5 if len(shape) > 1 else 0.3 * x + float(".norm.weight" in name or ".fn.0.weight" in name)

    return {name: one(name, shape) for name, shape in sizes.items()}


def write_source(folder: Path, *, human: int = 7, mouse: int = 2, flashed: bool = False, **changes: Any) -> Path:
    """A SOURCE of `genint models import borzoi`: a narrow Borzoi or Flashzoi that keeps 64 bins."""
    channels = (*SMALL[:-1], 256) if flashed else SMALL  # 128 channels of a head rotate, so that many it must have
    numbers = {"model_type": "borzoi", "dim": channels[-1], "depth": 1, "heads": 2, "attn_dim_key": 5}
    numbers |= {"attn_dim_value": channels[-1] // 2, "bins_to_return": 64, "flashed": flashed}
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(numbers | changes))
    tensors = made_up(shapes(channels, depth=1, flashed=flashed, human=human, mouse=mouse))
    save_file(tensors, folder / "model.safetensors")
    return folder


def layers(weights: Tensors, one_hot: Tensor, *, heads: int, depth: int) -> Iterator[tuple[str, Tensor]]:
    """One-hot DNA (B, 4, L) -> what every part of the model gives, by name, (B, C, tokens), the last for all bins."""
    x = _conv(weights, "conv_dna.conv_layer", one_hot)
    yield "stem", x
    for i in range(5):
        x = _block(weights, f"res_tower.{2 * i}", F.max_pool1d(x, 2))
        yield f"tower {i}", x
    bins, pairs = x, _block(weights, "unet1.1", F.max_pool1d(x, 2))
    yield "tower 5", pairs
    x = F.max_pool1d(pairs, 2)
    for i in range(depth):
        x = _transformer(weights, f"transformer.{i}", x.mT, heads).mT
        yield f"layer {i}", x
    for step, tower in ((1, pairs), (0, bins)):
        x = F.interpolate(_block(weights, f"upsampling_unet{step}.0", x), scale_factor=2, mode="nearest")
        x = x + _block(weights, f"horizontal_conv{step}", tower)
        each = F.conv1d(x, weights[f"separable{step}.conv_layer.0.weight"], padding=1, groups=x.shape[1])
        x = _conv(weights, f"separable{step}.conv_layer.1", each)
        yield f"up {step}", x
    yield "wide", _gelu(_block(weights, "final_joined_convs.0", x))


def predict(weights: Tensors, one_hot: Tensor, *, heads: int, depth: int, keep: int, head: str = "human") -> Tensor:
    """One-hot DNA (B, 4, L) -> (B, T, keep)."""
    *_, (_, wide) = layers(weights, one_hot, heads=heads, depth=depth)
    cut = (wide.shape[-1] - keep) // 2
    return F.softplus(_conv(weights, f"{head}_head", wide[..., cut : cut + keep]))


def undo_squashing(y: float, *, clip_soft: float, scale: float, power: float) -> float:
    """The old recipe (Linder et al. 2025, Methods) backwards: a bin's sum or mean from a value on the model's scale."""
    y = y / scale
    y = (y - clip_soft) ** 2 + clip_soft if y > clip_soft else y
    return float(y ** (1 / power))


def _gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _conv(weights: Tensors, name: str, x: Tensor) -> Tensor:
    weight = weights[f"{name}.weight"]
    return F.conv1d(x, weight, weights[f"{name}.bias"], padding=weight.shape[-1] // 2)


def _block(weights: Tensors, name: str, x: Tensor) -> Tensor:
    mean, var, scale, shift = (
        weights[f"{name}.norm.{leaf}"][:, None] for leaf in ("running_mean", "running_var", "weight", "bias")
    )
    return _conv(weights, f"{name}.conv_layer", _gelu((x - mean) / torch.sqrt(var + 0.001) * scale + shift))


def _norm(weights: Tensors, name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 0.001)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _linear(weights: Tensors, name: str, x: Tensor) -> Tensor:
    y = x @ weights[f"{name}.weight"].mT
    return y + weights[f"{name}.bias"] if f"{name}.bias" in weights else y


def _transformer(weights: Tensors, name: str, x: Tensor, heads: int) -> Tensor:
    attend = _attend_rotating if f"{name}.0.fn.1.mha.Wqkv.weight" in weights else _attend_by_distance
    x = x + attend(weights, f"{name}.0.fn.1", _norm(weights, f"{name}.0.fn.0", x), heads)
    hidden = torch.relu(_linear(weights, f"{name}.1.fn.1", _norm(weights, f"{name}.1.fn.0", x)))
    return x + _linear(weights, f"{name}.1.fn.4", hidden)


def _attend_by_distance(weights: Tensors, name: str, x: Tensor, heads: int) -> Tensor:
    length = x.shape[1]
    q, k, v = (_linear(weights, f"{name}.to_{which}", x).chunk(heads, -1) for which in "qkv")
    distance = torch.arange(length)[None] - torch.arange(length)[:, None]  # [i, j]: of token j from token i
    widths = torch.tensor([4097 ** (i / 16) - 1 for i in range(1, 17)])
    near = (widths > distance.abs()[..., None]).to(x.dtype)
    features = torch.cat([near, near * distance.sign()[..., None]], -1)  # (L, L, 32)
    r = _linear(weights, f"{name}.to_rel_k", features).chunk(heads, -1)
    content, position = (weights[f"{name}.rel_{kind}_bias"] for kind in ("content", "pos"))
    attended = []
    for h in range(heads):
        scaled = q[h] / q[h].shape[-1] ** 0.5
        scores = (scaled + content[0, h]) @ k[h].mT + torch.einsum("bid,ijd->bij", scaled + position[0, h], r[h])
        attended.append(scores.softmax(-1) @ v[h])
    return _linear(weights, f"{name}.to_out", torch.cat(attended, -1))


def _attend_rotating(weights: Tensors, name: str, x: Tensor, heads: int) -> Tensor:
    width = x.shape[-1] // heads
    pieces = _linear(weights, f"{name}.mha.Wqkv", x).split(width, -1)  # queries, half as many keys, as many values
    q, k, v = pieces[:heads], pieces[heads : heads + heads // 2], pieces[heads + heads // 2 :]
    attended = []
    for h in range(heads):
        scores = _turn(q[h]) @ _turn(k[h // 2]).mT / width**0.5
        attended.append(scores.softmax(-1) @ v[h // 2])
    return _linear(weights, f"{name}.mha.out_proj", torch.cat(attended, -1))


def _turn(x: Tensor, width: int = 128) -> Tensor:
    """The first `width` channels as complex numbers, first half real, second imaginary, turned by the position."""
    speeds = 1 / 20_000 ** (torch.arange(0, width, 2, dtype=torch.float32) / width)
    angles = torch.arange(x.shape[1], dtype=torch.float32)[:, None] * speeds
    points = torch.complex(x[..., : width // 2], x[..., width // 2 : width])
    turned = points * torch.complex(angles.cos(), angles.sin()).to(points.dtype)
    return torch.cat([turned.real, turned.imag, x[..., width:]], -1)
