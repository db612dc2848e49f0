"""Records of the field become a data set: each its own segment, its row found, its bins pooled by the recipe."""

import math
from pathlib import Path

import numpy as np
import pytest

from genint.datasets.basenji import import_basenji
from genint.datasets.dataset import TrackDataset
from genint.errors import InputError
from genint.genome.fasta import Assembly, Genome
from tests.conftest import EXAMPLE, Run
from tests.datasets.made_up import Recorder
from tests.datasets.records import (
    BINS,
    CROP,
    POOL,
    SEQ,
    TARGETS,
    TRACKS,
    Folder,
    decode,
    frame,
    pack,
    record,
    write_folder,
)

COUNTS = {"train": 24, "valid": 4, "test": 3}
HG = Assembly("made-up", {})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return write_folder(tmp_path / "records", COUNTS)


def imported(folder: Folder, out: Path, **options: object) -> TrackDataset:
    import_basenji(folder.path, out, **{"assembly": HG, **options})  # type: ignore[arg-type]
    return TrackDataset(out)


@pytest.mark.parametrize("dialect", ["targets", "DNA"])
@pytest.mark.parametrize("encoding", ["index", "one-hot"])
def test_every_record_is_at_its_row_bit_for_bit(dialect: str, encoding: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "records", COUNTS, dialect=dialect, encoding=encoding)
    console = Recorder()
    dataset = imported(folder, tmp_path / "dataset", console=console)
    assert f"as wide as the {dialect}" in console.notes[0]
    assert dataset.dtype == np.float16
    for split, count in COUNTS.items():
        segments = dataset.split(split)
        assert [segment.start for segment in segments] == folder.starts[split]
        assert len(segments) == count
        for segment, expected in zip(segments, folder.records[split], strict=True):
            assert segment.end - segment.start == BINS * POOL
            assert np.array_equal(dataset.tokens(segment, -CROP, SEQ), expected.tokens)
            assert np.array_equal(dataset.targets(segment, 0, BINS), expected.targets.astype(np.float32))


def test_files_follow_by_number_so_that_10_comes_after_9(folder: Folder, tmp_path: Path) -> None:
    assert (folder.path / "tfrecords" / "train-11.tfr").exists()
    assert (folder.path / "tfrecords" / "train-12.tfr").read_bytes() == (
        folder.path / "tfrecords" / "valid-2.tfr"
    ).read_bytes()  # the empty one that follows files which are all full
    second = [
        one
        for i in range(13)
        for one in decode((folder.path / "tfrecords" / f"train-{i}.tfr").read_bytes(), BINS, TRACKS)
    ]
    dataset = imported(folder, tmp_path / "dataset")
    for segment, expected in zip(dataset.split("train"), second, strict=True):
        assert np.array_equal(dataset.targets(segment, 0, BINS), expected.targets.astype(np.float32))


def test_dna_beyond_a_record_is_unknown_and_around_its_bins_its_own(folder: Folder, tmp_path: Path) -> None:
    dataset = imported(folder, tmp_path / "dataset")
    segment, expected = dataset.split("valid")[0], folder.records["valid"][0]
    around = dataset.tokens(segment, -CROP - 10, SEQ + 20)
    assert (around[:10] == 4).all()
    assert (around[-10:] == 4).all()
    assert np.array_equal(around[10:-10], expected.tokens)


def longhand(values: list[float], recipe: str, stat: str, scale: float, soft: float, clip: float) -> float:
    """A wide bin's target from the narrow ones', step by step: undo each, add up the bases, do it again."""
    bases = []
    for y in values:
        if recipe == "new":
            y = (y - soft + 1) ** 2 + soft - 1 if y > soft else y
            y = ((y + 1) ** 2 - 1 if stat == "sum_sqrt" else y) / scale
        else:
            y /= scale
            y = (y - soft) ** 2 + soft if y > soft else y
            y = y ** (4 / 3) if stat == "sum_sqrt" else y
        bases += [y / POOL if stat == "sum_sqrt" else y] * POOL
    pooled = sum(bases) if stat == "sum_sqrt" else sum(bases) / len(bases)
    if recipe == "new":
        y = math.sqrt(1 + scale * pooled) - 1 if stat == "sum_sqrt" else scale * pooled
        return min(soft - 1 + math.sqrt(y - soft + 1) if y > soft else y, clip)
    y = pooled**0.75 if stat == "sum_sqrt" else pooled
    return scale * min(soft + math.sqrt(y - soft) if y > soft else y, clip)


