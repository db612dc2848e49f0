"""Data sets: targets are the bigWigs binned and transformed, and what was not measured is NaN."""

import re
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from genint.datasets.build import _BinnedTracks, _warn_of_negatives, make_dataset
from genint.datasets.dataset import TrackDataset
from genint.datasets.splits import BedSplit, Split
from genint.errors import InputError, OutputError
from genint.genome.dna import UNKNOWN
from genint.genome.fasta import Genome
from genint.tracks.table import Track, TrackTable, read_tracks
from tests.conftest import EXAMPLE, Run, file_size_limit
from tests.datasets.made_up import Recorder


def targets(dataset: TrackDataset, chrom: str) -> np.ndarray:
    segment = next(segment for segment in dataset.segments if segment.chrom == chrom)
    return dataset.targets(segment, 0, segment.bins(dataset.bin_bp))


def test_targets_are_the_transformed_mean_per_base(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    for column, track in enumerate(read_tracks(EXAMPLE / "tracks.tsv")):
        with pyBigWig.open(str(EXAMPLE / track.file)) as bigwig:
            for chrom, length in bigwig.chroms().items():
                bases = np.nan_to_num(bigwig.values(chrom, 0, length, numpy=True).astype(np.float64))
                means = np.array([bases[start : start + 128].mean() for start in range(0, length, 128)])
                y = np.sqrt(1 + track.scale * 128 * means) - 1  # sum_sqrt
                y = np.where(
                    y > track.clip_soft, track.clip_soft - 1 + np.sqrt(np.maximum(y - track.clip_soft + 1, 0)), y
                )
                y = np.minimum(y, track.clip)
                found = targets(dataset, chrom)[:, column]
                seen = np.isfinite(found)
                assert seen.mean() > 0.9
                np.testing.assert_allclose(found[seen], y[seen], rtol=1e-5, atol=1e-6)


def test_a_chromosome_that_a_bigwig_does_not_list_was_not_measured(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    orc = [track.identifier for track in dataset.tracks].index("chip_orc")
    chr3 = targets(dataset, "chr3")
    assert np.isnan(chr3[:, orc]).all()
    assert np.isfinite(np.delete(chr3, orc, axis=1)).mean() > 0.9


def one_track(folder: Path, value: float, **columns: str) -> Path:
    """A track table and its bigWig, which also lists a contig that the example genome does not have."""
    with Genome(EXAMPLE / "genome.fa") as genome, pyBigWig.open(str(folder / "one.bw"), "w") as bigwig:
        bigwig.addHeader([*genome.sizes.items(), ("chrUn_1", 500)])
        bigwig.addEntries(["chr1"], [1_000], ends=[1_001], values=[value])
    table = {"identifier": "one", "file": "one.bw", "strand_pair": "one", "description": "ATAC:one", **columns}
    (folder / "tracks.tsv").write_text("\t".join(table) + "\n" + "\t".join(table.values()) + "\n")
    return folder / "tracks.tsv"


def test_a_contig_that_the_genome_lacks_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "out.bed").write_text("chrUn_1\t0\t500\nchr1\t0\t1280\n")
    with Genome(EXAMPLE / "genome.fa") as genome:
        make_dataset(
            genome,
            one_track(tmp_path, 7.0),
            tmp_path / "d",
            split=Split(valid=["chr3"], test=["chr2"]),
            exclude=[tmp_path / "out.bed"],
        )
    assert np.isnan(targets(TrackDataset(tmp_path / "d"), "chr1")[:10]).all()
    assert {segment.chrom for segment in TrackDataset(tmp_path / "d").segments} == {"chr1", "chr2", "chr3"}


GENOME = "ACGT" * 320  # ten bins


def make_small(
    folder: Path, bigwig: dict[str, tuple[int, float]], names: tuple[str, ...], **columns: str
) -> TrackDataset:
    """A data set of a genome with these chromosomes of 1,280 bp, the last but one to validate on, the last to test on.

    `bigwig`: name -> length and the one value over all of it.
    """
    (folder / "genome.fa").write_text("".join(f">{name}\n{GENOME}\n" for name in names))
    with pyBigWig.open(str(folder / "one.bw"), "w") as file:
        file.addHeader([(name, length) for name, (length, _) in bigwig.items()])
        for name, (length, value) in bigwig.items():
            file.addEntries([name], [0], ends=[length], values=[value])
    table = {"identifier": "one", "sum_stat": "mean", "file": "one.bw", **columns}
    (folder / "tracks.tsv").write_text("\t".join(table) + "\n" + "\t".join(table.values()) + "\n")
    with Genome(folder / "genome.fa") as genome:
        split = Split(valid=[names[-2]], test=[names[-1]])
        make_dataset(genome, folder / "tracks.tsv", folder / "dataset", split=split)
    return TrackDataset(folder / "dataset")


@pytest.mark.parametrize("order", [("1", "chr1"), ("chr1", "1")])
@pytest.mark.parametrize("length", [1_280, 999])
def test_the_genome_s_own_name_wins_over_another_spelling_of_it(
    order: tuple[str, str], length: int, tmp_path: Path
) -> None:
    values = {"1": (1_280, 3.0), "chr1": (length, 7.0)}  # the other one is left alone, whatever its length
    bigwig = {name: values[name] for name in order} | {"2": (1_280, 4.0), "3": (1_280, 5.0)}
    dataset = make_small(tmp_path, bigwig, ("1", "2", "3"))
    assert {chrom: set(targets(dataset, chrom).ravel().tolist()) for chrom in "123"} == {
        "1": {3.0},
        "2": {4.0},
        "3": {5.0},
    }


def test_a_genome_with_both_names_has_both(tmp_path: Path) -> None:
    bigwig = {name: (1_280, value) for name, value in (("1", 3.0), ("chr1", 7.0), ("2", 4.0), ("3", 5.0))}
    dataset = make_small(tmp_path, bigwig, ("1", "chr1", "2", "3"))
    assert [targets(dataset, chrom)[0, 0] for chrom in ("1", "chr1")] == [3.0, 7.0]


def test_two_other_spellings_of_one_chromosome_are_refused(tmp_path: Path) -> None:
    bigwig = {"MT": (1_280, 1.0), "M": (1_280, 2.0), "2": (1_280, 4.0), "3": (1_280, 5.0)}
    with pytest.raises(InputError, match=r"chrM"):
        make_small(tmp_path, bigwig, ("chrM", "2", "3"))


def test_another_length_under_another_spelling_is_another_assembly(tmp_path: Path) -> None:
    bigwig = {"chr1": (999, 1.0), "2": (1_280, 4.0), "3": (1_280, 5.0)}
    with pytest.raises(InputError, match=r"chr1 is 999 bp long, .*1,280 bp\. The two are not of one assembly"):
        make_small(tmp_path, bigwig, ("1", "2", "3"))


def minus_strand(folder: Path, **columns: str) -> tuple[TrackDataset, Recorder]:
    """The example genome under a track that is -7 in bins 0 to 9 of each chromosome, 2 in bin 10, 0 elsewhere."""
    console = Recorder()
    with Genome(EXAMPLE / "genome.fa") as genome, pyBigWig.open(str(folder / "minus.bw"), "w") as bigwig:
        bigwig.addHeader(list(genome.sizes.items()))
        for chrom in genome.sizes:
            bigwig.addEntries([chrom] * 2, [0, 1_280], ends=[1_280, 1_408], values=[-7.0, 2.0])
        table = {"identifier": "minus", "sum_stat": "mean", "file": "minus.bw", **columns}
        (folder / "tracks.tsv").write_text("\t".join(table) + "\n" + "\t".join(table.values()) + "\n")
        bigwig.close()
        split = Split(valid=["chr3"], test=["chr2"])
        make_dataset(genome, folder / "tracks.tsv", folder / "d", split=split, console=console)
    return TrackDataset(folder / "d"), console


def test_a_strand_that_is_stored_negative_is_warned_of_with_its_fraction_of_bins(tmp_path: Path) -> None:
    dataset, console = minus_strand(tmp_path)
    measured = sum(int(np.isfinite(targets(dataset, chrom)).sum()) for chrom in ("chr1", "chr2", "chr3"))
    (warning,) = console.warnings
    assert warning.startswith(
        f"{tmp_path / 'tracks.tsv'}: minus is below 0 in {30 / measured:.1%} of its measured bins"
    )
    assert "negative scale" in warning
    assert set(targets(dataset, "chr2")[:12, 0].tolist()) == {0.0, 2.0}


@pytest.mark.parametrize(("scale", "recipe"), [("-1", "new"), ("-2.5", "new"), ("-2.5", "old")])
def test_a_negative_scale_makes_a_negative_strand_positive(scale: str, recipe: str, tmp_path: Path) -> None:
    dataset, console = minus_strand(tmp_path, scale=scale, transform=recipe)
    found = targets(dataset, "chr2")[:12]
    assert found[:, 0].tolist() == [-7.0 * float(scale)] * 10 + [0.0, 0.0]
    back = dataset.tracks.transform(128).invert(found.astype(np.float64))
    assert back[:, 0].tolist() == [-7.0] * 10 + [0.0, 0.0]
    assert len(console.warnings) == 1  # of the one bin that is above 0


def test_tracks_above_zero_are_not_warned_of(tmp_path: Path) -> None:
    console = Recorder()
    with Genome(EXAMPLE / "genome.fa") as genome:
        split = Split(valid=["chr3"], test=["chr2"])
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "d", split=split, console=console)
    assert console.warnings == []
    assert console.notes[:2] == [
        f"{EXAMPLE / 'tracks/chip_orc.bw'}: has no chr3, so its track is masked there",
        "chr1: train, 7 of 7 tracks measured",
    ]


