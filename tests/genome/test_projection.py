"""A relative's bases land where they are aligned, whatever the strand, the longest alignment first."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError, OutputError
from genint.genome.alignment import Alignment
from genint.genome.dna import tokens
from genint.genome.projection import align_relative, project
from tests.genome.relatives import make_relative, write_relative


def bases(path: Path) -> dict[str, str]:
    records = [record.partition("\n") for record in path.read_text().split(">")[1:]]
    return {name: lines.replace("\n", "") for name, _, lines in records}


@pytest.mark.parametrize("format", ["paf", "chain"])
@given(seed=st.integers(0, 10**6))
def test_a_relative_with_a_known_alignment_has_its_bases_where_they_were_made(
    format: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, made = tmp_path_factory.mktemp("made"), make_relative(seed)
    if not (text := getattr(made, format)):
        return
    reference, relative = write_relative(folder, made)
    (folder / "alignment").write_text(text)
    table = align_relative(reference, relative, folder / "out.fa", alignment=folder / "alignment")
    assert bases(folder / "out.fa") == {"t": made.expected}
    placed = [(a, b) for a, b in zip(made.expected, made.reference, strict=True) if a.isupper()]
    total = table[table["chrom"] == "all"].iloc[0]
    assert total["aligned"] == pytest.approx(len(placed) / len(made.reference))
    same = sum(a == b for a, b in placed) / len(placed) if placed else np.nan
    assert total["identity"] == pytest.approx(same, nan_ok=True)


def aligned(name: str, reverse: bool, *blocks: tuple[int, int, int]) -> Alignment:
    return Alignment("t", name, reverse, np.array(blocks, dtype=np.int64))


def test_the_longest_alignment_of_a_base_counts_and_unknown_bases_leave_it_to_the_next() -> None:
    sequences = {"long": tokens(b"CCCCNCC"), "short": tokens(b"TTTTT")}
    alignments = [aligned("short", True, (0, 0, 5)), aligned("long", False, (2, 0, 4), (6, 4, 3))]
    found, where = project(tokens(b"G" * 12), alignments, sequences)
    assert np.array_equal(found, tokens(b"AACCCCGCCGGG"))
    assert np.flatnonzero(~where).tolist() == [6, 9, 10, 11]
    found, _ = project(tokens(b"G" * 12), [*alignments, aligned("short", False, (5, 1, 3))], sequences)
    assert np.array_equal(found, tokens(b"AACCCCTCCGGG"))


def mutated(reference: str, seed: int) -> str:
    draw = np.random.default_rng(seed)
    letters = np.frombuffer(reference.encode(), np.uint8).copy()
    changed = draw.random(len(letters)) < 0.05
    letters[changed] = draw.choice(np.frombuffer(b"ACGT", np.uint8), int(changed.sum()))
    return letters.tobytes().decode()


def test_minimap2_finds_a_relative_whose_chromosomes_are_rearranged(tmp_path: Path) -> None:
    pytest.importorskip("mappy")
    draw = np.random.default_rng(5)
    one, two = ("".join(draw.choice(list("ACGT"), 12_000)) for _ in range(2))
    (tmp_path / "genome.fa").write_text(f">one\n{one}\n>two\n{two}\n>alone\n{'ACGTT' * 30}\n")
    copies = mutated(one, 1), mutated(two, 2)
    complement = copies[0].translate(str.maketrans("ACGT", "TGCA"))[::-1]
    relative = tmp_path / "relative.fa.gz"
    relative.write_bytes(gzip.compress(f">x\n{copies[1][6_000:]}{complement}\n>y\n{copies[1][:6_000]}\n".encode()))
    table = align_relative(tmp_path / "genome.fa", relative, tmp_path / "out.fa").set_index("chrom")
    found = bases(tmp_path / "out.fa")
    assert found["alone"] == "acgtt" * 30
    for name, copy in zip(("one", "two"), copies, strict=True):
        assert table.loc[name, "aligned"] > 0.99
        assert table.loc[name, "identity"] == pytest.approx(0.9625, abs=0.01)
        assert all(a in (b, a.lower()) for a, b in zip(found[name], copy, strict=True))


def test_a_stranger_is_refused_and_nothing_is_replaced(tmp_path: Path) -> None:
    pytest.importorskip("mappy")
    draw = np.random.default_rng(6)
    for name in ("genome.fa", "relative.fa"):
        (tmp_path / name).write_text(f">t\n{''.join(draw.choice(list('ACGT'), 9_000))}\n")
    with pytest.raises(InputError, match="nothing of it aligns"):
        align_relative(tmp_path / "genome.fa", tmp_path / "relative.fa", tmp_path / "out.fa")
    assert not (tmp_path / "out.fa").exists()
    with pytest.raises(OutputError, match=r"genome\.fa: is there already"):
        align_relative(tmp_path / "genome.fa", tmp_path / "relative.fa", tmp_path / "genome.fa")