@pytest.mark.parametrize("recipe", ["new", "old"])
def test_pooling_undoes_the_squashing_first(recipe: str, folder: Folder, tmp_path: Path) -> None:
    dataset = imported(folder, tmp_path / "dataset", bin_bp=128, transform=recipe)
    assert dataset.bin_bp == 128
    assert dataset.tracks[0].transform == recipe
    segment, narrow = dataset.split("test")[0], folder.records["test"][0].targets.astype(float)
    wide = dataset.targets(segment, 0, BINS // 4)
    assert (narrow > 8).any()
    for column, (stat, scale, soft, clip) in enumerate([("sum_sqrt", 0.5, 8, 384)] * 2 + [("mean", 2.0, 16, 64)]):
        expected = [
            longhand(narrow[4 * n : 4 * n + 4, column].tolist(), recipe, stat, scale, soft, clip)
            for n in range(BINS // 4)
        ]
        np.testing.assert_allclose(wide[:, column], expected, rtol=1e-5)


def test_targets_txt_comes_out_as_it_went_in(folder: Folder, tmp_path: Path) -> None:
    dataset = imported(folder, tmp_path / "dataset")
    assert (dataset.path / "targets.txt").read_text() == TARGETS
    assert [track.identifier for track in dataset.tracks] == ["CN1+", "CN1-", "DN1"]
    assert dataset.tracks.partners.tolist() == [1, 0, 2]


def test_folds_are_split_as_asked(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "records", {"fold0": 3, "fold1": 2, "fold2": 4})
    dataset = imported(folder, tmp_path / "dataset", valid=["fold1"], test=["fold2"])
    for split, label in (("train", "fold0"), ("valid", "fold1"), ("test", "fold2")):
        assert [segment.start for segment in dataset.split(split)] == folder.starts[label]


def test_with_a_genome_names_and_sizes_are_the_genome_s(folder: Folder, tmp_path: Path) -> None:
    renamed = folder.path / "sequences.bed"
    renamed.write_text(renamed.read_text().replace("chr1\t", "1\t"))
    with Genome(EXAMPLE / "genome.fa") as genome:
        dataset = imported(folder, tmp_path / "dataset", assembly=genome.assembly)
        assert {segment.chrom for segment in dataset.segments} == {"chr1"}
        assert dataset.assembly == genome.assembly
    assert imported(folder, tmp_path / "other").assembly == HG


def test_bins_that_cannot_be_mapped_are_hidden_on_request_alone(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "records", COUNTS, unmappable=True)
    shown = imported(folder, tmp_path / "shown")
    hidden = imported(folder, tmp_path / "hidden", hide_unmappable=True)
    pooled = imported(folder, tmp_path / "pooled", hide_unmappable=True, bin_bp=64)
    segment, umap = shown.split("valid")[1], folder.records["valid"][1].umap
    assert umap is not None
    assert np.isfinite(shown.targets(segment, 0, BINS)).all()
    assert np.array_equal(np.isnan(hidden.targets(segment, 0, BINS)).all(axis=1), umap)
    segment = pooled.split("valid")[1]
    assert np.array_equal(np.isnan(pooled.targets(segment, 0, BINS // 2)).any(axis=1), umap.reshape(-1, 2).any(axis=1))


def test_targets_below_zero_become_zero_and_holes_stay_holes(folder: Folder, tmp_path: Path) -> None:
    odd = folder.records["test"][2].targets.copy()
    odd[3], odd[5, 1] = -2, np.nan
    last = folder.path / "tfrecords" / "test-1.tfr"
    last.write_bytes(pack([frame(record(folder.records["test"][2]._replace(targets=odd)))]))
    dataset = imported(folder, tmp_path / "dataset")
    found = dataset.targets(dataset.split("test")[2], 0, BINS)
    assert np.array_equal(found, np.maximum(odd, 0), equal_nan=True)
    assert (found[3] == 0).all()
    assert np.isnan(found[5, 1])


def test_a_damaged_record_stops_the_import_and_leaves_nothing(folder: Folder, tmp_path: Path) -> None:
    file = folder.path / "tfrecords" / "train-10.tfr"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 8
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"train-10\.tfr, record [12]: "):
        imported(folder, tmp_path / "dataset")
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


def test_the_whole_way_by_commands(folder: Folder, tmp_path: Path, genint: Run) -> None:
    genome = EXAMPLE / "genome.fa"
    whole, small = tmp_path / "whole", tmp_path / "small"
    finished = genint("data", "import", "basenji", folder.path, "-o", whole, "--genome", genome, "--bin-bp", 64)
    assert (finished.code, finished.out) == (0, f"{whole}\n"), finished.err
    finished = genint("data", "crop", whole, "-o", small, "--core-bp", 256, "--context-bp", 64)
    assert (finished.code, finished.out) == (0, f"{small}\n"), finished.err
    for dataset in (whole, small):
        finished = genint("data", "verify", dataset, genome)
        assert (finished.code, finished.out) == (0, ""), finished.err
        assert "all 31 segments" in finished.err
