"""A genome answers with the right bases, or with one line that says why not."""

import gzip
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from Bio import bgzf
from hypothesis import given, settings
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome import fasta as fasta_module
from genint.genome import fasta_index as index_module
from genint.genome.dna import UNKNOWN, tokens
from genint.genome.fasta import Genome


def dna(length: int, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def fasta(sequences: Mapping[str, str], width: int = 60, newline: str = "\n") -> bytes:
    """FASTA text, a description behind each name."""
    text = ""
    for name, sequence in sequences.items():
        lines = [sequence[start : start + width] for start in range(0, len(sequence), width)]
        text += newline.join([f">{name} of a test", *lines]) + newline
    return text.encode()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def bgzipped(path: Path, content: bytes) -> Path:
    with bgzf.BgzfWriter(str(path), "wb") as file:
        file.write(content)
    return path


def assert_holds(genome: Genome, sequences: Mapping[str, str]) -> None:
    assert genome.sizes == {name: len(sequence) for name, sequence in sequences.items()}
    for name, sequence in sequences.items():
        np.testing.assert_array_equal(genome.tokens(name, 0, len(sequence)), tokens(sequence.encode()))


def refusal(path: Path | str) -> str:
    with pytest.raises(InputError) as error:
        Genome(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def replaced_keeping_the_date(path: Path, content: bytes) -> None:
    """As cp -p and rsync -t do."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


YEAST = {"chrI": dna(1_000, 1), "chrII": dna(59, 2), "chrIII": dna(60, 3), "chrIV": dna(61, 4), "chrM": dna(1, 5)}


@pytest.fixture
def yeast(tmp_path: Path) -> Path:
    return written(tmp_path / "yeast.fa", fasta(YEAST))


# -- bases -------------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "content",
    [
        fasta(YEAST),
        fasta(YEAST).rstrip(b"\n"),
        fasta(YEAST) + b"\n",
        fasta(YEAST, newline="\r\n"),
        fasta(YEAST, width=17),
        fasta(YEAST, width=10_000),
        fasta(YEAST).replace(b">", b"\n>"),
        b"; a comment\n;another\n\n" + fasta(YEAST),
        fasta({**YEAST, "empty": ""}),
        fasta({"empty": "", **YEAST}),
    ],
    ids=[
        "LF",
        "no last newline",
        "blank line at the end",
        "CRLF",
        "short lines",
        "one line each",
        "blank lines between",
        "comments before",
        "empty record last",
        "empty record first",
    ],
)
def test_every_usual_form_of_fasta_holds_the_same_genome_and_is_indexed_once(content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "a.fa", content)
    with Genome(path) as genome:
        assert_holds(genome, YEAST)
    before = (tmp_path / "a.fa.fai").stat().st_ino
    with Genome(path) as genome:
        assert_holds(genome, YEAST)
    assert (tmp_path / "a.fa.fai").stat().st_ino == before


@pytest.mark.parametrize("pack", [written, bgzipped])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_before_the_first_record_moves_no_base(
    pack: Callable[[Path, bytes], Path], newline: str, tmp_path: Path
) -> None:
    path = pack(tmp_path / ("a.fa" if pack is written else "a.fa.gz"), b"\xef\xbb\xbf" + fasta(YEAST, newline=newline))
    for _ in range(2):  # indexed, then read by that index
        with Genome(path) as genome:
            assert_holds(genome, YEAST)
    assert Path(f"{path}.fai").read_text().startswith(f"chrI\t1000\t{3 + len('>chrI of a test' + newline)}\t60\t")


def test_names_end_at_the_first_blank_whatever_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fa", ">a\tb c\nA\n> d\u00a0e\nC\n>f\u00e9|g\nG\n".encode())
    for _ in range(2):
        with Genome(path) as genome:
            assert genome.sizes == {"a": 1, "d": 1, "f\u00e9|g": 1}


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


# -- files that are not a genome ---------------------------------------------------------------------------------------


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


def test_duplicate_names_leave_no_bad_index_behind(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fa", b">a\nACGT\n>a\nGGGG\n")
    refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.fa"]
    path.write_bytes(b">a\nACGT\n>b\nGGGG\n")
    with Genome(path) as genome:
        assert genome.sizes == {"a": 4, "b": 4}


# -- the index ---------------------------------------------------------------------------------------------------------

OTHER = {"chrI": dna(1_000, 11), "chrII": dna(60, 12), "chrIII": dna(59, 13), "chrIV": dna(61, 14), "chrM": dna(1, 15)}


def test_a_genome_replaced_by_one_with_the_same_date_and_size_is_indexed_anew(yeast: Path) -> None:
    Genome(yeast).close()
    replaced_keeping_the_date(yeast, fasta(OTHER))
    assert len(fasta(OTHER)) == len(fasta(YEAST))
    with Genome(yeast) as genome:
        assert_holds(genome, OTHER)


@pytest.mark.parametrize(
    "changed",
    [
        {"chrI": dna(1_000, 1), "chrII": dna(60, 2)},
        {**YEAST, "chrIV": dna(62, 4)},
        {**YEAST, "chrV": dna(5)},
        dict(list(YEAST.items())[:-1]),
        dict(reversed(YEAST.items())),
        {name.replace("chr", "Chr"): sequence for name, sequence in YEAST.items()},
    ],
    ids=["fewer", "one base longer", "one more", "one less", "other order", "renamed"],
)
def test_an_index_of_another_genome_is_never_used(changed: dict[str, str], yeast: Path) -> None:
    Genome(yeast).close()
    replaced_keeping_the_date(yeast, fasta(changed))
    with Genome(yeast) as genome:
        assert_holds(genome, changed)


def test_an_index_of_other_line_lengths_is_never_used(tmp_path: Path) -> None:
    sequence = {"a": dna(100)}
    path = written(tmp_path / "a.fa", fasta(sequence, width=60))
    Genome(path).close()
    replaced_keeping_the_date(path, fasta(sequence, width=50))  # as many bytes, as many lines
    with Genome(path) as genome:
        assert genome.tokens("a", 45, 55).tolist() == tokens(sequence["a"][45:55].encode()).tolist()


def test_bases_changed_in_place_are_read_with_the_old_index(yeast: Path) -> None:
    Genome(yeast).close()
    changed = {name: dna(len(sequence), 77) for name, sequence in YEAST.items()}
    replaced_keeping_the_date(yeast, fasta(changed))
    with Genome(yeast) as genome:
        assert_holds(genome, changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text[:-3],
        lambda text: "".join(text.splitlines(keepends=True)[:-1]),
        lambda text: "".join(text.splitlines(keepends=True)[1:]),
        lambda text: text.replace("\t60\t61", "\t0\t0"),
        lambda text: text.replace("chrI\t1000", "chrI\t-1000"),
        lambda text: text.replace("chrI\t1000", "chrI\t" + "9" * 25),
        lambda text: text.replace("chrII\t59\t", "chrII\t59\t9"),
        lambda text: text.replace("\t", " "),
        lambda text: "\udcff",
        lambda text: text + text,
    ],
    ids=[
        "empty",
        "cut in half",
        "half a line",
        "last line missing",
        "first line missing",
        "no line length",
        "negative",
        "huge",
        "wrong offset",
        "spaces",
        "binary",
        "doubled",
    ],
)
def test_a_damaged_index_is_replaced(damage: object, yeast: Path) -> None:
    Genome(yeast).close()
    index = Path(f"{yeast}.fai")
    good = index.read_text()
    assert callable(damage)
    index.write_bytes(damage(good).encode(errors="surrogateescape"))
    with Genome(yeast) as genome:
        assert_holds(genome, YEAST)
    assert index.read_text() == good


def test_an_index_older_than_its_genome_is_used_when_it_fits(yeast: Path) -> None:
    Genome(yeast).close()
    index = Path(f"{yeast}.fai")
    os.utime(index, (0, 0))
    with Genome(yeast) as genome:
        assert_holds(genome, YEAST)
    assert index.stat().st_mtime == 0


def test_an_index_made_by_samtools_is_used(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fa", b">a x\nACGT\nAC\n>b\nGG")
    index = written(
        tmp_path / "a.fa.fai", b"a\t6\t5\t4\t5\nb\t2\t16\t2\t3\n"
    )  # 2 bases in 3 bytes, though the file ends
    with Genome(path) as genome:
        assert_holds(genome, {"a": "ACGTAC", "b": "GG"})
    assert index.read_bytes().endswith(b"b\t2\t16\t2\t3\n")


def test_the_index_is_as_samtools_writes_it(yeast: Path) -> None:
    Genome(yeast).close()
    assert Path(f"{yeast}.fai").read_text().splitlines()[:2] == ["chrI\t1000\t16\t60\t61", "chrII\t59\t1050\t59\t60"]
    assert sorted(file.name for file in yeast.parent.iterdir()) == ["yeast.fa", "yeast.fa.fai"]


def test_a_genome_in_a_folder_without_permission_is_indexed_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    path = written(folder / "yeast.fa", fasta(YEAST))
    forbid_writing_in(folder, monkeypatch)
    for _ in range(2):
        with Genome(path) as genome:
            assert_holds(genome, YEAST)
    assert [file.name for file in folder.iterdir()] == ["yeast.fa"]
    (index,) = (Path(os.environ["XDG_CACHE_HOME"]) / "genint").glob("*.fai")
    replaced_keeping_the_date(path, fasta(OTHER))
    with Genome(path) as genome:
        assert_holds(genome, OTHER)
    index.write_text("")
    with Genome(path) as genome:
        assert_holds(genome, OTHER)


def test_a_stale_index_in_a_folder_without_permission_is_left_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    path = written(folder / "yeast.fa", fasta(YEAST))
    Genome(path).close()
    forbid_writing_in(folder, monkeypatch)
    replaced_keeping_the_date(path, fasta(OTHER))
    with Genome(path) as genome:
        assert_holds(genome, OTHER)


def test_an_index_that_cannot_be_written_anywhere_is_a_message(
    yeast: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(f"{yeast}.fai").mkdir()
    in_the_way = str(written(tmp_path / "in_the_way", b""))
    monkeypatch.setenv("XDG_CACHE_HOME", in_the_way)
    monkeypatch.setattr(tempfile, "tempdir", in_the_way)
    monkeypatch.setattr(index_module, "_temporary_folder", lambda: Path(in_the_way) / "genint")
    message = refusal(yeast)
    assert f"cannot write its index into any of {tmp_path}, {in_the_way}/genint" in message
    assert message.endswith("Make one of them writable")


def test_a_genome_that_no_lasting_folder_takes_is_indexed_in_the_temporary_one_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder := tmp_path / "shared").mkdir()
    path = written(folder / "yeast.fa", fasta(YEAST))
    forbid_writing_in(folder, monkeypatch)
    (temporary := tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("XDG_CACHE_HOME", str(written(tmp_path / "in_the_way", b"")))
    for _ in range(2):
        with Genome(path) as genome:
            assert_holds(genome, YEAST)
    said = capsys.readouterr().err.splitlines()
    where = f"{temporary}/genint-{os.getuid()}"
    assert said == [f"genint: note: the index of {path} is in {where}, as no lasting folder can be written"]
    assert [file.name for file in folder.iterdir()] == ["yeast.fa"]


def test_a_user_without_a_home_can_read_a_genome(yeast: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(tempfile, "tempdir", str(yeast.parent))
    with Genome(yeast) as genome:
        assert_holds(genome, YEAST)


def forbid_writing_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not bind root, who may run the tests."""
    make = index_module.tempfile.TemporaryDirectory

    def make_or_refuse(*arguments: object, dir: Path, **options: object) -> object:
        if dir == folder:
            raise PermissionError(13, "Permission denied", str(dir))
        return make(*arguments, dir=dir, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(index_module.tempfile, "TemporaryDirectory", make_or_refuse)


# -- processes ---------------------------------------------------------------------------------------------------------


def test_four_processes_that_open_a_new_genome_at_once_all_see_all_of_it(tmp_path: Path) -> None:
    contigs = {f"contig{n}": dna(70, n) for n in range(3_000)}
    path, go = written(tmp_path / "contigs.fa", fasta(contigs)), tmp_path / "go"
    code = f"""if True:
        import os, time
        from genint.genome.fasta import Genome
        print("ready", flush=True)
        while not os.path.exists({str(go)!r}): time.sleep(0.001)
        with Genome({str(path)!r}) as genome:
            print(len(genome.sizes), sum(genome.sizes.values()), genome.tokens("contig2999", 60, 70).tolist())
    """
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.touch()
    answers = {process.communicate(timeout=200)[0] for process in started}
    assert answers == {f"3000 210000 {tokens(contigs['contig2999'][60:].encode()).tolist()}\n"}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["contigs.fa", "contigs.fa.fai", "go"]


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


# -- files that change -------------------------------------------------------------------------------------------------


def test_a_genome_cut_short_while_it_is_read_is_noticed(yeast: Path) -> None:
    with Genome(yeast) as genome:
        os.truncate(yeast, 500)
        with pytest.raises(InputError, match=r"yeast\.fa: holds \d+ of the 600 bases of chrI:101-700\. .*cut short"):
            genome.tokens("chrI", 100, 700)


def test_a_genome_cut_short_after_indexing_is_never_read_with_the_old_index(yeast: Path) -> None:
    Genome(yeast).close()
    os.truncate(yeast, 500)
    with Genome(yeast) as genome:
        assert_holds(genome, {"chrI": YEAST["chrI"][: genome.sizes["chrI"]]})


def test_bytes_that_are_no_text_are_noticed_while_reading(yeast: Path) -> None:
    with Genome(yeast) as genome:
        with open(yeast, "r+b") as file:
            file.seek(100)
            file.write(b"\xff\xff")
        with pytest.raises(InputError, match="holds bytes that are not text"):
            genome.tokens("chrI", 0, 500)


# -- bgzip -------------------------------------------------------------------------------------------------------------

LARGE = {"chr1": dna(150_000, 21), "chr2": dna(100, 22), "chr3": dna(40_000, 23)}


@pytest.fixture(scope="module")
def packed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bgzipped(tmp_path_factory.mktemp("packed") / "large.fa.gz", fasta(LARGE))


@pytest.fixture
def packed(packed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(packed_once, tmp_path))


def test_a_bgzipped_genome_is_the_plain_one_and_is_indexed_once(packed: Path) -> None:
    for _ in range(2):
        with Genome(packed) as genome:
            assert_holds(genome, LARGE)
        inodes = {(packed.parent / f"large.fa.gz{end}").stat().st_ino for end in (".fai", ".gzi")}
    os.utime(packed)  # newer than its index, which still fits
    with Genome(packed) as genome:
        assert_holds(genome, LARGE)
    assert inodes == {(packed.parent / f"large.fa.gz{end}").stat().st_ino for end in (".fai", ".gzi")}
    assert len(list(packed.parent.iterdir())) == 3


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


def test_a_bgzipped_genome_replaced_by_one_with_the_same_date_is_indexed_anew(packed: Path) -> None:
    Genome(packed).close()
    changed = {**LARGE, "chr2": dna(103, 5)}
    replaced_keeping_the_date(packed, bgzipped(packed.parent / "new.gz", fasta(changed)).read_bytes())
    with Genome(packed) as genome:
        assert_holds(genome, changed)


@pytest.mark.parametrize("ending", [".fai", ".gzi"])
@pytest.mark.parametrize("keep", [None, 0, 0.5], ids=["missing", "empty", "cut in half"])
def test_a_damaged_index_of_a_bgzipped_genome_is_replaced(ending: str, keep: float | None, packed: Path) -> None:
    Genome(packed).close()
    index = Path(f"{packed}{ending}")
    good = index.read_bytes()
    index.unlink()
    if keep is not None:
        index.write_bytes(good[: int(len(good) * keep)])
    with Genome(packed) as genome:
        assert_holds(genome, LARGE)
    assert index.read_bytes() == good


@pytest.mark.parametrize("missing", [1, 28, 29, 20_000])
@pytest.mark.parametrize("indexed", [False, True])
def test_a_bgzipped_genome_cut_short_is_refused(missing: int, indexed: bool, packed: Path) -> None:
    if indexed:
        Genome(packed).close()
    os.truncate(packed, packed.stat().st_size - missing)
    assert "the bgzip stream is cut short" in refusal(packed)


def test_a_bgzipped_genome_without_a_whole_block_is_refused(packed: Path) -> None:
    content = packed.read_bytes()
    packed.write_bytes(content[:30_000] + content[-28:])
    assert "cannot be indexed" in refusal(packed)


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


def test_plain_gzip_and_misleading_names_are_refused_with_the_remedy(tmp_path: Path, packed: Path) -> None:
    message = refusal(written(tmp_path / "yeast.fa.gz", gzip.compress(fasta(YEAST))))
    assert message.endswith(f"Run: gunzip {tmp_path}/yeast.fa.gz; bgzip {tmp_path}/yeast.fa")
    assert "Rename it to end in .gz" in refusal(written(tmp_path / "yeast.fa", gzip.compress(fasta(YEAST))))
    assert "Rename it to end in .gz" in refusal(packed.rename(tmp_path / "large.fa"))
    assert "named like a gzip file but is not one" in refusal(written(tmp_path / "plain.fa.gz", fasta(YEAST)))
