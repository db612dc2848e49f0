""".2bit files, read back by py2bit."""

import re
from pathlib import Path

import numpy as np
import py2bit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.fasta import Genome
from genint.genome.two_bit import write_two_bit
from tests.conftest import EXAMPLE


def written(fasta: Path, path: Path) -> Path:
    with Genome(fasta) as genome:
        write_two_bit(path, genome)
    return path


def read(path: Path) -> dict[str, str]:
    opened = py2bit.open(str(path), True)
    try:
        return {chrom: opened.sequence(chrom) for chrom in opened.chroms()}
    finally:
        opened.close()


def sequences(fasta: Path) -> dict[str, str]:
    records = (record.split("\n", 1) for record in fasta.read_text().split(">")[1:])
    return {head.split()[0]: body.replace("\n", "") for head, body in records}


def test_the_example_genome_reads_back_with_its_lower_case_and_other_letters_as_n(tmp_path: Path) -> None:
    found, expected = read(written(EXAMPLE / "genome.fa", tmp_path / "g.2bit")), sequences(EXAMPLE / "genome.fa")
    assert list(found) == list(expected)
    assert any(letter in body for body in expected.values() for letter in "acgt")
    for chrom, body in expected.items():
        assert found[chrom] == re.sub("[^acgtACGT]", "N", body)


dna = st.lists(st.sampled_from(["N", "n", "A", "c", "G", "t", "ACGT", "NNNNN"]), min_size=1, max_size=12).map("".join)


@given(bodies=st.lists(dna, min_size=1, max_size=4))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_dna_of_any_length_reads_back(bodies: list[str], tmp_path: Path) -> None:
    fasta = tmp_path / "g.fa"
    fasta.unlink(missing_ok=True)
    fasta.with_name("g.fa.fai").unlink(missing_ok=True)
    fasta.write_text("".join(f">chr{number}\n{body}\n" for number, body in enumerate(bodies)))
    found = read(written(fasta, tmp_path / "g.2bit"))
    assert found == {f"chr{number}": body.replace("n", "N") for number, body in enumerate(bodies)}  # py2bit says N


def test_an_n_in_lower_case_is_kept_though_py2bit_does_not_show_it(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">c\nACnGTTnn\n")
    content = written(tmp_path / "g.fa", tmp_path / "g.2bit").read_bytes()
    n_runs = masked_runs = [2, 2, 6, 1, 2]  # how many, where they begin, how long they are
    assert np.frombuffer(content[-50:-2], "<u4").tolist() == [8, *n_runs, *masked_runs, 0]
    assert read(tmp_path / "g.2bit") == {"c": "ACNGTTNN"}


def test_a_name_that_the_format_cannot_hold_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(f">{'x' * 300}\nACGT\n")
    with pytest.raises(InputError, match="has 300 bytes"):
        written(tmp_path / "g.fa", tmp_path / "g.2bit")
    assert not list(tmp_path.glob("*2bit*"))
