"""Verification finds the rows whose DNA is not the genome's, and the chunks that rotted."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.datasets.verify import verify
from genint.errors import InputError
from genint.genome.fasta import Genome
from tests.conftest import EXAMPLE, Run
from tests.datasets.records import CROP, Folder, write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return write_folder(tmp_path / "records", {"train": 6, "valid": 2, "test": 2})


@pytest.fixture
def dataset(folder: Folder, tmp_path: Path, genint: Run) -> Path:
    out = tmp_path / "dataset"
    assert genint("data", "import", "basenji", folder.path, "-o", out, "--assembly", "made-up").code == 0
    return out


def other_genome(path: Path, at: int) -> Path:
    """The example genome with one base of chr1 replaced by another, and what stands there now."""
    lines = (EXAMPLE / "genome.fa").read_text().splitlines()
    line, column = 1 + at // 60, at % 60
    old = lines[line][column]
    lines[line] = lines[line][:column] + ("C" if old.upper() == "A" else "A") + lines[line][column + 1 :]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("inside", [5, 300, 1_023 - CROP - 100])
def test_a_row_that_differs_is_named_with_its_first_base(
    inside: int, dataset: Path, folder: Folder, tmp_path: Path, genint: Run
) -> None:
    start = folder.starts["valid"][1]
    finished = genint("data", "verify", dataset, other_genome(tmp_path / "other.fa", start + inside))
    assert finished.code == 1
    header, row = (line.split("\t") for line in finished.out.splitlines())
    found = dict(zip(header, row, strict=True))
    assert (found["chrom"], found["start"], found["status"], found["bases"]) == ("chr1", str(start), "differs", "1")
    assert f"chr1:{start + inside + 1:,}: " in found["note"]
    line = (dataset / "segments.tsv").read_text().splitlines()[int(found["line"]) - 1]
    assert line.startswith(f"chr1\t{start}\t")
    assert finished.err.strip().splitlines()[-1].startswith(f"genint: error: {dataset}: 1 of 10 segments")


def test_damaged_and_missing_chunks_are_named_and_the_others_still_read(dataset: Path, genint: Run) -> None:
    damaged = dataset / "arrays.zarr" / "targets" / "c" / "3" / "0"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    (dataset / "arrays.zarr" / "dna" / "c" / "7").unlink()
    finished = genint("data", "verify", dataset, EXAMPLE / "genome.fa")
    assert finished.code == 1
    rows = [line.split("\t") for line in finished.out.splitlines()[1:]]
    assert [(row[0], row[4]) for row in rows] == [("5", "damaged"), ("9", "damaged")]
    assert str(damaged) in rows[0][-1]
    assert "dna/c/7: is missing" in rows[1][-1]


def test_a_lost_chunk_of_a_relative_is_named(related_dataset: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(related_dataset, tmp_path / "copy")
    with Genome(EXAMPLE / "genome.fa") as genome:
        assert list(verify(TrackDataset(copy), genome)) == []
        (copy / "arrays.zarr" / "relatives" / "c" / "1" / "14").unlink()  # of chr2, where the second begins
        findings = list(verify(TrackDataset(copy), genome))
    assert [(finding.chrom, finding.status) for finding in findings] == [("chr2", "damaged")]
    assert "relatives/c/1/14: is missing" in findings[0].note


def test_a_data_set_that_genint_made_is_its_genome_s(example_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genint.datasets.verify._BLOCK_BP", 10_007)
    steps: list[int] = []

    class Watched(Console):
        @contextmanager
        def progress(self, label: str, total: int, unit: str = "") -> Iterator[Callable[[int], None]]:
            assert total == 3
            yield steps.append

    with Genome(EXAMPLE / "genome.fa") as genome:
        assert list(verify(TrackDataset(example_dataset), genome, console=Watched())) == []
    assert sum(steps) == 3


def test_dna_past_a_chromosome_s_end_must_be_unknown(example_dataset: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.fa"
    lines = (EXAMPLE / "genome.fa").read_text().splitlines()
    short.write_text("\n".join(lines[:-1]) + "\n")  # chr3 ends in a line of its own
    with Genome(short) as genome:
        (finding,) = verify(TrackDataset(example_dataset), genome)
        assert (finding.chrom, finding.bases) == ("chr3", 35_073 - genome.sizes["chr3"])


def test_a_chromosome_that_the_genome_lacks_is_named(dataset: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange.fa"
    strange.write_text(">chr9\nACGT\n")
    shutil.rmtree(tmp_path / "records")
    with Genome(strange) as genome, pytest.raises(InputError, match="chr1"):
        next(verify(TrackDataset(dataset), genome))