def test_names_that_match_only_partly_are_noted_once_per_bigwig(tmp_path: Path) -> None:
    names = {"part": ("Chr1", "2", "chr3"), "bare": ("1", "2", "3"), "same": ("chr1", "chr2", "chr3")}
    lengths = (204_800, 60_003, 35_073)
    for value, (track, chroms) in enumerate(names.items(), start=1):
        with pyBigWig.open(str(tmp_path / f"{track}.bw"), "w") as bigwig:
            bigwig.addHeader(list(zip(chroms, lengths, strict=True)))
            bigwig.addEntries(list(chroms), [0] * 3, ends=[1_280] * 3, values=[float(value)] * 3)
    rows = "".join(f"{track}\tmean\t{track}.bw\n" for track in names)
    (tmp_path / "tracks.tsv").write_text("identifier\tsum_stat\tfile\n" + rows)
    console = Recorder()
    make_dataset(EXAMPLE / "genome.fa", tmp_path / "tracks.tsv", tmp_path / "d", valid="chr3", console=console)
    (note,) = [note for note in console.notes if "has no" in note]
    assert note == (
        f"{tmp_path / 'part.bw'}: has no chr1, so its track is masked there. "
        "It has Chr1, which the genome lacks: give `aliases` if they are the same"
    )
    dataset = TrackDataset(tmp_path / "d")
    np.testing.assert_array_equal(targets(dataset, "chr1")[0], [np.nan, 2.0, 3.0])
    np.testing.assert_array_equal(targets(dataset, "chr2")[0], [1.0, 2.0, 3.0])


