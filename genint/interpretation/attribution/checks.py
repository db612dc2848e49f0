"""Whether explanations mean anything: controls that they must differ from, and what happens to the bases they point at.

Controls (Adebayo et al. 2018, arXiv 1810.03292): the same method on a model whose weights are shuffled, all of them or
those of the head alone; and on the tracks that were not asked for, which sets a floor, as one model's assays share
much. Deletion and insertion (Petsiuk et al. 2018, arXiv 1806.07421): the score when the bases that contribute most
become unknown, and when they alone are known in the region, beside random bases.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from genint.arrays import F32, F64, I64, U8
from genint.genome.dna import UNKNOWN
from genint.interpretation.attribution.attribution import Attribution
from genint.interpretation.attribution.regions import Prepared, explain, torch_threads
from genint.models.base import TrackModel
from genint.prediction.devices import exact_products
from genint.prediction.workers import Halt, in_order, stoppable_cores

if TYPE_CHECKING:
    from pandas import DataFrame

FRACTIONS = (0.05, 0.1, 0.2, 0.5)  # of a region's bases that are deleted or inserted
RANDOM_ORDERS = 5
_SEED = 0


class CheckRow(NamedTuple):
    """A row of check.tsv. `value` and, of `random` bases, the same; NaN where there is none."""

    check: str
    fraction: float
    value: float
    random: float
    meaning: str


def check_attributions(prepared: Prepared, attributions: Sequence[Attribution]) -> "DataFrame":
    """The table of all checks, CheckRow's columns; figures are means over regions."""
    from pandas import DataFrame

    rows = [*_compare_controls(prepared, attributions), *_change_bases(prepared, attributions)]
    return DataFrame(rows, columns=CheckRow._fields)


def rank_correlation(first: F32 | F64, second: F32 | F64) -> float:
    """Spearman's correlation of two scores per base, (L,) each; NaN where one of them is constant."""
    one, other = (_rank(np.asarray(scores, np.float64)) for scores in (first, second))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def agreement(first: Sequence[F32 | F64], second: Sequence[F32 | F64]) -> float:
    """The mean over regions of the rank correlation between the sizes of two methods' scores, (L,) for each region.

    Regions where one of them is constant have none; NaN where all are such.
    """
    pairs = zip(first, second, strict=True)
    found = np.array([rank_correlation(np.abs(one), np.abs(other)) for one, other in pairs])
    known = found[np.isfinite(found)]
    return float(known.mean()) if len(known) else float("nan")


def shuffle_weights(module: TrackModel, *, head_only: bool) -> TrackModel:
    """A copy whose weights are dealt out anew within every tensor, or within those of the head's alone."""
    shuffled = deepcopy(module)
    draw = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for weights in (shuffled.head if head_only else shuffled).parameters():
            order = torch.randperm(weights.numel(), generator=draw).to(weights.device)
            weights.copy_(weights.flatten()[order].view_as(weights))
    return shuffled


def _compare_controls(prepared: Prepared, attributions: Sequence[Attribution]) -> list[CheckRow]:
    meaning = "rank correlation of the sizes of contributions with those of the control; near 0 is good"
    controls = {
        "all weights shuffled": _with_module(prepared, shuffle_weights(prepared.model.module, head_only=False)),
        "head shuffled": _with_module(prepared, shuffle_weights(prepared.model.module, head_only=True)),
    }
    if others := sorted(set(range(len(prepared.model.tracks))) - set(prepared.columns)):
        controls["other tracks"] = prepared._replace(columns=others)
    contributions = [each.contributions for each in attributions]
    return [
        CheckRow(
            name,
            float("nan"),
            agreement(contributions, [each.contributions for each in explain(control)]),
            float("nan"),
            meaning if name != "other tracks" else "the same with the tracks that were not asked for: the floor",
        )
        for name, control in controls.items()
    ]


def _with_module(prepared: Prepared, module: TrackModel) -> Prepared:
    return prepared._replace(model=replace(prepared.model, module=module))


def _change_bases(prepared: Prepared, attributions: Sequence[Attribution]) -> list[CheckRow]:
    threads = prepared.count_threads()
    windows = ((n, each, *prepared.read_window(prepared.places[n])) for n, each in enumerate(attributions))
    with torch_threads(1), exact_products(prepared.device), stoppable_cores(threads) as (pool, halt):
        changed = in_order(lambda opened: pool.submit(_change_region, prepared, halt, *opened), windows, 2 * threads)
        values = np.mean([found for _, found in changed], axis=0)
    meanings = {
        "deletion": "change of the score when so many of the strongest bases are unknown; below random is good",
        "insertion": "the same when they alone are known in the region; above random is good",
    }
    return [
        CheckRow(name, fraction, float(values[i, j, 0]), float(values[i, j, 1]), meaning)
        for i, (name, meaning) in enumerate(meanings.items())
        for j, fraction in enumerate(FRACTIONS)
    ]


def _change_region(
    prepared: Prepared, halt: Halt, number: int, attribution: Attribution, window: U8, positions: slice
) -> F64:
    """(2, fractions, 2): deletion and insertion; by contribution, and the mean over random orders."""
    draw = np.random.default_rng([_SEED, number])
    ranked = np.argsort(-attribution.contributions, kind="stable")
    orders = [ranked, *(draw.permutation(len(ranked)) for _ in range(RANDOM_ORDERS))]
    changed = [_change(window, positions, order, insert) for insert in (False, True) for order in orders]
    target, device = prepared.target(prepared.places[number]), prepared.device

    def score(tokens: U8) -> float:
        halt.check()
        return float(target.score(prepared.model.module, torch.from_numpy(tokens)[None].to(device)))

    with torch.inference_mode():
        scores = [score(tokens) for several in changed for tokens in several]
    changes = np.array(scores).reshape(2, len(orders), len(FRACTIONS)) - attribution.score
    return np.stack([changes[:, 0], changes[:, 1:].mean(1)], axis=-1)


def _change(window: U8, positions: slice, order: I64, insert: bool) -> list[U8]:
    """The window for each fraction: its first bases in `order` unknown, or all others of the region."""
    windows = []
    for fraction in FRACTIONS:
        n = int(np.ceil(fraction * len(order)))
        tokens = window.copy()
        tokens[positions.start + (order[n:] if insert else order[:n])] = UNKNOWN
        windows.append(tokens)
    return windows


def _rank(values: F64) -> F64:
    """Ranks from 0, equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: F64 = (np.cumsum(counts) - (counts + 1) / 2)[inverse]
    return ranks
