"""A run into a file: killed anywhere and run again, it ends with the same bytes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genint import atomic
from genint.errors import InputError, OutputError
from genint.interpretation.variants import effects, scorer
from genint.interpretation.variants import run as variant_run
from genint.interpretation.variants.files import gene_file
from genint.interpretation.variants.run import VariantReport, variants_to_file
from tests.conftest import EXAMPLE, Run, file_size_limit
from tests.interpretation.variants.motif_counter import counter_model

EVERY_STATUS = Path(__file__).parent / "every_status.vcf"
GENOME = EXAMPLE / "genome.fa"


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (effects, variant_run):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", 9)


def run(folder: Path, **settings: Any) -> VariantReport:
    (folder / "genes.bed").write_text("chr1\t53000\t54000\ta\nchr3\t0\t9000\tb\n")
    given: dict[str, Any] = {
        "background": EVERY_STATUS,
        "genes": folder / "genes.bed",
        "device": "cpu",
        "threads": 2,
    } | settings
    return variants_to_file(GENOME, EVERY_STATUS, counter_model(), folder / "out.tsv", **given)


def contents(folder: Path) -> dict[str, bytes]:
    assert not list(folder.glob(".*"))
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    report = run(folder)
    assert report.rows == 63
    assert sum(report.statuses.values()) == 69
    assert [file.name for file in report.files] == ["out.tsv", "out.genes.tsv"]
    return contents(folder)


@pytest.mark.parametrize("event", [1, 2, 3, 6, 9, 14, 15, 16, 17])
def test_a_run_that_is_killed_anywhere_resumes_and_ends_with_the_same_bytes(
    event: int, tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events are the files that are begun (the background, a part of genes, one of scores, ..., the two tables)."""
    real, left = atomic.replacing, [event]

    def replacing(path: Path) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(path)

    monkeypatch.setattr(variant_run, "replacing", replacing)
    with pytest.raises(Killed):
        run(tmp_path)
    run(tmp_path)
    assert contents(tmp_path) == whole


def test_a_run_that_is_killed_when_all_is_written_is_done_by_the_next(
    tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", killed)
        with pytest.raises(Killed):
            run(tmp_path)
    run(tmp_path)
    assert contents(tmp_path) == whole


SCRIPT = """
import os, signal, sys
from pathlib import Path
from genint import atomic
from genint.interpretation.variants import effects
from genint.interpretation.variants import run as variant_run
from tests.interpretation.variants import test_run as here

effects.ROWS_AT_ONCE = variant_run.ROWS_AT_ONCE = 9
add, number = variant_run._Parts.add, iter(range(99))
def fatal(self, *frames):
    add(self, *frames)
    if next(number) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
variant_run._Parts.add = fatal
here.run(Path(sys.argv[1]))
"""


def test_a_killed_process_loses_no_part(
    tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path], check=False, cwd=EXAMPLE.parent)
    assert done.returncode == -9
    scored = []

    def score_rows(*given: Any) -> Any:
        scored.append(given)
        return scorer.score_rows(*given)

    monkeypatch.setattr(variant_run, "score_rows", score_rows)
    run(tmp_path)
    assert contents(tmp_path) == whole
    assert len(scored) == 63 // 9 - 4


def test_a_finished_table_is_not_replaced_unless_told(tmp_path: Path, whole: dict[str, bytes]) -> None:
    run(tmp_path)
    with pytest.raises(OutputError, match=r"out.tsv: is there already. Give `overwrite`"):
        run(tmp_path)
    (tmp_path / "out.tsv").write_text("other")
    run(tmp_path, overwrite=True)
    assert contents(tmp_path) == whole


def test_a_table_of_genes_is_not_replaced_unless_told(tmp_path: Path, whole: dict[str, bytes]) -> None:
    (tmp_path / "out.genes.tsv").write_text("mine")
    with pytest.raises(OutputError, match=r"out.genes.tsv: is there already. Give `overwrite`"):
        run(tmp_path)
    assert (tmp_path / "out.genes.tsv").read_text() == "mine"
    run(tmp_path, overwrite=True)
    assert contents(tmp_path) == whole


