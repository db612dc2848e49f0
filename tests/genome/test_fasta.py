"""A genome gives the right bases, or one line that says why not."""

import os
import pickle
import random
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from Bio import bgzf
from hypothesis import given, settings
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome import fasta as fasta_module
from genint.genome.dna import UNKNOWN, tokens
from genint.genome.fasta import Genome
from tests.genome.fastas import LARGE, YEAST, assert_holds, bgzipped, dna, fasta, refusal, written


def test_the_example_genome_is_read_base_by_base(example: Path) -> None:
    with Genome(example / "genome.fa") as genome:
        assert genome.sizes == {"chr1": 204_800, "chr2": 60_003, "chr3": 35_073}
        records = (example / "genome.fa").read_bytes().split(b">")[1:]
        for chrom, record in zip(genome.sizes, records, strict=True):
            sequence = b"".join(record.splitlines()[1:])
            np.testing.assert_array_equal(genome.tokens(chrom, 0, genome.sizes[chrom]), tokens(sequence))


@settings(max_examples=200)
@given(st.sampled_from(sorted(YEAST)), st.integers(-150, 1_100), st.integers(0, 300))
def test_any_window_holds_its_bases_and_unknown_beyond_both_ends(
    tmp_path_factory: pytest.TempPathFactory, chrom: str, start: int, length: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "windows.fa"
    if not path.exists():
        path.write_bytes(fasta(YEAST))
    inside = [
        tokens(YEAST[chrom][i : i + 1].encode())[0] if i >= 0 else UNKNOWN
        for i in range(start, start + length)
        if i < len(YEAST[chrom])
    ]
    with Genome(path) as genome:
        answer = genome.tokens(chrom, start, start + length)
    assert answer.tolist() == inside + [UNKNOWN] * (length - len(inside))


def test_a_window_is_the_callers_own_to_change(yeast: Path) -> None:
    with Genome(yeast) as genome:
        genome.tokens("chrI", 0, 10)[:] = UNKNOWN
        np.testing.assert_array_equal(genome.tokens("chrI", 0, 10), tokens(YEAST["chrI"][:10].encode()))


def test_a_long_interval_is_read_in_pieces_that_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fasta_module, "_PIECE_BP", 64)
    with Genome(written(tmp_path / "a.fa", fasta(YEAST))) as genome:
        assert_holds(genome, YEAST)
        assert genome.tokens("chrI", -70, 1_070)[70:-70].tolist() == tokens(YEAST["chrI"].encode()).tolist()


def test_soft_masked_repeats_and_iupac_letters(tmp_path: Path) -> None:
    with Genome(written(tmp_path / "a.fa", b">a\nacgtNnRY\nMKax\n")) as genome:
        assert genome.tokens("a", 0, 12).tolist() == [0, 1, 2, 3, *[UNKNOWN] * 6, 0, UNKNOWN]


def test_paths_may_hold_spaces_and_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my genomes (2)"
    folder.mkdir()
    written(folder / "yeast 1.fa", fasta(YEAST))
    monkeypatch.chdir(tmp_path)
    for path in ("my genomes (2)/yeast 1.fa", "./my genomes (2)/../my genomes (2)/yeast 1.fa"):
        with Genome(path) as genome:
            assert_holds(genome, YEAST)


def test_an_assembly_is_known_by_names_and_lengths_not_by_file_name(tmp_path: Path) -> None:
    with (
        Genome(written(tmp_path / "sacCer3.fa", fasta(YEAST))) as one,
        Genome(written(tmp_path / "R64.1.fa", fasta(YEAST, width=50))) as other,
        Genome(written(tmp_path / "b.fa", fasta({**YEAST, "chrM": "AC"}))) as longer,
    ):
        assert (one.assembly.name, other.assembly.name) == ("sacCer3", "R64")
        assert one.assembly.digest == other.assembly.digest != longer.assembly.digest


def test_a_fingerprint_tells_genomes_of_the_same_lengths_apart(tmp_path: Path) -> None:
    long = {"chr1": dna(40_000), "chr2": dna(9_000, seed=1), "chr3": "ACGT"}
    (folder := tmp_path / "packed").mkdir()
    with bgzf.BgzfWriter(folder / "a.fa.gz") as file:
        file.write(fasta(long, width=50).decode())
    lower = {name: sequence.lower() for name, sequence in long.items()}
    middle = long["chr1"][:20_000] + "N" * 1_000 + long["chr1"][21_000:]
    with (
        Genome(written(tmp_path / "a.fa", fasta(long))) as plain,
        Genome(folder / "a.fa.gz") as packed,
        Genome(written(tmp_path / "lower.fa", fasta(lower, newline="\r\n"))) as copied,
        Genome(written(tmp_path / "masked.fa", fasta({**long, "chr1": middle}))) as masked,
        Genome(written(tmp_path / "small.fa", fasta({"one": "A"}))) as small,
    ):
        assert plain.fingerprint() == packed.fingerprint() == copied.fingerprint()
        assert masked.assembly.digest == plain.assembly.digest
        assert len({genome.fingerprint() for genome in (plain, masked, small)}) == 3