def test_many_bigwigs_without_a_chromosome_are_noted_in_nine_lines(tmp_path: Path) -> None:
    with pyBigWig.open(str(tmp_path / "one.bw"), "w") as bigwig:
        bigwig.addHeader([("chr1", 204_800), ("chr3", 35_073)])
        bigwig.addEntries(["chr1"], [0], ends=[1_280], values=[1.0])
    rows = "".join(f"track{number}\tmean\tone.bw\n" for number in range(12))
    (tmp_path / "tracks.tsv").write_text("identifier\tsum_stat\tfile\n" + rows)
    console = Recorder()
    make_dataset(EXAMPLE / "genome.fa", tmp_path / "tracks.tsv", tmp_path / "d", valid="chr3", console=console)
    assert sum("has no chr2" in note for note in console.notes) == 8
    assert console.notes[8].startswith("4 more bigWigs lack")


def test_many_tracks_below_zero_are_warned_of_in_nine_lines() -> None:
    tracks = TrackTable(Track(identifier=f"t{i}", description="", strand_pair=f"t{i}") for i in range(20))
    binned, console = _BinnedTracks([], tracks, 128), Recorder()
    binned.measured += 10
    binned.negative[5:] = np.arange(15) // 2 + 1
    _warn_of_negatives(Path("tracks.tsv"), tracks, binned, console)
    assert [warning.split(" ")[1] for warning in console.warnings] == [*(f"t{i}" for i in range(5, 13)), "7"]


