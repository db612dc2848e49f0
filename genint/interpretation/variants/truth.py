"""How scores fit measured effects: correlations and AUROC with intervals, beside what the assay itself reaches.

The measurements are a tab-separated table with columns chrom, pos (1-based), ref, alt and effect, positive where the
alternative has more; perhaps replicate, the same effect measured once more. The ceiling of a figure is that of the
replicate in the score's place: nothing can be expected to agree with an assay better than the assay does.

    pearson, spearman    logSUM against effect
    auroc_sign           of logSUM, telling effects above 0 from those below 0
    auroc_size           of |logSUM|, telling the quarter with the largest |effect| from the rest

Intervals: 95 % of a bootstrap over variants. A variant that is measured several times is a row each time.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from genint.arrays import F64, Mask
from genint.errors import InputError
from genint.genome.region import MOST_DIGITS
from genint.interpretation.variants.files import read_part
from genint.interpretation.variants.scorer import judge_row
from genint.interpretation.variants.settings import VariantJob
from genint.interpretation.variants.vcf import read_vcf
from genint.text import read_lines

STATISTICS = ("pearson", "spearman", "auroc_sign", "auroc_size")
_KEYS = ["chrom", "pos", "ref", "alt"]
_DRAWS, _SEED, _FEWEST = 500, 0, 3

_Key = tuple[str, int, str, str]  # of a row: what _KEYS names


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
    lines = ((number, line) for number, line in enumerate(read_lines(path, expected), start=1) if line.strip())
    first, header = next(lines, (1, ""))
    names = header.split("\t")
    if missing := [name for name in [*_KEYS, "effect"] if name not in names]:
        raise InputError(f"`truth` {path}, line {first}: no column named {', '.join(missing)}. Expected {expected}")
    if repeated := [name for name in [*_KEYS, "effect", "replicate"] if names.count(name) > 1]:
        raise InputError(
            f"`truth` {path}, line {first}: more than one column named {', '.join(repeated)}. Keep one of each"
        )
    rows = [_read_row(f"`truth` {path}, line {number}", line, names) for number, line in lines]
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
    pos = row["pos"]
    if not (pos.isascii() and pos.isdigit() and len(pos) <= MOST_DIGITS):
        raise InputError(f"{place}: pos {pos[:20]!r} is not a whole number of at most {MOST_DIGITS} digits")
    numbers = [_read_number(place, name, row.get(name, "")) for name in ("effect", "replicate")]
    return row["chrom"], int(pos), row["ref"].upper(), row["alt"].upper(), numbers[0], numbers[1]


def _read_number(place: str, name: str, text: str) -> float:
    """NaN for a measurement that is missing."""
    if text.lower() in ("", ".", "na", "nan"):
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value) or "_" in text:  # Python reads 1_0 as 10
        raise InputError(f"{place}: {name} {text[:20]!r} is not a finite number")
    return value


def check_matches(truth: pd.DataFrame, path: Path | str, vcf: Path | str, job: VariantJob) -> None:
    """InputError where fewer than 3 rows of the truth in `path` will have a score: before the model scores any."""
    wanted = list(truth.dropna(subset="effect")[_KEYS].itertuples(index=False, name=None))
    found = set(_scored_keys(set(wanted), vcf, job))
    _check_count(f"`truth` {path}", sum(key in found for key in wanted), len(wanted))


def _scored_keys(wanted: set[_Key], vcf: Path | str, job: VariantJob) -> Iterator[_Key]:
    """Those of the wanted keys that a row of the VCF has, with a status that is scored."""
    chroms: dict[str, str | None] = {}
    for row in read_vcf(vcf):
        if row.fault:
            continue
        if row.chrom not in chroms:
            chroms[row.chrom] = job.find_chrom(row.chrom, f"{vcf}, line {row.line}")
        chrom = chroms[row.chrom]
        keys = [(chrom or "", row.pos, row.ref.upper(), alt.upper()) for alt in row.alts]
        if not wanted.isdisjoint(keys):
            yield from (keys[each.number] for each in judge_row(job, row, chrom) if each.status.is_scored)


def _check_count(name: str, scored: int, measured: int) -> None:
    if scored < _FEWEST:
        raise InputError(
            f"{name}: {scored} of its {measured} measured row(s) have a score. Expected at least {_FEWEST}: "
            "the same chrom, pos, ref and alt as in the VCF"
        )


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
    _check_count("`truth`", len(joined), len(measured))
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
