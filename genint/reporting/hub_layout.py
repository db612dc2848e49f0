"""What goes into a hub: its runs by assembly, and the names of its files, all relative to its folder."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genint.genome.fasta import Genome
from genint.output.made_of_run import CHROM_SIZES, IGV_SESSION, TRACK_DB
from genint.reporting.browser_tracks import Run, Signal
from genint.reporting.ucsc_assemblies import find_ucsc_name


@dataclass(frozen=True, kw_only=True)
class HubAssembly:
    """The runs on one assembly. `name` is UCSC's if it `is_known` there; `genome`: its DNA, where it was given."""

    name: str
    is_known: bool
    runs: Sequence[Run]
    genome: Genome | None = None

    @property
    def sizes(self) -> Mapping[str, int]:
        return self.runs[0].sizes

    @property
    def two_bit(self) -> str:
        return f"{self.name}.2bit"

    @property
    def chrom_sizes(self) -> str:
        return CHROM_SIZES.format(self.name)

    @property
    def igv_session(self) -> str:
        return IGV_SESSION.format(self.name)

    @property
    def track_db(self) -> str:
        return TRACK_DB.format(self.name)


def path_of(run: Run, signal: Signal) -> str:
    """Where a bigWig of a run lies in the hub."""
    return f"{run.name}/{signal.file}"


def name_runs(folders: Iterable[Path]) -> list[str]:
    """A name for each folder, from its own, that is safe in paths and differs from all others."""
    taken: set[str] = set()
    return [make_name(folder.resolve().name, taken) for folder in folders]


def sort_by_assembly(runs: Sequence[Run], genomes: Mapping[str, Genome]) -> list[HubAssembly]:
    """Runs whose chromosomes are the same share an assembly. `genomes` are by the digest of these."""
    digests = dict.fromkeys(run.genome["digest"] for run in runs)
    taken: set[str] = set()
    assemblies = []
    for digest in digests:
        members = [run for run in runs if run.genome["digest"] == digest]
        known = find_ucsc_name(members[0].sizes)
        name = make_name(known or members[0].genome["assembly"], taken)
        is_known = name == known
        assemblies.append(HubAssembly(name=name, is_known=is_known, runs=members, genome=genomes.get(digest)))
    return assemblies


def make_name(text: str, taken: set[str]) -> str:
    """Letters, digits and underscores, a letter first, unlike any in `taken` (in any case), to which it is added."""
    stem = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")[:60] or "track"
    stem = stem if stem[0].isalpha() else f"t{stem}"
    name, number = stem, 2
    while name.lower() in taken:
        name, number = f"{stem}_{number}", number + 1
    taken.add(name.lower())
    return name


def in_one_line(text: str) -> str:
    """Without control characters, which neither a hub's settings nor XML can hold; single blanks between words."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