def test_a_full_disk_names_the_data_set(tmp_path: Path, genint: Run) -> None:
    command = ["data", "make", EXAMPLE / "genome.fa", EXAMPLE / "tracks.tsv", "-o", tmp_path / "d", "--valid", "chr3"]
    with file_size_limit(4_096):
        finished = genint(*command, "--quiet")
    assert finished.code == 1
    assert re.fullmatch(
        rf"genint: error: {tmp_path}/d: cannot write \(File too large; [\d,]+ bytes.*--out\n", finished.err
    )
    assert not (tmp_path / "d").exists()


def test_what_float32_cannot_hold_is_told(tmp_path: Path) -> None:
    table = one_track(tmp_path, 3e38, scale="1e6")
    with (
        Genome(EXAMPLE / "genome.fa") as genome,
        pytest.raises(
            InputError, match=r"one\.bw: chr1:897-1,024 is 2\.34\d+e\+36 per base, .* Give one a smaller scale"
        ),
    ):
        make_dataset(genome, table, tmp_path / "d", split=Split(valid=["chr3"], test=["chr2"]))
    assert not (tmp_path / "d").exists()


def test_a_set_with_nothing_to_train_on_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "all.bed").write_text("chr1\t0\t999999999\n")
    with Genome(EXAMPLE / "genome.fa") as genome, pytest.raises(InputError, match=r"nothing is left of it to train on"):
        make_dataset(
            genome,
            EXAMPLE / "tracks.tsv",
            tmp_path / "d",
            split=Split(valid=["chr3"], test=["chr2"]),
            exclude=[tmp_path / "all.bed"],
        )
    assert not (tmp_path / "d").exists()


def test_the_digest_sees_the_numbers(tmp_path: Path) -> None:
    digests = set()
    with Genome(EXAMPLE / "genome.fa") as genome:
        for number, value in enumerate((7.0, 7.0, 8.0)):
            table = one_track(tmp_path, value)
            make_dataset(genome, table, tmp_path / f"d{number}", split=Split(valid=["chr3"], test=["chr2"]))
            digests.add(TrackDataset(tmp_path / f"d{number}").digest)
    assert len(digests) == 2


