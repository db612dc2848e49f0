"""The folder of a data set of basenji and baskerville: what lies in it, and whether its parts agree.

    DIR/statistics.json     seq_length, seq_1hot, pool_width, crop_bp, target_length, num_targets, {label}_seqs
    DIR/targets.txt         the track table
    DIR/sequences.bed       chrom, start, end, label; the k-th row of a label is its k-th record
    DIR/tfrecords/          {label}-{i}.tfr, i counting from 0: 10 comes after 9, not after 1

sequences.bed comes in two dialects, which differ in the width of its rows: as wide as the DNA (seq_length; Basenji2,
bed.write_bedgraph_v1) or as the targets (target_length x pool_width; later basenji_data.py, baskerville), the DNA
then reaching crop_bp further on both sides.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genint.console import Console
from genint.datasets.tfrecord import RecordShape
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.chromosome_names import Advice, reconcile
from genint.genome.fasta import Assembly
from genint.tracks.table import TrackTable, read_tracks


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What statistics.json says: lengths in bp and bins, and records per label."""

    shape: RecordShape
    pool_width: int
    crop_bp: int
    records: Mapping[str, int]

    @property
    def target_bp(self) -> int:
        """Bases that the bins of a record cover."""
        return self.shape.target_length * self.pool_width


def read_statistics(path: Path) -> Statistics:
    """Read statistics.json. Raises InputError for what is missing, no integer, or does not add up."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = ("seq_length", "target_length", "num_targets", "pool_width", "crop_bp")
        numbers = {name: content[name] for name in names}
        bad = [f"{name} = {value!r}" for name, value in numbers.items() if type(value) is not int or value < 0]
        if bad or 0 in (numbers["target_length"], numbers["num_targets"], numbers["pool_width"]):
            raise ValueError(f"numbers that cannot be: {', '.join(bad) or numbers}")
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror}). Expected a folder of basenji_data.py") from None
    except KeyError as error:
        raise InputError(f"{path}: has no {error}. Expected the statistics.json of basenji_data.py") from None
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: is damaged ({error}). Expected the statistics.json of basenji_data.py") from None
    if content.get("seq_depth", 4) != 4:
        raise InputError(f"{path}: seq_depth is {content['seq_depth']}. Only DNA, 4 bases, can be imported")
    shape = RecordShape(
        seq_length=numbers["seq_length"],
        target_length=numbers["target_length"],
        num_targets=numbers["num_targets"],
        one_hot=not content["seq_1hot"] if "seq_1hot" in content else None,
    )
    if shape.target_length * numbers["pool_width"] + 2 * numbers["crop_bp"] != shape.seq_length:
        raise InputError(
            f"{path}: target_length {shape.target_length} x pool_width {numbers['pool_width']} + 2 x crop_bp "
            f"{numbers['crop_bp']} is not seq_length {shape.seq_length}"
        )
    records = {name.removesuffix("_seqs"): n for name, n in content.items() if name.endswith("_seqs")}
    return Statistics(shape=shape, pool_width=numbers["pool_width"], crop_bp=numbers["crop_bp"], records=records)


def read_targets(path: Path, statistics: Statistics, transform: str) -> TrackTable:
    """The track table, with the recipe `transform`. Raises InputError when statistics.json counts other tracks."""
    tracks = read_tracks(path)
    if len(tracks) != statistics.shape.num_targets:
        raise InputError(f"{path}: lists {len(tracks)} tracks, statistics.json says {statistics.shape.num_targets}")
    return TrackTable(replace(track, transform=transform) for track in tracks)


def find_margin(bed: Path, rows: Sequence[BedRow], statistics: Statistics, console: Console) -> int:
    """Bases from a row's start to its first bin: the dialect, which is printed. Raises InputError for other widths."""
    widths = {statistics.target_bp: 0, statistics.shape.seq_length: statistics.crop_bp}
    first = len(rows[0].region)
    if first not in widths:
        raise InputError(
            f"{bed}, {rows[0].source}: is {first:,} bp wide. Expected rows as wide as the targets, "
            f"{statistics.target_bp:,} bp, or as the DNA, {statistics.shape.seq_length:,} bp"
        )
    for row in rows:
        if len(row.region) != first:
            raise InputError(f"{bed}, {row.source}: is {len(row.region):,} bp wide, {rows[0].source} {first:,} bp")
    what = "DNA" if first == statistics.shape.seq_length else "targets"
    console.say(
        f"{bed.name}: rows are as wide as the {what}, {first:,} bp; the DNA of a record is {_extent(statistics)}"
    )
    return widths[first]