@pytest.mark.parametrize("name", ["o.tsv", "o.vcf", "o.parquet"])
def test_a_table_of_genes_goes_with_the_scores_that_it_is_of(tmp_path: Path, name: str) -> None:
    """One of an earlier run would pass for that of the new scores; a file that is none stays."""
    (tmp_path / "genes.bed").write_text("chr1\t53000\t54000\ta\n")
    out = tmp_path / name

    def score(**settings: Any) -> None:
        variants_to_file(GENOME, EVERY_STATUS, counter_model(), out, device="cpu", **settings)

    score(genes=tmp_path / "genes.bed")
    assert gene_file(out).exists()
    out.unlink()
    with pytest.raises(OutputError, match=f"{gene_file(out).name}: is there already"):
        score()
    score(overwrite=True)
    assert not gene_file(out).exists()
    gene_file(out).write_text("mine\n")
    score(overwrite=True)
    assert gene_file(out).read_text() == "mine\n"


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_a_run_reads_is_not_written_by_it(tmp_path: Path, overwrite: bool) -> None:
    bed, vcf = tmp_path / "mine.genes.tsv", tmp_path / "mine.vcf"
    bed.write_text("chr1\t53000\t54000\ta\n")
    vcf.write_text(EVERY_STATUS.read_text())
    for out in (tmp_path / "mine.tsv", vcf):
        with pytest.raises(OutputError, match=r"mine\.(genes\.tsv|vcf): would be written and is read by the same run"):
            variants_to_file(GENOME, vcf, counter_model(), out, genes=bed, overwrite=overwrite, device="cpu")
    assert bed.read_text() == "chr1\t53000\t54000\ta\n"
    assert sorted(tmp_path.iterdir()) == [bed, vcf]


def test_an_unfinished_run_with_other_settings_is_not_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(variant_run, "_write", killed)
        with pytest.raises(Killed):
            run(tmp_path)
    with pytest.raises(OutputError, match="holds an unfinished run, and width was 512, is 100"):
        run(tmp_path, width=100)


def test_a_vcf_whose_rows_moved_to_other_lines_is_not_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done says the lines that rows had."""
    vcf = tmp_path / "a.vcf"
    vcf.write_text(EVERY_STATUS.read_text())
    with monkeypatch.context() as patch:
        patch.setattr(variant_run, "_write", killed)
        with pytest.raises(Killed):
            variants_to_file(GENOME, vcf, counter_model(), tmp_path / "o.vcf", device="cpu")
    vcf.write_text("##one line more\n" + EVERY_STATUS.read_text())
    with pytest.raises(OutputError, match="holds an unfinished run, and vcf was"):
        variants_to_file(GENOME, vcf, counter_model(), tmp_path / "o.vcf", device="cpu")


def test_a_full_disk_is_one_line_and_leaves_no_table(tmp_path: Path) -> None:
    with file_size_limit(3_000), pytest.raises(OutputError, match="cannot write"):
        run(tmp_path)
    assert not (tmp_path / "out.tsv").exists()


def test_a_vcf_without_rows_makes_a_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "none.vcf").write_text("#CHROM\tPOS\tID\tREF\tALT\n")
    report = variants_to_file(GENOME, tmp_path / "none.vcf", counter_model(), tmp_path / "o.tsv", device="cpu")
    assert (report.rows, report.statuses) == (0, {})
    assert (tmp_path / "o.tsv").read_text().splitlines()[-1].startswith("line\tchrom\tpos\t")


def test_a_damaged_vcf_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "bad.vcf").write_text("chr1\t0\t5\n")
    with pytest.raises(InputError, match=r"bad.vcf, line 1"):
        variants_to_file(GENOME, tmp_path / "bad.vcf", counter_model(), tmp_path / "o.tsv", device="cpu")
    assert [file.name for file in tmp_path.iterdir()] == ["bad.vcf"]


def test_the_command_scores_and_counts(tmp_path: Path, tiny_model: Path, genint: Run) -> None:
    done = genint("variants", GENOME, EVERY_STATUS, "-o", tmp_path / "o.tsv", "-m", tiny_model, "-p", 1, "-t", "atac")
    assert done.code == 0, done.err
    assert done.out == f"{tmp_path / 'o.tsv'}\n"
    assert re.search(r"63 row\(s\): \d+ ok, .*1 unknown_chrom; ", done.err)
    again = genint("variants", GENOME, EVERY_STATUS, "-o", tmp_path / "o.tsv", "-m", tiny_model)
    assert again.code == 1
    assert again.err.strip().endswith("is there already. Give --overwrite to replace it, or choose another --out")