def wrong_windows(genome: Genome, seed: int) -> int:
    chance = random.Random(seed)
    starts = [chance.randrange(BIG_BP - 100) for _ in range(2_000)]
    return sum(not np.array_equal(genome.tokens("a", at, at + 100), BIG_TOKENS[at : at + 100]) for at in starts)


BIG_BP = 100_000
BIG_TOKENS = tokens(dna(BIG_BP, 9).encode())


def test_a_genome_opened_before_a_fork_is_read_right_by_both_processes(tmp_path: Path) -> None:
    with Genome(written(tmp_path / "a.fa", fasta({"a": dna(BIG_BP, 9)}))) as genome:
        child = os.fork()
        if child == 0:
            os._exit(min(wrong_windows(genome, 1), 100))  # no pytest in the child
        wrong = wrong_windows(genome, 2)
        assert (wrong, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) == (0, 0)


def test_a_genome_goes_to_other_processes_and_back(yeast: Path) -> None:
    with Genome(yeast) as genome, get_context("spawn").Pool(1) as pool:
        (answer,) = pool.starmap(Genome.tokens, [(genome, "chrIV", 50, 65)])
    np.testing.assert_array_equal(answer, tokens(YEAST["chrIV"][50:].encode() + b"NNNN"))


def test_a_pickled_and_a_closed_genome_open_themselves_again(yeast: Path) -> None:
    genome = Genome(yeast)
    with pickle.loads(pickle.dumps(genome)) as copy:
        assert_holds(copy, YEAST)
    genome.close()
    genome.close()
    assert_holds(genome, YEAST)
    genome.close()


def test_a_genome_cut_short_while_it_is_read_is_noticed(yeast: Path) -> None:
    with Genome(yeast) as genome:
        os.truncate(yeast, 500)
        with pytest.raises(InputError, match=r"yeast\.fa: holds \d+ of the 600 bases of chrI:101-700\. .*cut short"):
            genome.tokens("chrI", 100, 700)


def test_bytes_that_are_no_text_are_noticed_while_reading(yeast: Path) -> None:
    with Genome(yeast) as genome:
        with open(yeast, "r+b") as file:
            file.seek(100)
            file.write(b"\xff\xff")
        with pytest.raises(InputError, match="holds bytes that are not text"):
            genome.tokens("chrI", 0, 500)


def test_a_window_that_starts_with_a_bgzip_block_is_read(packed: Path) -> None:
    first_base = fasta(LARGE).index(b"\n") + 1
    lines, column = divmod(65_536 - first_base, 61)  # Biopython packs 65,536 bytes per block
    start = lines * 60 + column
    with Genome(packed) as genome:
        for at in range(start - 2, start + 3):
            np.testing.assert_array_equal(
                genome.tokens("chr1", at, at + 9), tokens(LARGE["chr1"][at : at + 9].encode())
            )


@pytest.mark.parametrize("name", ["small.fa.bgz", "small.FA.GZ"])
def test_a_bgzipped_genome_in_one_block_is_read(name: str, tmp_path: Path) -> None:
    path = bgzipped(tmp_path / name, fasta(YEAST, newline="\r\n"))
    for _ in range(2):
        with Genome(path) as genome:
            assert_holds(genome, YEAST)


def test_damage_inside_a_bgzipped_genome_is_noticed_while_indexing_and_while_reading(packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    content[25_000] ^= 255  # in the second block; the first one is read on opening
    with Genome(packed) as genome:
        packed.write_bytes(content)
        with pytest.raises(InputError, match=r"large\.fa\.gz"):
            genome.tokens("chr1", 70_000, 100_000)
    Path(f"{packed}.fai").unlink()
    refusal(packed)


def test_bgzipped_genomes_glued_together_are_one_genome(tmp_path: Path) -> None:
    one = bgzipped(tmp_path / "a.gz", fasta({"a": dna(500)})).read_bytes()
    other = bgzipped(tmp_path / "b.gz", fasta({"b": dna(500)})).read_bytes()
    with Genome(written(tmp_path / "both.fa.gz", one + other)) as genome:
        assert_holds(genome, {"a": dna(500), "b": dna(500)})
