"""How scores fit measured effects: correlations and AUROC with intervals, beside what the assay itself reaches.

The measurements are a tab-separated table with columns chrom, pos (1-based), ref, alt and effect, positive where the
alternative has more; perhaps replicate, the same effect measured once more. The ceiling of a figure is that of the
replicate in the score's place: nothing can be expected to agree with an assay better than the assay does.

    pearson, spearman    logSUM against effect
    auroc_sign           of logSUM, telling effects above 0 from those below 0
    auroc_size           of |logSUM|, telling the quarter with the largest |effect| from the rest

Intervals: 95 % of a bootstrap over variants. A variant that is measured several times is a row each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from genint.arrays import F64, Mask
from genint.errors import InputError
from genint.interpretation.variants.files import read_part
from genint.interpretation.variants.settings import VariantJob
from genint.text import read_lines

STATISTICS = ("pearson", "spearman", "auroc_sign", "auroc_size")
_KEYS = ["chrom", "pos", "ref", "alt"]
_DRAWS, _SEED, _FEWEST = 500, 0, 3


@dataclass(frozen=True)
class Agreement:
    """How the scores fit: a row per track with n, and each of STATISTICS with `_low` and `_high`; the same of the
    replicate, in a last row `ceiling`. `measured`: rows of the truth; `scored`: those with a score.
    """

    measured: int
    scored: int
    table: pd.DataFrame

    @property
    def statistics(self) -> tuple[str, ...]:
        """Their names."""
        return STATISTICS

    def to_records(self) -> list[dict[str, str | float | None]]:
        """A dictionary per row, None for a figure that is undefined."""
        rows = self.table.astype(object).where(self.table.notna(), None).to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in rows]


def read_truth(path: Path | str, job: VariantJob) -> pd.DataFrame:
    """chrom (the genome's name), pos, ref, alt, effect, replicate (NaN where none). InputError naming line and column.

    Rows on chromosomes that the genome has not stay as they are, and fit no score.
    """
    expected = f"a tab-separated table with columns {', '.join([*_KEYS, 'effect'])}"
    lines = [line for line in read_lines(path, expected) if line.strip()]
    names = lines[0].split("\t") if lines else []
    if missing := [name for name in [*_KEYS, "effect"] if name not in names]:
        raise InputError(f"`truth` {path}, line 1: no column named {', '.join(missing)}. Expected {expected}")
    rows = [_read_row(f"`truth` {path}, line {number}", line, names) for number, line in enumerate(lines[1:], start=2)]
    if len(rows) < _FEWEST:
        raise InputError(f"`truth` {path}: holds {len(rows)} row(s). Expected at least {_FEWEST}")
    table = pd.DataFrame(rows, columns=[*_KEYS, "effect", "replicate"])
    known = {name: job.find_chrom(name, f"`truth` {path}") or name for name in table["chrom"].unique()}
    table["chrom"] = table["chrom"].map(known)
    return table


def _read_row(place: str, line: str, names: list[str]) -> tuple[str, int, str, str, float, float]:
    cells = line.split("\t")
    if len(cells) != len(names):
        raise InputError(f"{place}: found {len(cells)} column(s), the header has {len(names)}")
    row = dict(zip(names, cells, strict=True))
    if not (row["pos"].isascii() and row["pos"].isdigit()):
        raise InputError(f"{place}: pos {row['pos']!r} is not a whole number")
    numbers = [_read_number(place, name, row.get(name, "")) for name in ("effect", "replicate")]
    return row["chrom"], int(row["pos"]), row["ref"].upper(), row["alt"].upper(), numbers[0], numbers[1]


def _read_number(place: str, name: str, text: str) -> float:
    """NaN for a measurement that is missing."""
    if text.lower() in ("", ".", "na", "nan"):
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{place}: {name} {text!r} is not a number") from None


def compare(truth: pd.DataFrame, parts: Iterable[Path], job: VariantJob) -> Agreement:
    """Compare the scores in the parts of a table with a truth. InputError where fewer than 3 variants have both."""
    frames = (part[part["status"].isin(["ok", "ok_n_context", "edge_padded"])] for part in map(read_part, parts))
    wanted = pd.MultiIndex.from_frame(truth[_KEYS])
    found = pd.concat([_only(frame, wanted, job) for frame in frames])
    return agreement(truth, found)


def agreement(truth: pd.DataFrame, scores: pd.DataFrame) -> Agreement:
    """Of a truth as `read_truth` gives it, and scores with its keys and `TRACK.logSUM`. InputError as `compare`."""
    columns = [name for name in scores.columns if name.endswith(".logSUM")]
    measured = truth.dropna(subset="effect")
    joined = measured.merge(scores.drop_duplicates(_KEYS), on=_KEYS).dropna(subset=columns)
    if len(joined) < _FEWEST:
        raise InputError(
            f"`truth`: {len(joined)} of its {len(measured)} measured row(s) have a score. Expected at least {_FEWEST}: "
            "the same chrom, pos, ref and alt as in the VCF"
        )
    table = _figures(joined, [name.removesuffix(".logSUM") for name in columns], columns)
    again = joined.dropna(subset="replicate")
    if len(again) >= _FEWEST:
        table = pd.concat([table, _figures(again, ["ceiling"], ["replicate"])])
    return Agreement(len(measured), len(joined), table.reset_index(drop=True))


def _only(frame: pd.DataFrame, wanted: pd.MultiIndex, job: VariantJob) -> pd.DataFrame:
    """The rows of a part that the truth has, with its names of chromosomes and keys alone."""
    names = {name: job.find_chrom(name, "`truth`") for name in frame["chrom"].unique()}
    keys = frame.assign(
        chrom=frame["chrom"].map(names),
        pos=frame["pos"].astype("int64"),
        ref=frame["ref"].str.upper(),
        alt=frame["alt"].str.upper(),
    )
    columns = [*_KEYS, *(name for name in frame.columns if name.endswith(".logSUM"))]
    return keys.loc[pd.MultiIndex.from_frame(keys[_KEYS]).isin(wanted), columns]


def _figures(joined: pd.DataFrame, names: list[str], columns: list[str]) -> pd.DataFrame:
    """A row per column: n, and each statistic with its interval."""
    effect, scores = joined["effect"].to_numpy(np.float64), joined[columns].to_numpy(np.float64)
    large = np.abs(effect) >= np.quantile(np.abs(effect), 0.75)
    values = statistics(effect, scores, large)
    generator = np.random.default_rng(_SEED)
    draws = (generator.integers(len(effect), size=len(effect)) for _ in range(_DRAWS))
    drawn = np.stack([statistics(effect[draw], scores[draw], large[draw]) for draw in draws])
    interval = pd.DataFrame(drawn.reshape(_DRAWS, -1)).quantile([0.025, 0.975])  # draws that leave one undefined: out
    low, high = interval.to_numpy().reshape(2, *values.shape)
    table = pd.DataFrame({"track": names, "n": len(effect)})
    for number, name in enumerate(STATISTICS):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = values[number], low[number], high[number]
    return table


def statistics(effect: F64, scores: F64, large: Mask) -> F64:
    """Effects (N,), scores (N, T), which effects are large (N,) -> (4, T): STATISTICS. NaN where one is undefined."""
    ranks = _ranks(scores)
    moved = effect != 0
    return np.stack(
        [
            _correlation(effect, scores),
            _correlation(_ranks(effect[:, None])[:, 0], ranks),
            _auroc(effect[moved] > 0, _ranks(scores[moved])),
            _auroc(large, _ranks(np.abs(scores))),
        ]
    )


def _ranks(values: F64) -> F64:
    """Ranks in each column from 1, ties at their mean."""
    return pd.DataFrame(values).rank().to_numpy(np.float64)


def _correlation(x: F64, columns: F64) -> F64:
    x, columns = x - x.mean(), columns - columns.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r: F64 = (x @ columns) / np.sqrt((x @ x) * (columns**2).sum(axis=0))
    return r


def _auroc(positive: Mask, ranks: F64) -> F64:
    """The chance that a positive ranks above a negative."""
    n = positive.sum()
    if n == 0 or n == len(positive):
        return np.full(ranks.shape[1], np.nan)
    above: F64 = ranks[positive].sum(axis=0) - n * (n + 1) / 2
    share: F64 = above / (n * (len(positive) - n))
    return share
