"""A FASTA holds DNA or RNA and nothing else, whoever made its index."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome import fasta_check
from genint.genome.dna import IUPAC, tokens
from genint.genome.fasta import Genome
from genint.genome.fasta_check import index_fits
from tests.genome.fastas import YEAST, bgzipped, fasta, refusal, written

LINE = "ACGTTGCA"
FULL = f">a\n{LINE}\n{LINE}\n{LINE}\nACG\n>b\n{LINE}\n{LINE}\n"


def saved(path: Path, text: str) -> Path:
    """Bgzipped if its name says so."""
    return (bgzipped if path.suffix == ".gz" else written)(path, text.encode())


def on_line(number: int, change: Callable[[str], str]) -> str:
    lines = FULL.splitlines()
    lines[number - 1] = change(lines[number - 1])
    return "\n".join(lines) + "\n"


WHITE = [" ", "\t", "\x0c", "\x0b", "\u00a0", "  ", "\u3000"]


@pytest.mark.parametrize("blank", WHITE)
@pytest.mark.parametrize("number", [2, 4, 5, 7, 8], ids=["first", "full", "last of a record", "other", "last of all"])
@pytest.mark.parametrize(
    "place",
    [
        lambda line, blank: blank + line,
        lambda line, blank: line + blank,
        lambda line, blank: line[:2] + blank + line[2:],
        lambda line, blank: line[:2] + blank + line[2 + len(blank) :],
    ],
    ids=["before", "behind", "inside", "in place of bases"],
)
def test_white_space_is_no_base_and_is_refused_by_its_line(
    place: Callable[[str, str], str], number: int, blank: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "a.fa", on_line(number, lambda line: place(line, blank)))
    assert f"line {number}: holds white space" in refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.fa"]


@pytest.mark.parametrize("number", [2, 4, 5, 8])
def test_a_carriage_return_inside_a_line_is_no_base(number: int, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.fa", on_line(number, lambda line: line[:2] + "\r" + line[2:]))
    assert f"line {number}: holds white space ('\\r')" in refusal(path)


@pytest.mark.parametrize("name", ["a.fa", "a.fa.gz"])
@pytest.mark.parametrize(
    "blanked",
    [
        FULL.replace("\n", " \n").replace(">a ", ">a").replace(">b ", ">b"),
        FULL.replace("\n", "\t\n").replace(">a\t", ">a").replace(">b\t", ">b"),
        FULL.replace(LINE, f"{LINE[:4]} {LINE[4:]}").replace("ACG\n", "ACGTA\n"),
        FULL.replace(LINE, f"{LINE} "),
    ],
    ids=["trailing blanks", "trailing tabs", "groups", "all lines but the last"],
)
def test_the_same_blank_on_every_line_is_refused_though_an_index_fits(name: str, blanked: str, tmp_path: Path) -> None:
    assert "a.fa" in (message := refusal(saved(tmp_path / name, blanked)))
    assert "line 2: holds white space" in message


def test_blanks_behind_names_are_none_of_the_sequence(tmp_path: Path) -> None:
    with Genome(saved(tmp_path / "a.fa", FULL.replace(">a", ">a  \t x ").replace(">b", ">b "))) as genome:
        assert genome.sizes == {"a": 27, "b": 16}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">a\n        1 gatcctccat atacaacggt\n       21 gatcctccat\n", "line 2: holds numbers, as GenBank's files do"),
        (">a\n1 ACGT\n5 ACGT\n", "line 2: holds numbers"),
        (on_line(4, lambda line: line[:-1] + "1"), "line 4: holds numbers"),
        (">p\nMKVLAAGIVGLPEF\n", "line 2: holds the letter(s) E, F, I, L, P, which are no bases. Is it protein?"),
        (FULL + ">p\nMKVLAAGI\n", "line 10: holds the letter(s) I, L, which are no bases"),
        (">p\nMDKSTVRYWHCAG\nMDKSTVRYWHCAG\n", "most of it is D, H, K, M, R, S, V, W, Y, little is A, C, G or T"),
        (on_line(5, lambda line: line + "*"), "line 5: holds '*', a stop of a protein or the end mark of a record"),
        (FULL.rstrip("\n") + "*\n", "line 8: holds '*'"),
        (on_line(3, lambda line: line[:3] + "-" + line[4:]), "line 3: holds gaps ('-' or '.')"),
        (on_line(3, lambda line: line[:3] + "." + line[4:]), "line 3: holds gaps ('-' or '.')"),
        (on_line(3, lambda line: ";" + line[1:]), "line 3: holds ';', which is no base"),
    ],
)
@pytest.mark.parametrize("name", ["a.fa", "a.fa.gz"])
def test_what_is_no_dna_is_refused_with_its_line_and_letters(
    text: str, message: str, name: str, tmp_path: Path
) -> None:
    for _ in range(2):
        assert message in refusal(tmp_path / name if (tmp_path / name).exists() else saved(tmp_path / name, text))
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.fa", "a.fa.gz"])
def test_rna_reads_as_the_dna_it_was_read_from(newline: str, name: str, tmp_path: Path) -> None:
    text = (FULL + ">c\nacgtNNRYxx\n").replace("\n", newline)
    (tmp_path / "rna").mkdir()
    rna = text.replace("T", "U").replace("t", "u")
    with Genome(saved(tmp_path / name, text)) as one, Genome(saved(tmp_path / "rna" / name, rna)) as other:
        assert one.sizes == other.sizes
        assert one.fingerprint() == other.fingerprint()
        for chrom, size in one.sizes.items():
            np.testing.assert_array_equal(one.tokens(chrom, 0, size), other.tokens(chrom, 0, size))


def test_iupac_codes_are_legal_as_long_as_most_is_bases(tmp_path: Path) -> None:
    codes = IUPAC.decode()
    with Genome(saved(tmp_path / "a.fa", f">a\n{codes}\n{'ACGTTGCA' * 4}\n")) as genome:
        assert genome.tokens("a", 0, len(codes)).tolist() == tokens(IUPAC).tolist()


def test_a_genome_of_n_alone_is_no_protein(tmp_path: Path) -> None:
    with Genome(saved(tmp_path / "a.fa", ">a\nNNNN\nNNNN\n")) as genome:
        assert genome.sizes == {"a": 8}


@pytest.mark.parametrize(
    ("text", "index"),
    [
        (FULL.replace(LINE, f"{LINE} "), "a\t27\t3\t8\t10\nb\t16\t40\t8\t10\n"),
        (FULL.replace(LINE, f"{LINE} "), "a\t30\t3\t9\t10\nb\t18\t40\t9\t10\n"),
        (on_line(4, lambda line: line[:3] + " " + line[4:]), "a\t27\t3\t8\t9\nb\t16\t37\t8\t9\n"),
        (on_line(4, lambda line: line[:3] + "1" + line[4:]), "a\t27\t3\t8\t9\nb\t16\t37\t8\t9\n"),
        (on_line(5, lambda line: line[:2] + "*"), "a\t27\t3\t8\t9\nb\t16\t37\t8\t9\n"),
    ],
    ids=["blanks not counted", "blanks counted", "a blank for a base", "a digit for a base", "a star for a base"],
)
def test_an_index_made_elsewhere_hides_nothing(text: str, index: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.fa", text)
    (tmp_path / "a.fa.fai").write_text(index)
    for _ in range(2):
        assert ": holds " in refusal(path)


def test_an_index_whose_lines_are_elsewhere_is_replaced(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.fa", ">a\nACGT\nACGTAC\nAC\nACGT\nAC\n")
    (tmp_path / "a.fa.fai").write_text("a\t18\t3\t4\t5\n")
    assert "Inconsistent line found in >a" in refusal(path)


def test_the_bases_of_a_file_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.fa", FULL)
    looks: list[bool] = []

    def count(path: Path, index: Path, *, every_base: bool) -> bool:
        looks.append(every_base)
        return index_fits(path, index, every_base=every_base)

    monkeypatch.setattr("genint.genome.fasta_index.index_fits", count)
    for _ in range(3):
        Genome(path).close()
    assert looks == [True, False, False]
    text = FULL.replace("TTGC", "T1GC")
    path.write_text(text)
    assert "line 2: holds numbers" in refusal(path)
    assert True in looks[3:]


@given(
    st.lists(st.text("ACGTUNRYacgtn", min_size=1, max_size=40), min_size=1, max_size=3),
    st.integers(1, 9),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 10**6),
    st.sampled_from("ACGTN 1*-E\t\n"),
)
def test_one_changed_byte_is_noticed_or_is_a_base(
    tmp_path_factory: pytest.TempPathFactory, sequences: list[str], width: int, newline: str, at: int, byte: str
) -> None:
    """Against the index of the file before: what still fits reads as the changed text does, base by base."""
    folder = tmp_path_factory.mktemp("changed")
    records = [[f">{n}", *(s[i : i + width] for i in range(0, len(s), width))] for n, s in enumerate(sequences)]
    text = "".join(line + newline for record in records for line in record)
    path, index = saved(folder / "a.fa", text), folder / "a.fa.fai"
    try:
        Genome(path).close()
    except InputError:
        return  # mostly R and Y
    changed = text[: at % len(text)] + byte + text[at % len(text) + 1 :]
    path.write_bytes(changed.encode())
    try:
        fits = index_fits(path, index, every_base=True)
    except InputError:
        return
    before, after = ([line for line in lines.split(newline) if line] for lines in (text, changed))
    bases = [line for line in after if not line.startswith(">")]
    as_before = [len(line) for line in before] == [len(line) for line in after]
    headers_kept = [line for line in before if line[0] == ">"] == [line for line in after if line[0] == ">"]
    assert fits == (as_before and headers_kept and not "".join(bases).encode().translate(None, IUPAC))


def test_long_lines_and_many_pieces_are_checked_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fasta_check, "_BYTES_AT_ONCE", 16)
    long = LINE * 30
    text = f">a\n{long}\n>b\n" + f"{LINE}\n" * 30 + f"AC\n>c\n{long}\n{long}\nA\n"
    with Genome(saved(tmp_path / "a.fa", text)) as genome:
        assert genome.sizes == {"a": 240, "b": 242, "c": 481}
    for at in (20, 230, 260, 500, 530, 800, len(text) - 2):
        if text[at] != "\n":
            path = saved(tmp_path / f"{at}.fa", text[:at] + "1" + text[at + 1 :])
            assert "holds numbers" in refusal(path)


@pytest.mark.parametrize("tail", ["ACGT  \n", "ACGT\t", "ACGT\n \n"])
def test_blanks_after_the_last_base_are_named_under_a_samtools_index(tail: str, tmp_path: Path) -> None:
    """Its index counts bases without them, so that its numbers fit the file."""
    path = written(tmp_path / "a.fa", f">a\nACGTACGT\n{tail}".encode())
    (tmp_path / "a.fa.fai").write_text("a\t12\t3\t8\t9\n")
    assert "holds white space" in refusal(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty. Expected a FASTA file"),
        (b"\n\n", "does not contain a valid sequence"),
        (b"ACGT\nACGT\n", "starts with b'ACGT\\nACG'. Expected a FASTA file, whose first line begins with >"),
        (b"@read1\nACGT\n+\nIIII\n", "starts with b'@read1"),
        (b"chrI\t0\t1\n", "starts with b'chrI"),
        (b"\nACGT\n", "Unexpected text before the first sequence"),
        (b"\xef\xbb\xbf", "is empty. Expected a FASTA file"),
        (b"\xef\xbb\xbfACGT\n", "starts with b'ACGT"),
        (b">a\nACGT\n\xef\xbb\xbf>b\nACGT\n", "bad.fa, line 3: holds a byte order mark"),
        (">a\nACGT\n".encode("utf-16"), "is not UTF-8 text (it is UTF-16: save it as UTF-8)"),
        (b"\x00\x01\x02\x03" * 10, "starts with b'\\x00"),
        (b"BZh91AY&SY", "starts with b'BZh"),
        (b">a\nAC\xff\xfeGT\n", "bad.fa, line 2: holds '\ufffd', which is no base"),
        (b">\xff\nACGT\n", "holds bytes that are not text"),
        (b">\nACGT\n", "Bad sequence name"),
        (b"> \nACGT\n", "Bad sequence name"),
        (b">a\nACGT\n>a\nACGT\n", 'names a chromosome twice (Duplicate key "a")'),
        (b">a\nACGT\n>b\nA\n>a\nACGT\n", "names a chromosome twice"),
        (b">a\nACGT\nAC\nACGT\n", "Inconsistent line found in >a at line 3"),
        (b">a\nACGT\nACGTA\n>b\nA\n>c\nACGT\nACGTACGT\nA\n", "Inconsistent line found in >c at line 8"),
        (b">a\nACGT\n\nACGT\n", "Inconsistent line found in >a"),
        (b">a\nACGT\n\n\n", "blank or short lines in a record"),
        (b">a\rACGT\rACGT\r", "Expected text with LF or CRLF line ends"),
        (b">a\rACGT\r>b\rACGT\r\n>c\nACGT\n", "Expected text with LF or CRLF line ends"),
        (">a\nACGé\nACGT\n".encode(), "bad.fa, line 2: holds the letter(s) É, which are no bases"),
    ],
)
def test_a_file_that_is_no_genome_is_refused_and_leaves_no_index(content: bytes, message: str, tmp_path: Path) -> None:
    path = written(tmp_path / "bad.fa", content)
    assert message in refusal(path)
    assert message in refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["bad.fa"]


def test_records_without_bases_are_no_genome(tmp_path: Path) -> None:
    path = written(tmp_path / "bad.fa", b">a\n>b\n")
    for _ in range(2):
        assert "its 2 record(s) hold no bases" in refusal(path)


def test_missing_files_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    assert "cannot read (No such file or directory)" in refusal(tmp_path / "none.fa")
    assert "cannot read (Is a directory)" in refusal(tmp_path)
    assert "cannot read (Not a directory)" in refusal(written(tmp_path / "a.fa", b">a\nA\n") / "b.fa")
    os.mkfifo(tmp_path / "pipe.fa")
    assert "is a pipe" in refusal(tmp_path / "pipe.fa")


@pytest.mark.parametrize("missing", [1, 28, 29, 20_000])
@pytest.mark.parametrize("indexed", [False, True])
def test_a_bgzipped_genome_cut_short_is_refused(missing: int, indexed: bool, packed: Path) -> None:
    if indexed:
        Genome(packed).close()
    os.truncate(packed, packed.stat().st_size - missing)
    assert "the bgzip stream is cut short" in refusal(packed)


def test_plain_gzip_and_misleading_names_are_refused_with_the_remedy(tmp_path: Path, packed: Path) -> None:
    message = refusal(written(tmp_path / "yeast.fa.gz", gzip.compress(fasta(YEAST))))
    assert message.endswith(f"Run: gunzip {tmp_path}/yeast.fa.gz; bgzip {tmp_path}/yeast.fa")
    assert "Rename it to end in .gz" in refusal(written(tmp_path / "yeast.fa", gzip.compress(fasta(YEAST))))
    assert "Rename it to end in .gz" in refusal(packed.rename(tmp_path / "large.fa"))
    assert "named like a gzip file but is not one" in refusal(written(tmp_path / "plain.fa.gz", fasta(YEAST)))
