"""A format is one class and one line: the names are one list, and one from outside the package works like ours."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from genint.arrays import F32
from genint.console import Console
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.models.folder import load_model
from genint.output.bigwig import BinReader
from genint.output.formats import FORMATS, Format, FormatName, mergeable_suffixes
from genint.output.writer import TrackWriter
from genint.prediction.job import Options, prepare
from genint.prediction.to_folder import predict_job
from genint.tracks.table import Track, TrackTable
from tests.conftest import EXAMPLE

TRACKS = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in "xyz")


class WiggleWriter(TrackWriter):
    """A format from outside the package: a line of text per bin."""

    lines = ""

    def _add(self, chrom: str, first_bin: int, values: F32) -> None:
        for number, value in enumerate(values, start=first_bin):
            self.lines += f"{chrom} {number} {value!r}\n" if value == value else ""

    def _finish(self) -> None:
        self.hidden.write_text(self.lines)


def test_a_format_from_outside_the_package_is_predicted_into(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "toy", Format(suffix=".toy", writer=WiggleWriter, bytes_per_value=30))
    rows = [BedRow("line 1", Region("chr3", 100, 5_000), "."), BedRow("line 2", Region("chr1", 0, 300), ".")]
    for file_format in ("toy", "bigwig"):
        with Genome(EXAMPLE / "genome.fa") as genome:
            job = prepare(genome, rows, [load_model(tiny_model)], options=Options(format=file_format))
            report = predict_job(job, tmp_path / file_format, console=Console(quiet=True))
    assert len([name for name in report["files"] if name.endswith(".bw")]) == 7
    for path in (tmp_path / "bigwig").glob("*.bw"):
        reader = BinReader(path, bin_bp=128)
        bins = [(chrom, *pair) for chrom in reader.chroms() for pair in zip(*reader.read(chrom), strict=True)]
        lines = (tmp_path / "toy" / f"{path.stem}.toy").read_text().splitlines()
        assert lines == [f"{chrom} {number} {value!r}" for chrom, number, value in bins]
    assert "atac.toy" in (tmp_path / "toy" / "tracks.tsv").read_text()


def test_the_command_line_names_every_format() -> None:
    assert get_args(FormatName) == tuple(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_its_writer_and_a_suffix_of_its_own(name: str) -> None:
    form = FORMATS[name]
    assert issubclass(form.load_writer(), TrackWriter)
    assert [other for other, each in FORMATS.items() if each.suffix == form.suffix] == [name]
    assert (form.suffix in mergeable_suffixes()) == (form.reader is not None)
    if form.reader is None:
        with pytest.raises(ValueError, match="have no reader"):
            form.load_reader()


@pytest.mark.parametrize("name", FORMATS)
def test_every_writer_leaves_nothing_behind_when_it_fails(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{FORMATS[name].suffix}"
    writer = FORMATS[name].load_writer()(path, {"a": 1_000}, bin_bp=10, tracks=["x"])
    writer.add("a", 0, np.ones(3, np.float32))
    writer.discard()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="is closed"):
        writer.add("a", 3, np.ones(3, np.float32))
    writer.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_writer_completes_a_file_before_it_gives_it_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{FORMATS[name].suffix}"
    with FORMATS[name].load_writer()(path, {"a": 1_000}, bin_bp=10, tracks=["x"]) as writer:
        writer.add("a", 0, np.ones(3, np.float32))
        complete = writer.finish().read_bytes()
        assert not path.exists()
    assert path.read_bytes() == complete
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_per_track_or_one_of_all_and_then_the_standard_deviations() -> None:
    names = [[name for name, _ in FORMATS[each].files(TRACKS, with_sd=True)] for each in ("bigwig", "zarr")]
    assert names == [
        ["x.bw", "y.bw", "z.bw", "x.sd.bw", "y.sd.bw", "z.sd.bw"],
        ["predictions.zarr.zip", "predictions.sd.zarr.zip"],
    ]
    for each in FORMATS.values():
        rows = [row for _, rows in each.files(TRACKS, with_sd=True) for row in range(rows.start, rows.stop)]
        assert rows == list(range(6))


def test_the_names_of_formats_are_known_without_loading_numpy() -> None:
    script = (
        "import sys; import genint.output.formats; print([name for name in ('numpy', 'zarr') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
