"""1D-Swin blocks on text: guess masked characters, some of which agree with a word hundreds of characters away.

    python examples/masked_characters.py [--steps 500] [--seeds 1 2]

Trains models of equal size on text that a grammar makes up (agreement_text.py): 1D-Swin blocks whose tokens merge on
the way up and are spread out again, and Transformers of one resolution with windows that are never shifted.
Prints as Markdown how many masked characters each guesses.
"""

import argparse
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from agreement_text import LETTERS, Excerpt, Grammar
from torch import Tensor, nn

from genint.models.swin1d import BlockConfig, LayerConfig, Swin1dBlock, TransformerLayer

LENGTH = 128  # characters of an excerpt
MASK = len(LETTERS)  # the code of a masked character
BANDS = ((0, 20), (20, 40), (40, 60))  # characters between a noun and the letter that agrees with it
BATCH, LEARNING_RATE = 32, 2e-3


class SwinCharacters(nn.Module):
    """1D-Swin blocks up, then back to characters: (B, L) codes -> (B, L, letters).

    The last block must get a multiple of its window: L is a multiple of 2 ** (blocks - 1) windows.

    Block k reads tokens of 2 ** (k - 1) characters. On the way back, a token's two halves get what it knows, added to
    what they were before they merged.
    """

    def __init__(self, channels: int = 32, blocks: int = 4, window: int = 16) -> None:
        super().__init__()
        config = BlockConfig(channels=channels, window=window, heads=4, head_width=8, hidden=2 * channels)
        self.embed = nn.Embedding(len(LETTERS) + 1, channels)
        self.blocks = nn.ModuleList(Swin1dBlock(config, channels) for _ in range(blocks))
        self.spread = nn.ModuleList(nn.Linear(channels, channels) for _ in range(blocks))
        last = LayerConfig(heads=0, head_width=2, hidden=2 * channels)
        self.mix = nn.ModuleList(TransformerLayer(last, channels, window) for _ in range(blocks))
        self.head = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, len(LETTERS)))

    def forward(self, codes: Tensor) -> Tensor:
        """(B, L) -> (B, L, letters)."""
        x, before = self.embed(codes), []  # (B, L, C)
        for block in self.blocks:
            before.append(x)
            x = block(x)  # (B, L / 2, C) of its input's L
        for spread, mix in zip(self.spread, self.mix, strict=True):
            x = mix(before.pop() + spread(x).repeat_interleave(2, dim=1))
        logits: Tensor = self.head(x)
        return logits


class PlainCharacters(nn.Module):
    """Attention in windows side by side, never shifted: (B, L) codes -> (B, L, letters). L is a multiple of them."""

    def __init__(self, window: int, channels: int = 32, layers: int = 11, hidden: int = 70) -> None:
        super().__init__()
        config = LayerConfig(heads=4, head_width=8, hidden=hidden)
        self.embed = nn.Embedding(len(LETTERS) + 1, channels)
        self.layers = nn.Sequential(*(TransformerLayer(config, channels, window) for _ in range(layers)))
        self.head = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, len(LETTERS)))

    def forward(self, codes: Tensor) -> Tensor:
        """(B, L) -> (B, L, letters)."""
        logits: Tensor = self.head(self.layers(self.embed(codes)))
        return logits


MODELS = {
    "1D-Swin blocks": SwinCharacters,
    "plain, windows of 32": lambda: PlainCharacters(32),
}


def count_parameters(model: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(parameter.numel() for parameter in model.parameters())


def mask(excerpts: Sequence[Excerpt], chance: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Codes with a twentieth of the characters and every agreeing letter masked, the true codes, and what is masked.

    (B, L) each; the last two are the other characters that are masked, and how far before an agreeing letter lies its
    noun: 0 where there is none.
    """
    true = torch.from_numpy(np.stack([excerpt.codes for excerpt in excerpts]))
    distances = torch.zeros_like(true)
    for row, excerpt in enumerate(excerpts):
        distances[row, excerpt.places] = torch.from_numpy(excerpt.distances)
    others = torch.from_numpy(chance.random(true.shape) < 0.05) & (distances == 0)
    return true.masked_fill(others | (distances > 0), MASK), true, others, distances


def train(model: nn.Module, grammar: Grammar, steps: int, seed: int) -> Iterator[float]:
    """Yield the loss of each step: cross entropy of agreeing letters plus that of others, in text never seen twice."""
    chance = np.random.default_rng([seed, 1])
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        codes, true, others, distances = mask([grammar.write(LENGTH, chance) for _ in range(BATCH)], chance)
        logits = model(codes)
        agreeing = distances > 0
        loss = F.cross_entropy(logits[agreeing], true[agreeing]) + F.cross_entropy(logits[others], true[others])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()


@torch.inference_mode()
def score(model: nn.Module, grammar: Grammar, excerpts: int = 256) -> dict[str, float]:
    """The fraction guessed right: of agreeing letters, by how far back their noun is, and of other characters."""
    chance = np.random.default_rng(0)
    codes, true, others, distances = mask([grammar.write(LENGTH, chance) for _ in range(excerpts)], chance)
    right = torch.cat([model(part).argmax(-1) for part in codes.split(BATCH)]) == true  # (B, L)
    scores = {
        f"noun {first} to {last} before": right[(distances > first) & (distances <= last)].float().mean().item()
        for first, last in BANDS
    }
    return scores | {"other characters": right[others].float().mean().item()}


def main() -> None:
    """Train and score every model with every seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    options = parser.parse_args()
    grammar = Grammar()
    for name in options.models:
        for seed in options.seeds:
            torch.manual_seed(seed)
            model, started = MODELS[name](), time.process_time()
            losses = list(train(model, grammar, options.steps, seed))
            seconds = time.process_time() - started
            scores = score(model.eval(), grammar)
            cells = [name, str(seed), f"{count_parameters(model):,}", f"{seconds:.0f}", f"{losses[-1]:.3f}"]
            print(" | ".join([*cells, *(f"{value:.3f}" for value in scores.values())]), flush=True)


if __name__ == "__main__":
    main()
