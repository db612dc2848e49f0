"""The forward pass beside the machine's floor, attention written the textbook way, and an Enformer of equal width.

    OMP_NUM_THREADS=1 python benchmarks/forward.py [--model MODEL] [--other MODEL] [--batch-size 8] [--repeats 5]

Needs the enformer-pytorch package. All run in turn in one process, --other, a model of the same tiles, among them;
times are medians of the process's CPU time.
The floor of a layer is the larger of its operations at the rate of one large matrix product, and of its input read and
its output written once per residual branch at the rate of a large copy.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from genint.models.base import TrackModel, count_parameters
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import load_model
from genint.models.swin1d import TransformerLayer
from genint.models.window_attention import Rotary, WindowAttention
from genint.prediction.devices import inference

CPU = torch.device("cpu")
Clock = Callable[[], float]


class TextbookAttention(nn.Module):
    """Window attention step by step: roll, gather windows, einsum, mask, softmax, einsum, roll back.

    Positions are rotary or learned scores per distance.
    """

    def __init__(self, layer: WindowAttention) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        layer, length, window = self.layer, x.shape[1], self.layer.window
        shift = layer.shift
        token = torch.arange(length).view(-1, window)  # (N, W)
        qkv = layer.to_qkv(layer.norm(x)).roll(-shift, 1)[:, token]  # (B, N, W, 3 * A * D)
        inner = layer.heads * layer.head_width
        qk, v = qkv[..., : 2 * inner], qkv[..., 2 * inner :]
        rotary = isinstance(layer.position, Rotary)
        if rotary:  # its tables hold the scale of the queries
            swapped = qk.unflatten(-1, (2 * layer.heads, 2, -1)).flip(-2).flatten(-3)
            qk = qk * layer.position.cos + swapped * layer.position.sin
        q, k = qk.unflatten(-1, (2, layer.heads, -1)).unbind(-3)  # (B, N, W, A, D)
        logits = torch.einsum("bniad,bnjad->bnaij", q, k.to(q.dtype))
        if not rotary:
            logits = logits * layer.head_width**-0.5 + layer.position.matrix(window)
        if shift:
            late = torch.arange(window) >= window - shift
            mask = torch.zeros(len(token), 1, window, window, dtype=torch.bool)
            mask[-1] = late[:, None] != late[None, :]
            logits = logits.masked_fill(mask, -torch.inf)
        weights = logits.softmax(-1)
        attended = torch.einsum("bnaij,bnjad->bniad", weights, v.unflatten(-1, (layer.heads, -1)).to(weights.dtype))
        attended = attended.reshape(x.shape[0], length, inner).roll(shift, 1)
        out: Tensor = layer.to_out(attended)
        return out


class TextbookLayer(nn.Module):
    """x + attention(x), then x + feed-forward(x)."""

    def __init__(self, layer: TransformerLayer) -> None:
        super().__init__()
        self.attention = TextbookAttention(layer.attention) if layer.attention is not None else None
        self.feed_forward = layer.feed_forward

    def forward(self, x: Tensor, maps: None = None) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        if self.attention is not None:
            x = x + self.attention(x)
        return x if self.feed_forward is None else x + self.feed_forward(x)


def textbook(model: nn.Module) -> nn.Module:
    """Put textbook attention into every layer of the model, which keeps its weights."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, TransformerLayer):
                setattr(parent, name, TextbookLayer(child))
    return model


def enformer_like(model: TrackModel) -> nn.Module:
    """An Enformer as wide and as deep as the model's final layers, for the same bins and tracks."""
    from enformer_pytorch import Enformer  # here, or its memory would count for all that `predict.py` measures

    config = model.config
    step = 6 * config.final[0].heads  # what its relative positions can divide
    made: nn.Module = Enformer.from_hparams(
        dim=config.bin_channels // step * step,
        depth=len(config.final),
        heads=config.final[0].heads,
        output_heads={"tracks": model.n_tracks},
        target_length=model.geometry.core_bins,
        dim_divisible_by=8,
    )
    return made.eval()


def seconds(work: Callable[[], object], clock: Clock = time.process_time) -> float:
    """Of one call: the process's CPU time, or by another clock."""
    started = clock()
    work()
    return clock() - started