def test_excluded_bins_and_bins_of_n_are_nan_in_every_track(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    with Genome(EXAMPLE / "genome.fa") as genome:
        for chrom in ("chr1", "chr2"):
            tokens = genome.tokens(chrom, 0, genome.sizes[chrom])
            hidden = np.array([(tokens[s : s + 128] == UNKNOWN).sum() > 64 for s in range(0, len(tokens), 128)])
            for line in (EXAMPLE / "exclude.bed").read_text().splitlines():
                if line.startswith(f"{chrom}\t"):
                    start, end = (int(cell) for cell in line.split("\t")[1:3])
                    hidden[start // 128 : -(-end // 128)] = True
            assert hidden.any()
            assert np.array_equal(
                np.isnan(targets(dataset, chrom)), np.repeat(hidden[:, None], len(dataset.tracks), axis=1)
            )


def test_dna_is_the_genome_s_and_unknown_past_its_ends(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    segment = dataset.split("valid")[0]
    with Genome(EXAMPLE / "genome.fa") as genome:
        assert np.array_equal(dataset.tokens(segment, -100, 40_000), genome.tokens("chr3", -100, 39_900))


def test_the_split_is_by_chromosome(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    splits = {name: [s.chrom for s in dataset.split(name)] for name in ("train", "valid", "test")}
    assert splits == {"train": ["chr1"], "valid": ["chr3"], "test": ["chr2"]}


def test_blocks_smaller_than_a_chromosome_give_the_same_data_set(
    example_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.datasets.build.BLOCK_BINS", 37)
    with Genome(EXAMPLE / "genome.fa") as genome:
        split, exclude = Split(valid=["3"], test=["2"]), [EXAMPLE / "exclude.bed"]
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "small", split=split, exclude=exclude)
    whole, small = TrackDataset(example_dataset), TrackDataset(tmp_path / "small")
    assert np.array_equal(targets(whole, "chr3"), targets(small, "chr3"), equal_nan=True)


def test_an_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    with Genome(EXAMPLE / "genome.fa") as genome, pytest.raises(OutputError, match="is there already"):
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path, split=Split(valid=["chr3"], test=[]))


def test_a_damaged_data_set_is_refused_in_one_line(example_dataset: Path, tmp_path: Path, genint: Run) -> None:
    import shutil

    header = "chrom\tstart\tend\tsplit\tdna_start\tdna_end\n"
    damages = {
        "version 99, this genint reads 5": lambda d: (d / "dataset.json").write_text('{"format_version": 99}'),
        "version 4, this genint reads 5": lambda d: (d / "dataset.json").write_text('{"format_version": 4}'),
        "json": lambda d: (d / "dataset.json").write_text("{"),
        "unfinished": lambda d: (d / "dataset.json").unlink(),
        "split": lambda d: (d / "segments.tsv").write_text(f"{header}chr1\t0\t5\tdev\t0\t5\n"),
        "inside": lambda d: (d / "segments.tsv").write_text(f"{header}chr1\t0\t5\ttrain\t1\t5\n"),
        "shorter": lambda d: (d / "segments.tsv").write_text(f"{header}chr1\t0\t5\ttrain\t0\t5\n"),
        "arrays": lambda d: shutil.rmtree(d / "arrays.zarr"),
        "tracks": lambda d: (d / "tracks.tsv").unlink(),
    }
    for name, damage in damages.items():
        damaged = tmp_path / name
        shutil.copytree(example_dataset, damaged)
        damage(damaged)
        with pytest.raises(InputError, match=name):
            TrackDataset(damaged)


def test_a_split_that_is_empty_is_named(tmp_path: Path) -> None:
    with Genome(EXAMPLE / "genome.fa") as genome:
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "dataset", split=Split(valid=["chr3"], test=[]))
    with pytest.raises(InputError, match="the test split is empty"):
        TrackDataset(tmp_path / "dataset").split("test")


def test_a_segment_inside_a_chromosome_has_the_dna_and_the_bins_of_its_place(
    example_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.datasets.build.FLANK_BP", 1_000)
    bed = tmp_path / "splits.bed"
    bed.write_text("chr1\t0\t50048\ttrain\nchr1\t60032\t90112\tvalid\nchr3\t1280\t99999999\ttest\n")
    with Genome(EXAMPLE / "genome.fa") as genome:
        exclude = [EXAMPLE / "exclude.bed"]
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "new", split=BedSplit(bed=bed), exclude=exclude)
        new, whole = TrackDataset(tmp_path / "new"), TrackDataset(example_dataset)
        assert [(s.start, s.end, s.dna_start, s.dna_end) for s in new.segments] == [
            (0, 50_048, 0, 51_048),
            (60_032, 90_112, 59_032, 91_112),
            (1_280, 35_073, 280, 35_073),
        ]
        for segment in new.segments:
            dna = new.tokens(segment, -1_000, 52_000)
            there = slice(max(1_000 - segment.start, 0), segment.dna_end - segment.start + 1_000)
            expected = genome.tokens(segment.chrom, segment.start - 1_000, segment.start + 51_000)
            assert np.array_equal(dna[there], expected[there])
            bins = slice(segment.start // 128, segment.start // 128 + segment.bins(128))
            ours = new.targets(segment, 0, segment.bins(128))
            assert np.array_equal(ours, targets(whole, segment.chrom)[bins], equal_nan=True)


def test_splits_by_share_and_by_bed_are_asked_for_on_the_command_line(tmp_path: Path, genint: Run) -> None:
    bed = tmp_path / "splits.bed"
    bed.write_text("chr1\t0\t12800\ttrain\nchr2\t0\t1280\tvalid\nchr3\t0\t1280\ttest\n")
    make = ["data", "make", EXAMPLE / "genome.fa", EXAMPLE / "tracks.tsv", "-o"]
    shares = ["--valid", "0.2", "--test", ".1", "--seed", "3"]
    for name, options in (("bed", ["--split", bed]), ("shares", shares), ("again", shares)):
        finished = genint(*make, tmp_path / name, *options)
        assert finished.code == 0, finished.err
    by_bed, shares_, again = (TrackDataset(tmp_path / name) for name in ("bed", "shares", "again"))
    assert [(s.chrom, s.end, s.split) for s in by_bed.segments] == [
        ("chr1", 12_800, "train"),
        ("chr2", 1_280, "valid"),
        ("chr3", 1_280, "test"),
    ]
    assert shares_.segments == again.segments
    bases = {split: sum(s.end - s.start for s in shares_.split(split)) for split in ("train", "valid", "test")}
    assert sum(bases.values()) == 204_800 + 60_003 + 35_073
    assert 0.2 <= bases["valid"] / sum(bases.values()) < 0.2 + 16_384 / 299_876


def test_a_data_set_has_its_relatives_dna_at_the_same_places(
    related_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.datasets.build.FLANK_BP", 1_000)
    table = related_dataset.parent / "relatives" / "relatives.tsv"
    (tmp_path / "splits.bed").write_text("chr1\t1280\t50048\ttrain\nchr3\t1280\t99999999\tvalid\n")
    split = BedSplit(bed=tmp_path / "splits.bed")
    make_dataset(EXAMPLE / "genome.fa", EXAMPLE / "tracks.tsv", tmp_path / "parts", split=split, relatives=table)
    whole, parts = TrackDataset(related_dataset), TrackDataset(tmp_path / "parts")
    assert whole.relatives == parts.relatives
    assert [info.name for info in whole.relatives] == ["relative 0", "relative 1"]
    assert [info.aligned for info in whole.relatives] == pytest.approx([0.9, 0.9], abs=0.01)
    assert [info.identity for info in whole.relatives] == pytest.approx([1 - 0.75 * 0.1, 1 - 0.75 * 0.2], abs=0.01)
    for number in range(2):
        with Genome(table.parent / f"relative{number}.fa") as relative:
            for segment in (*whole.segments, *parts.segments):
                length = segment.dna_end - segment.dna_start
                found = parts if segment in parts.segments else whole
                assert np.array_equal(
                    found.tokens(segment, segment.dna_start - segment.start, length, number),
                    relative.tokens(segment.chrom, segment.dna_start, segment.dna_end),
                )


def test_relatives_are_asked_for_on_the_command_line(related_dataset: Path, tmp_path: Path, genint: Run) -> None:
    table = related_dataset.parent / "relatives" / "relatives.tsv"
    options = ["--valid", "chr3", "--test", "chr2", "--exclude", EXAMPLE / "exclude.bed", "--relatives", table]
    finished = genint("data", "make", EXAMPLE / "genome.fa", EXAMPLE / "tracks.tsv", "-o", tmp_path / "out", *options)
    assert finished.code == 0, finished.err
    assert "relative 0: 89.5% aligned, 92.4% of that identical" in finished.err
    assert TrackDataset(tmp_path / "out").digest == TrackDataset(related_dataset).digest
