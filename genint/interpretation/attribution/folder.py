"""Attributions as files.

OUT/
  contributions.bw   per base, the mean where regions overlap; browsers draw it as letters (dynseq)
  bases.tsv          a row per region and base: what it contributes, what each other base would change
  regions.tsv        a row per region: where it and its target lie, the score, the sum of contributions
  modisco/           hypothetical scores for TF-MoDISco, where regions have one even width
  motifs.tsv         strong stretches and the known motif that is nearest to each
  check.tsv          what the explanations mean: see checks.py
  logos/             a figure per region
  run.json           how it was made
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genint.arrays import F32
from genint.console import Console
from genint.errors import InputError
from genint.interpretation.attribution.attribution import Attribution
from genint.interpretation.attribution.modisco import SMALLEST_BP, write_modisco
from genint.interpretation.attribution.motifs import Motif, name_seqlets
from genint.output.bigwig import BigWigWriter
from genint.output.new_folder import new_folder
from genint.output.report import RUN_FILE
from genint.prediction.installed import check_extra
from genint.provenance import provenance
from genint.reporting.plots import save_figure
from genint.text import write_tsv

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_LOGOS = 100


def write_attributions(
    out: Path,
    attributions: Iterable[Attribution],
    sizes: Mapping[str, int],
    *,
    motifs: Sequence[Motif] = (),
    logos: bool = False,
    checks: Callable[[Sequence[Attribution]], "DataFrame"] | None = None,
    console: Console | None = None,
    report: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the folder, complete or not at all; returns its files. All attributions are in memory at the end.

    `sizes` are the genome's chromosomes; `checks` makes the table of that name; `report` goes into run.json.
    Raises OutputError for a folder that is not empty or cannot be written, InputError for no region and, before the
    first attribution is asked for, without a library that motifs or logos need.
    """
    console = console or Console(quiet=True)
    if motifs:
        check_extra("memelite", "`motifs`", "explain")
    if logos:
        check_extra("logomaker", "`logos`", "explain")
    with new_folder(out) as folder:
        found = _write_bases(folder, attributions)
        if not found:
            raise InputError("`regions`: there is none. Expected at least one region")
        write_tsv(folder / "regions.tsv", summarize(found))
        _write_bigwig(folder / "contributions.bw", found, sizes)
        _write_modisco(folder / "modisco", found, console)
        if motifs:
            write_tsv(folder / "motifs.tsv", name_seqlets(found, motifs), float_format="%.6g")
        if checks:
            write_tsv(folder / "check.tsv", checks(found), float_format="%.6g")
        if logos:
            _draw(folder / "logos", found, console)
        (folder / RUN_FILE).write_text(json.dumps({**provenance(), **(report or {})}, indent=1) + "\n")
    return sorted(file for file in out.rglob("*") if file.is_file())


def _write_bases(folder: Path, attributions: Iterable[Attribution]) -> list[Attribution]:
    found: list[Attribution] = []
    for attribution in attributions:
        table = attribution.to_pandas()
        table.insert(0, "region", len(found) + 1)
        write_tsv(folder / "bases.tsv", table, float_format="%.6g", append=bool(found))
        found.append(attribution)
    return found


def summarize(attributions: Sequence[Attribution]) -> "DataFrame":
    """A row per attribution, numbered from 1: region, target (0-based, half-open), score, sum of contributions."""
    from pandas import DataFrame

    rows = [
        {
            "region": number,
            "name": each.name,
            "chrom": each.region.chrom,
            "start": each.region.start,
            "end": each.region.end,
            "target_start": each.target.start,
            "target_end": each.target.end,
            "tracks": len(each.tracks),
            "score": each.score,
            "contributions": float(each.contributions.sum(dtype=np.float64)),
        }
        for number, each in enumerate(attributions, start=1)
    ]
    return DataFrame(rows)


def average_contributions(attributions: Sequence[Attribution]) -> Iterator[tuple[int, F32]]:
    """Stretches that regions of one chromosome cover, in order: the first base, and contributions (bases,) from there.

    Where regions overlap these are their mean. Memory is that of the longest stretch.
    """
    for stretch in _overlapping(attributions):
        first, last = stretch[0].region.start, max(each.region.end for each in stretch)
        total, count = np.zeros(last - first), np.zeros(last - first)
        for each in stretch:
            covered = slice(each.region.start - first, each.region.end - first)
            total[covered] += each.contributions
            count[covered] += 1
        yield first, (total / count).astype(np.float32)


def _overlapping(attributions: Sequence[Attribution]) -> Iterator[list[Attribution]]:
    """Groups without a gap between their regions, by where they start."""
    group: list[Attribution] = []
    end = 0
    for each in sorted(attributions, key=lambda each: each.region.start):
        if group and each.region.start > end:
            yield group
            group = []
        group.append(each)
        end = max(end, each.region.end)
    yield group


def _write_bigwig(path: Path, attributions: Sequence[Attribution], sizes: Mapping[str, int]) -> None:
    touched = {each.region.chrom for each in attributions}
    with BigWigWriter(path, sizes, bin_bp=1) as bigwig:
        for chrom in (name for name in sizes if name in touched):
            for first, values in average_contributions([each for each in attributions if each.region.chrom == chrom]):
                bigwig.add(chrom, first, values)


def _write_modisco(folder: Path, attributions: Sequence[Attribution], console: Console) -> None:
    width = max(len(each.region) for each in attributions)
    if width % 2 or width < SMALLEST_BP:
        console.say(f"no input for modisco: regions of {width} bp; it takes an even number, {SMALLEST_BP} or more")
        return
    kept = write_modisco(folder, attributions, width)
    if kept < len(attributions):
        console.say(f"modisco gets {kept:,} of {len(attributions):,} regions: those of {width:,} bp without N")


def _draw(folder: Path, attributions: Sequence[Attribution], console: Console) -> None:
    folder.mkdir()
    if len(attributions) > MOST_LOGOS:
        console.say(f"logos of the first {MOST_LOGOS} of {len(attributions):,} regions")
    for number, each in enumerate(attributions[:MOST_LOGOS], start=1):
        save_figure(each.plot(), folder / f"{number}_{each.region.start + 1}_{each.region.end}")
