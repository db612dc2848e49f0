"""The data set gives back what was put in, wherever a window begins."""

from pathlib import Path

import numpy as np
import pytest

from genint.datasets.dataset import TrackDataset
from genint.errors import InputError
from tests.datasets.made_up import BIN, BINS, FLANK, contents, relative_dna, written


@pytest.mark.parametrize("blocks", [1, 3])
def test_what_was_put_in_comes_out_wherever_a_window_begins(blocks: int, tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset", blocks=blocks, relatives=2))
    assert [relative.name for relative in dataset.relatives] == ["relative 0", "relative 1"]
    for n, segment in enumerate(dataset.segments):
        tokens, targets = contents(n)
        padded = np.pad(tokens, 50, constant_values=4)
        for start in (-FLANK - 50, -FLANK - 1, -FLANK, -3, 0, 7, BINS * BIN + FLANK - 2):
            found = dataset.tokens(segment, start, 30)
            assert np.array_equal(found, padded[start + FLANK + 50 :][:30])
            for relative in range(2):
                theirs = np.pad(relative_dna(n, relative), 50, constant_values=4)
                found = dataset.tokens(segment, start, 30, relative)
                assert np.array_equal(found, theirs[start + FLANK + 50 :][:30])
        assert np.array_equal(dataset.targets(segment, 2, 3), targets[2:5].astype(np.float32))
        beyond = dataset.targets(segment, 4, 5)
        assert np.array_equal(beyond[:2], targets[4:].astype(np.float32))
        assert np.isnan(beyond[2:]).all()
        assert dataset.tokens(segment, 10_000, 5).tolist() == [4] * 5


def test_relatives_are_part_of_a_data_set_s_digest_and_their_table_must_fit(tmp_path: Path) -> None:
    plain, related = (TrackDataset(written(tmp_path / str(n), relatives=n)) for n in (0, 2))
    assert plain.relatives == ()
    assert not (plain.path / "relatives.tsv").exists()
    assert not (plain.path / "arrays.zarr" / "relatives").exists()
    before, table = related.digest, related.path / "relatives.tsv"
    assert before != plain.digest
    text = table.read_text()
    table.write_text(text.replace("0.5", "0.6"))
    assert TrackDataset(related.path).digest != before
    for damaged, words in (("".join(text.splitlines(True)[:2]), "arrays have shapes"), ("name\na\n", "is damaged")):
        table.write_text(damaged)
        with pytest.raises(InputError, match=words):
            TrackDataset(related.path)
