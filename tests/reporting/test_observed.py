"""Measured bigWigs in the bins of a run."""

from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.reporting.observed import open_observed
from genint.tracks.table import Track, TrackTable

GENOME = SequenceSource("ACGT" * 250, "chr1")  # 1,000 bp: 7 bins of 128 bp and one of 104
TRACKS = TrackTable([Track(identifier=name, description="", strand_pair=name) for name in ("a", "b")])


def measured(path: Path, chrom: str = "chr1") -> Path:
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader([(chrom, 1_000)])
        bigwig.addEntries([chrom, chrom], [0, 990], ends=[64, 1_000], values=[2.0, 10.4])
    return path


def test_bins_are_means_over_their_bases_also_in_the_shorter_last_one(tmp_path: Path) -> None:
    file = measured(tmp_path / "a.bw", "1")
    with open_observed([f"a={file}"], TRACKS, GENOME, 128) as observed:
        assert list(observed) == ["a"]
        np.testing.assert_allclose(observed["a"].read("chr1", np.array([0, 1, 7])), [1, 0, 1])
        assert observed["a"].read("chr1", np.empty(0, np.int64)).size == 0


def test_bins_far_apart_are_the_same_as_one_by_one(tmp_path: Path) -> None:
    file = measured(tmp_path / "a.bw")
    with open_observed([f"a={file}"], TRACKS, GENOME, 1) as observed:
        bins = np.array([0, 63, 64, 989, 990])
        np.testing.assert_allclose(observed["a"].read("chr1", bins), [2, 2, 0, 0, 10.4], rtol=1e-6)


def test_a_chromosome_that_was_not_measured_is_missing_rather_than_0(tmp_path: Path) -> None:
    class Two(SequenceSource):
        def __init__(self) -> None:
            super().__init__("A" * 1_000, "chr1")
            self.sizes["chr2"] = 500

    with open_observed([f"a={measured(tmp_path / 'a.bw')}"], TRACKS, Two(), 128) as observed:
        assert np.isnan(observed["a"].read("chr2", np.array([0, 1]))).all()


def test_a_table_gives_files_beside_it_for_the_run_s_tracks_alone(tmp_path: Path) -> None:
    measured(tmp_path / "a.bw")
    (tmp_path / "t.tsv").write_text("identifier\tfile\nother\tnowhere.bw\na\ta.bw\n")
    with open_observed([str(tmp_path / "t.tsv")], TRACKS, GENOME, 128) as observed:
        assert list(observed) == ["a"]


def test_what_fits_no_track_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("identifier\tfile\nother\tnowhere.bw\n")
    for source, fault in (
        (f"c={tmp_path / 'a.bw'}", "the run has no track c. Expected one of a, b"),
        (str(tmp_path / "t.tsv"), r"names no bigWig of a track of the run \(a, b\)"),
        (f"a={tmp_path / 'none.bw'}", r"none\.bw: cannot read"),
        (
            f"a={measured(tmp_path / 'x.bw', 'x')}",
            r"chromosome\(s\) x not in .*\? Give a bigWig of this assembly$",
        ),
    ):
        with pytest.raises(InputError, match=fault), open_observed([source], TRACKS, GENOME, 128):
            pass


def test_two_bigwigs_of_one_track_are_refused(tmp_path: Path) -> None:
    sources = [f"a={measured(tmp_path / name)}" for name in ("one.bw", "two.bw")]
    fault = r"two\.bw: a has .*one\.bw already\. Give one of the two"
    with pytest.raises(InputError, match=fault), open_observed(sources, TRACKS, GENOME, 128):
        pass