def _extent(statistics: Statistics) -> str:
    return f"{statistics.shape.seq_length:,} bp, its bins begin {statistics.crop_bp:,} bp inside"


def match_chromosomes(
    bed: Path, rows: Sequence[BedRow], statistics: Statistics, margin: int, assembly: Assembly
) -> Mapping[str, str]:
    """Chromosome names as the assembly has them; as they are where its sizes are not known."""
    chroms = dict.fromkeys(row.region.chrom for row in rows)
    if not assembly.sizes:
        return {chrom: chrom for chrom in chroms}
    advice = Advice("Give the FASTA that the data are on", takes_aliases=False)
    names = reconcile(chroms, assembly.sizes, asked_by=str(bed), known_by=assembly.name, advice=advice)
    for row in rows:
        start, length = row.region.start + margin, assembly.sizes[names[row.region.chrom]]
        if start + statistics.target_bp > length:
            raise InputError(
                f"{bed}, {row.source}: its bins end at {start + statistics.target_bp:,}, {row.region.chrom} of "
                f"{assembly.name} is {length:,} bp long. The two are not of one assembly"
            )
    return names


def assign_splits(bed: Path, rows: Sequence[BedRow], valid: Sequence[str], test: Sequence[str]) -> dict[str, str]:
    """Label -> split, in the order of the BED."""
    labels = list(dict.fromkeys(row.name for row in rows))
    for name, requested in (("`valid`", valid), ("`test`", test)):
        for label in requested:
            if label not in labels:
                raise InputError(f"{name} {label}: no row of {bed} is labelled so. It has {', '.join(labels)}")
    both = sorted(set(valid) & set(test))
    if both:
        raise InputError(f"`valid` and `test`: both name {', '.join(both)}. A record belongs to one split")
    splits = {label: "valid" if label in valid else "test" if label in test else "train" for label in labels}
    if "train" not in splits.values():
        raise InputError("`valid` and `test`: leave no label to train on")
    return splits


def find_files(folder: Path, labels: Mapping[str, str]) -> dict[str, list[Path]]:
    """Label -> its files in the order of their numbers, which must be 0, 1, 2, ..."""
    found: dict[str, dict[int, Path]] = {label: {} for label in labels}
    for path in sorted(folder.glob("*.tfr")):
        if match := re.fullmatch(r"(.+)-(\d+)", path.stem):
            found.setdefault(match[1], {})[int(match[2])] = path
    for label, files in found.items():
        missing = next(number for number in range(len(files) + 1) if number not in files)
        if label not in labels:
            raise InputError(f"{files[min(files)]}: no row of sequences.bed is labelled {label}")
        if not files or missing < len(files):
            raise InputError(f"{folder / f'{label}-{missing}.tfr'}: is missing. Copy the records again")
    return {label: [files[number] for number in sorted(files)] for label, files in found.items()}


def check_counts(bed: Path, rows: Sequence[BedRow], statistics: Statistics) -> None:
    """Raise InputError when a label has another number of rows than statistics.json says."""
    for label, expected in statistics.records.items():
        count = sum(row.name == label for row in rows)
        if count != expected:
            raise InputError(f"{bed}: has {count} row(s) labelled {label}, statistics.json says {expected}")
