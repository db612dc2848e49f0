"""The parts of a folder of records agree, or the one at fault is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from genint.datasets.basenji_folder import (
    Statistics,
    assign_splits,
    find_files,
    find_margin,
    read_statistics,
)
from genint.errors import InputError
from genint.genome.bed import BedRow, read_bed
from tests.datasets.made_up import Recorder
from tests.datasets.records import BINS, CROP, POOL, SEQ, TRACKS, write_folder

NUMBERS: dict[str, Any] = {
    "seq_length": SEQ,
    "target_length": BINS,
    "num_targets": TRACKS,
    "pool_width": POOL,
    "crop_bp": CROP,
    "train_seqs": 5,
}


def statistics(folder: Path, **changes: object) -> Statistics:
    (folder / "statistics.json").write_text(json.dumps(NUMBERS | changes))
    return read_statistics(folder / "statistics.json")


def rows(folder: Path, *lines: str) -> tuple[Path, list[BedRow]]:
    bed = folder / "sequences.bed"
    bed.write_text("".join(line.replace(" ", "\t") + "\n" for line in lines))
    return bed, list(read_bed(bed))


def test_statistics_are_lengths_and_records_per_label(tmp_path: Path) -> None:
    found = statistics(tmp_path, valid_seqs=2, seq_depth=4)
    assert (found.pool_width, found.crop_bp, found.target_bp) == (POOL, CROP, BINS * POOL)
    assert found.records == {"train": 5, "valid": 2}
    assert found.shape.one_hot is None
    assert statistics(tmp_path, seq_1hot=False).shape.one_hot is True
    assert statistics(tmp_path, seq_1hot=True).shape.one_hot is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seq_length": 1.5}, "seq_length = 1.5"),
        ({"crop_bp": -1}, "crop_bp = -1"),
        ({"num_targets": True}, "num_targets = True"),
        ({"target_length": 0}, "numbers that cannot be"),
        ({"crop_bp": 0}, "is not seq_length"),
        ({"seq_depth": 5}, "seq_depth is 5"),
    ],
)
def test_statistics_that_cannot_be_are_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"statistics.json: .*{message}"):
        statistics(tmp_path, **change)


@pytest.mark.parametrize(("width", "margin", "word"), [(SEQ, CROP, "DNA"), (BINS * POOL, 0, "targets")])
def test_the_width_of_the_rows_tells_the_dialect(width: int, margin: int, word: str, tmp_path: Path) -> None:
    bed, found = rows(tmp_path, f"chr1 0 {width} train", f"chr1 5000 {5000 + width} valid")
    console = Recorder()
    assert find_margin(bed, found, statistics(tmp_path), console) == margin
    assert f"rows are as wide as the {word}, {width:,} bp" in console.notes[0]


def test_rows_of_two_widths_are_refused(tmp_path: Path) -> None:
    bed, found = rows(tmp_path, f"chr1 0 {SEQ} train", "chr1 5000 5099 valid")
    with pytest.raises(InputError, match=r"line 2: is 99 bp wide, line 1 1,024 bp"):
        find_margin(bed, found, statistics(tmp_path), Recorder())


def test_labels_that_are_not_named_train(tmp_path: Path) -> None:
    bed, found = rows(tmp_path, "chr1 0 9 fold0", "chr1 10 19 fold1", "chr1 20 29 fold2", "chr1 30 39 fold1")
    splits = assign_splits(bed, found, ["fold1"], ["fold2"])
    assert splits == {"fold0": "train", "fold1": "valid", "fold2": "test"}
    with pytest.raises(InputError, match="`valid` fold7: no row"):
        assign_splits(bed, found, ["fold7"], [])
    with pytest.raises(InputError, match="both name fold1"):
        assign_splits(bed, found, ["fold1"], ["fold1"])
    with pytest.raises(InputError, match="leave no label to train on"):
        assign_splits(bed, found, ["fold0", "fold1"], ["fold2"])


def test_files_are_ordered_by_number_and_none_may_be_missing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"train": 24}).path / "tfrecords"
    files = find_files(folder, {"train": "train"})["train"]
    assert [file.name for file in files] == [f"train-{number}.tfr" for number in range(len(files))]
    assert len(files) > 10
    files[3].unlink()
    with pytest.raises(InputError, match=r"train-3\.tfr: is missing"):
        find_files(folder, {"train": "train"})
