"""Chromosomes are dealt to parts, each of which is a job."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.genome.fasta import Genome

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "workflow" / "scripts" / "deal_parts.py"))
GENOME = ROOT / "example_data" / "genome.fa"


def run(folder: Path, *beds: str, most: int = 100) -> pd.DataFrame:
    """The table that the script makes of the example genome."""
    job: Any = SimpleNamespace(
        input=SimpleNamespace(genome=str(GENOME), regions=beds),
        output=[str(folder / "parts.tsv")],
        log=[str(folder / "log")],
        params=SimpleNamespace(most=most),
    )
    SCRIPT["main"](job)
    return pd.read_csv(folder / "parts.tsv", sep="\t")


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 1_000), min_size=1), st.integers(1, 9))
def test_every_chromosome_is_in_one_part_and_no_part_is_empty(bp: dict[str, int], most: int) -> None:
    parts = SCRIPT["deal"](bp, most)
    assert sorted(chrom for part in parts for chrom in part) == sorted(bp)
    assert len(parts) == min(most, len(bp))
    assert all(parts)


@given(st.lists(st.integers(1, 1_000), min_size=1), st.integers(1, 9))
def test_no_part_is_longer_than_another_by_more_than_its_last_chromosome(lengths: list[int], most: int) -> None:
    bp = {f"chr{number}": length for number, length in enumerate(lengths)}
    sums = [sum(bp[chrom] for chrom in part) for part in SCRIPT["deal"](bp, most)]
    lasts = [bp[part[-1]] for part in SCRIPT["deal"](bp, most)]
    assert all(whole - last <= min(sums) for whole, last in zip(sums, lasts, strict=True))


def test_a_part_is_named_for_its_longest_chromosome(tmp_path: Path) -> None:
    table = run(tmp_path, most=2)
    with Genome(GENOME) as genome:
        sizes = genome.sizes
    assert table.to_dict("list") == {
        "part": ["1-chr1", "2-chr2"],
        "chroms": ["chr1", "chr2,chr3"],
        "bp": [sizes["chr1"], sizes["chr2"] + sizes["chr3"]],
    }


def test_chromosomes_without_rows_have_no_part_and_unknown_ones_are_noted(tmp_path: Path) -> None:
    bed = tmp_path / "peaks.bed"
    bed.write_text("3\t0\t100\nchrUn_1\t0\t100\nchr3\t50\t200\n")
    assert run(tmp_path, str(bed)).to_dict("list") == {"part": ["1-chr3"], "chroms": ["chr3"], "bp": [250]}
    assert f"1 of 3 row(s) of {bed} lie on no chromosome of {GENOME}" in (tmp_path / "log").read_text()


def test_a_bed_of_another_genome_is_refused_in_one_line(tmp_path: Path) -> None:
    bed = tmp_path / "peaks.bed"
    bed.write_text("chrUn_1\t0\t100\n")
    with pytest.raises(SystemExit, match=r"peaks\.bed: no row lies on a chromosome of \S*genome\.fa"):
        run(tmp_path, str(bed))
    assert "no row lies" in (tmp_path / "log").read_text()
    assert not (tmp_path / "parts.tsv").exists()
