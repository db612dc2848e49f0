"""An index is built once, and never used for another file than its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from genint.genome import fasta_index as index_module
from genint.genome.dna import tokens
from genint.genome.fasta import Genome
from tests.genome.fastas import (
    LARGE,
    OTHER,
    YEAST,
    assert_holds,
    bgzipped,
    dna,
    fasta,
    forbid_writing_in,
    refusal,
    replaced_keeping_the_date,
    written,
)


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


def test_duplicate_names_leave_no_bad_index_behind(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fa", b">a\nACGT\n>a\nGGGG\n")
    refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.fa"]
    path.write_bytes(b">a\nACGT\n>b\nGGGG\n")
    with Genome(path) as genome:
        assert genome.sizes == {"a": 4, "b": 4}


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


def test_a_genome_cut_short_after_indexing_is_never_read_with_the_old_index(yeast: Path) -> None:
    Genome(yeast).close()
    os.truncate(yeast, 500)
    with Genome(yeast) as genome:
        assert_holds(genome, {"chrI": YEAST["chrI"][: genome.sizes["chrI"]]})


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


def test_a_bgzipped_genome_without_a_whole_block_is_refused(packed: Path) -> None:
    content = packed.read_bytes()
    packed.write_bytes(content[:30_000] + content[-28:])
    assert "cannot be indexed" in refusal(packed)
