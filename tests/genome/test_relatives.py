"""The table of relatives: what it names is opened and measured, what is not on the genome's coordinates refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.fasta import Genome
from genint.genome.relatives import Relative, measure_relative, open_relatives
from tests.genome.fastas import YEAST, fasta, written


def write_table(folder: Path, text: str = "file\tname\tplace\nsub/a.fa\tone\tItaly\n\nb.fa\ttwo\t\n") -> Path:
    (folder / "sub").mkdir(exist_ok=True)
    for name in ("sub/a.fa", "b.fa"):
        written(folder / name, fasta(YEAST))
    return written(folder / "relatives.tsv", text.encode())


def test_relatives_are_opened_in_order_relative_to_the_table(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    with Genome(written(tmp_path / "genome.fa", fasta(YEAST))) as genome:
        with open_relatives(table, genome) as relatives:
            assert [relative.name for relative in relatives] == ["one", "two"]
            assert [relative.genome.path for relative in relatives] == [tmp_path / "sub/a.fa", tmp_path / "b.fa"]
            assert relatives[0].identity() == {"name": "one", **relatives[0].genome.identity()}
        with open_relatives(None, genome) as relatives:
            assert relatives == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", "line 1: no column named name"),
        (lambda text: text.replace("file", "path"), "line 1: no column named file"),
        (lambda text: text.replace("two", "one"), "line 4: the name one occurs twice"),
        (lambda text: text.replace("b.fa", ""), "line 4: the file is empty"),
        (lambda text: text.replace("\tItaly", ""), "line 2: 2 columns, the header has 3"),
        (lambda text: text.partition("\n")[0], "lists no relatives"),
        (lambda text: text.replace("b.fa", "c.fa"), "c.fa: cannot read"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(
    change: Callable[[str], str], words: str, tmp_path: Path
) -> None:
    table = write_table(tmp_path)
    table.write_text(change(table.read_text()))
    with (
        Genome(written(tmp_path / "genome.fa", fasta(YEAST))) as genome,
        pytest.raises(InputError, match=words),
        open_relatives(table, genome),
    ):
        pass


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"chrM": "AC"}, "b.fa: chrM is 2 bp long, not 1 bp. Expected a relative's"),
        ({"extra": "AC"}, r"b.fa: chromosome\(s\) extra are in one"),
    ],
)
def test_other_chromosomes_are_refused(others: dict[str, str], words: str, tmp_path: Path) -> None:
    table = write_table(tmp_path)
    written(tmp_path / "b.fa", fasta({**YEAST, **others}))
    with (
        Genome(written(tmp_path / "genome.fa", fasta(YEAST))) as genome,
        pytest.raises(InputError, match=words),
        open_relatives(table, genome),
    ):
        pass


@given(pairs=st.lists(st.tuples(st.sampled_from("ACGTN"), st.sampled_from("ACGTNacgtn")), min_size=1))
def test_fractions_are_those_of_a_count_base_by_base(
    pairs: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pair")
    ours, theirs = ("".join(letters) for letters in zip(*pairs, strict=True))
    known = [(a, b) for a, b in pairs if b.upper() != "N"]
    aligned = [(a, b) for a, b in known if b.isupper()] or known
    same = sum(a == b.upper() for a, b in aligned)
    with (
        Genome(written(folder / "genome.fa", fasta({"t": ours}))) as genome,
        Genome(written(folder / "relative.fa", fasta({"t": theirs}))) as relative,
    ):
        if all(a == b.upper() for a, b in known):
            with pytest.raises(InputError, match="none of its bases differs"):
                measure_relative(Relative("x", relative), genome)
            return
        if not same:
            with pytest.raises(InputError, match="none of its bases is that of"):
                measure_relative(Relative("x", relative), genome)
            return
        info = measure_relative(Relative("x", relative), genome)
        assert info == ("x", len(aligned) / len(pairs), same / len(aligned))


def test_lower_case_is_where_the_file_has_it(tmp_path: Path) -> None:
    with Genome(written(tmp_path / "a.fa", b">t\nACgtNnAC\ntt\n")) as genome:
        found = genome.lower_case("t", -2, 12)
    assert np.flatnonzero(found).tolist() == [4, 5, 7, 10, 11]
