"""One head of a published model in a folder: what is common to all imports."""

from pathlib import Path

import pytest

from genint.errors import InputError, OutputError
from genint.models.published_folder import check_tracks, find_assembly, refuse_to_overwrite
from genint.tracks.table import read_tracks
from tests.conftest import EXAMPLE


def test_the_assembly_is_the_genome_s_or_the_head_s() -> None:
    assert find_assembly("human", None).name == "hg38"
    assert find_assembly("mouse", None).name == "mm10"
    fasta = find_assembly("human", EXAMPLE / "genome.fa")
    assert fasta == find_assembly("human", EXAMPLE / "genome.fa.fai")
    assert len(fasta.sizes) == 3


def test_a_table_of_another_length_is_refused() -> None:
    table = read_tracks(EXAMPLE / "tracks.tsv")
    check_tracks(table, EXAMPLE / "tracks.tsv", "human", 7)
    with pytest.raises(InputError, match=r"lists 7 tracks, the human head has 5,313\. .* targets_human\.txt"):
        check_tracks(table, EXAMPLE / "tracks.tsv", "human", 5_313)


def test_a_model_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    refuse_to_overwrite(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(OutputError, match="is there already"):
        refuse_to_overwrite(tmp_path)