def matrix_rate(dtype: torch.dtype, clock: Clock = time.process_time) -> float:
    """Operations a second of a large matrix product."""
    a, b = torch.randn(2, 2048, 2048).to(dtype)
    return 2 * 2048**3 / statistics.median(seconds(lambda: a @ b, clock) for _ in range(9))


def copy_rate(clock: Clock = time.process_time) -> float:
    """Bytes a second, read and written, of a copy of 256 MB."""
    a = torch.randn(1 << 26)
    b = torch.empty_like(a)
    return 2 * a.nbytes / statistics.median(seconds(lambda: b.copy_(a), clock) for _ in range(5))


def floor_seconds(model: nn.Module, tokens: Tensor, dtype: torch.dtype, matrix: float, copy: float) -> float:
    """What a pass over the batch takes at the least at these rates."""
    costs = layer_costs(model, tokens)
    return sum(max(operations / matrix, numbers * dtype.itemsize / copy) for _, operations, numbers in costs)


def layer_costs(model: nn.Module, tokens: Tensor) -> list[tuple[str, int, int]]:
    """(name, operations, numbers read and written) of the stem, every Transformer layer and every merge."""
    numbers: dict[str, int] = {}
    handles = []
    for name, module in model.named_modules():
        if isinstance(module, TransformerLayer) or name == "stem" or name.endswith(".merge"):
            passes = 2 if isinstance(module, TransformerLayer) else 1

            def note(_: object, args: tuple[Tensor], out: Tensor, name: str = name, passes: int = passes) -> None:
                numbers[name] = passes * (args[0].numel() + out.numel())

            handles.append(module.register_forward_hook(note))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(tokens)
    for handle in handles:
        handle.remove()
    counts = counter.get_flop_counts()
    root = type(model).__name__
    within = {name: counts.get(f"{root}.{name}") for name in numbers}  # None of a layer without any products
    return [(name, sum(found.values()), numbers[name]) for name, found in within.items() if found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--other", help="another model, as the one that was bundled before")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    ours, plain = (load_model(options.model, CPU).module for _ in range(2))
    plain = textbook(plain)
    enformer = enformer_like(ours)
    other = load_model(options.other, CPU).module if options.other else None
    tokens = torch.randint(0, 4, (options.batch_size, ours.geometry.input_bp), dtype=torch.uint8)
    bases, operations = tokens.long(), sum(cost[1] for cost in layer_costs(ours, tokens))
    print(f"{torch.get_num_threads()} thread(s), {options.batch_size} tiles, {operations / 1e9:.1f} GFLOP")
    print(f"enformer-pytorch: dim {enformer.dim}, {count_parameters(enformer) / 1e6:.1f} M parameters")
    for dtype in (torch.float32, torch.bfloat16):
        matrix, copy = matrix_rate(dtype), copy_rate()
        floor = floor_seconds(ours, tokens, dtype, matrix, copy)
        print(f"\n{dtype}: {matrix / 1e9:.0f} GFLOP/s, {copy / 1e9:.1f} GB/s")
        works: dict[str, Callable[[], Tensor]] = {
            "genint": lambda: ours(tokens),
            "textbook attention": lambda: plain(tokens),
            "Enformer": lambda: enformer(bases)["tracks"],
        }
        with inference(CPU, dtype):
            difference = (works["genint"]() - works["textbook attention"]()).abs().max()
            if dtype == torch.float32:
                torch.testing.assert_close(works["genint"](), works["textbook attention"](), atol=1e-4, rtol=1e-4)
            if other is not None:
                works[options.other] = lambda: other(tokens)
                works[options.other]()
            works["Enformer"]()
            taken: dict[str, list[float]] = {name: [] for name in works}
            for _ in range(options.repeats):
                for name, work in works.items():
                    taken[name].append(seconds(work))
        print(f"largest difference from textbook attention: {difference:.1g}")
        print(f"{'':20} ms a tile   times the floor   times genint")
        rows = {"floor": [floor] * options.repeats, **taken}
        for name, values in rows.items():
            ratio = statistics.median(a / b for a, b in zip(values, taken["genint"], strict=True))
            median = statistics.median(values)
            print(f"{name:20} {1e3 * median / options.batch_size:9.1f} {median / floor:17.2f} {ratio:14.2f}")


if __name__ == "__main__":
    main()
