"""Merged parts are the single run: byte for byte, in any order, or the difference is named."""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genint.console import Console
from genint.errors import InputError, OutputError
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.models.folder import load_model
from genint.output.bigwig import BigWigWriter, BinReader
from genint.output.merge import merge
from genint.prediction.job import Options, prepare
from genint.prediction.to_folder import predict_job
from tests.conftest import EXAMPLE, Run, save_copy

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def asked() -> list[BedRow]:
    """Rows over all chromosomes: unsorted, some of them overlapping, past an end, within N."""
    rng = random.Random(1)
    with Genome(EXAMPLE / "genome.fa") as genome:
        sizes = genome.sizes
    regions = [Region("chr3", sizes["chr3"] - 10, sizes["chr3"] + 10), Region("chr2", 20_100, 21_900)]
    for chrom in sizes:
        starts = range(0, sizes[chrom], 5_000)
        regions += [Region(chrom, start, min(start + rng.randint(4_000, 6_000), sizes[chrom])) for start in starts]
    rng.shuffle(regions)
    return [BedRow(f"line {number}", region, ".") for number, region in enumerate(regions, start=1)]


def run_into(out: Path, rows: Sequence[BedRow], model: Path, **options: Any) -> Path:
    with Genome(EXAMPLE / "genome.fa") as genome:
        predict_job(prepare(genome, rows, [load_model(model)], options=Options(**options)), out, console=QUIET)
    return out


@pytest.fixture
def predicted(tiny_model: Path, tmp_path: Path) -> Callable[..., Path]:
    """Predict rows into a new folder."""
    numbers = count()

    def run(rows: Sequence[BedRow], model: Path = tiny_model, **options: Any) -> Path:
        return run_into(tmp_path / f"predicted{next(numbers)}", rows, model, **options)

    return run


def bigwigs(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.bw")}


def report(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return read


def by_rows(rows: Sequence[BedRow], n: int) -> list[list[BedRow]]:
    return [list(rows[i * len(rows) // n : (i + 1) * len(rows) // n]) for i in range(n)]


@pytest.mark.parametrize("n", [1, 3, 17])
def test_rows_predicted_in_parts_and_merged_are_the_single_run(
    n: int, asked: list[BedRow], predicted: Callable[..., Path], tmp_path: Path
) -> None:
    single = predicted(asked)
    parts = [predicted(rows) for rows in by_rows(asked, n)]
    merge(parts, tmp_path / "merged", console=QUIET)
    assert bigwigs(tmp_path / "merged") == bigwigs(single)
    assert {file.name for file in single.iterdir()} == {file.name for file in (tmp_path / "merged").iterdir()}
    for table in ("tracks.tsv", "regions.tsv"):
        assert (tmp_path / "merged" / table).read_text() == (single / table).read_text()
    for told in ("bins", "regions"):
        assert report(tmp_path / "merged")[told] == report(single)[told]
    random.Random(2).shuffle(parts)
    merge(parts, tmp_path / "shuffled", console=QUIET)
    assert bigwigs(tmp_path / "shuffled") == bigwigs(single)


def test_chromosomes_predicted_apart_are_the_single_run(predicted: Callable[..., Path], tmp_path: Path) -> None:
    with Genome(EXAMPLE / "genome.fa") as genome:
        rows = [BedRow("--chroms", Region(chrom, 0, size), chrom) for chrom, size in genome.sizes.items()]
    single = predicted(rows)
    parts = [predicted([row]) for row in rows]
    for number, order in enumerate((parts, parts[::-1])):
        merge(order, tmp_path / str(number), console=QUIET)
        assert bigwigs(tmp_path / str(number)) == bigwigs(single)


def test_merged_folders_merge_again(asked: list[BedRow], predicted: Callable[..., Path], tmp_path: Path) -> None:
    parts = [predicted(rows) for rows in by_rows(asked, 3)]
    merge(parts, tmp_path / "at once", console=QUIET)
    merge(parts[1:], tmp_path / "pair", console=QUIET)
    merge([parts[0], tmp_path / "pair"], tmp_path / "in two steps", console=QUIET)
    assert bigwigs(tmp_path / "in two steps") == bigwigs(tmp_path / "at once")
    assert report(tmp_path / "in two steps")["plan"] == report(tmp_path / "at once")["plan"]
    assert report(tmp_path / "in two steps")["merged"][1]["merged"][0]["folder"] == str(parts[1])


def test_run_json_says_what_went_in(
    asked: list[BedRow], predicted: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [predicted(rows) for rows in by_rows(asked, 3)]
    monkeypatch.setattr(sys, "argv", ["genint", "merge"])
    told = merge(parts, tmp_path / "merged", console=QUIET)
    assert told == report(tmp_path / "merged")
    assert told["command"] == "genint merge"
    assert told["plan"]["regions"] == [report(part)["plan"]["regions"] for part in parts]
    assert {**told["plan"], "regions": 0} == {**report(parts[0])["plan"], "regions": 0}
    assert [origin["folder"] for origin in told["merged"]] == [str(part) for part in parts]


def write_bins(part: Path, name: str, chrom: str, change: float) -> None:
    """Add to the values of a chromosome; the file keeps its size."""
    path = part / name
    reader = BinReader(path, bin_bp=128)
    size = path.stat().st_size
    with BigWigWriter(path, reader.sizes, bin_bp=128) as writer:
        for other in reader.chroms():
            bins, values = reader.read(other)
            whole = np.full(-(-reader.sizes[other] // 128), np.nan, np.float32)
            whole[bins] = values + np.float32(change if other == chrom else 0)
            writer.add(other, 0, whole)
    told = report(part)
    told["files"][name] += path.stat().st_size - size
    (part / "run.json").write_text(json.dumps(told))


@pytest.fixture(scope="module")
def pair(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two parts that share bins 31 and 32 of chr3."""
    folder = tmp_path_factory.mktemp("pair")
    for number, (start, end) in enumerate(((0, 33 * 128), (31 * 128, 9_000))):
        run_into(folder / f"run{number}", [BedRow("line 1", Region("chr3", start, end), ".")], tiny_model)
    return folder


@pytest.fixture
def two(pair: Path, tmp_path: Path) -> list[Path]:
    """Both parts, to be spoilt."""
    return [Path(shutil.copytree(pair / name, tmp_path / name)) for name in ("run0", "run1")]


def test_bins_that_two_runs_predicted_must_be_equal(two: list[Path], tmp_path: Path) -> None:
    merge(two, tmp_path / "equal", console=QUIET)
    values = [dict(zip(*BinReader(part / "atac.bw", bin_bp=128).read("chr3"), strict=True))[31] for part in two]
    write_bins(two[1], "atac.bw", "chr3", 1.0)
    told = f"{two[1] / 'atac.bw'}: chr3:3,969-4,096 is {float(values[1] + 1)!r} there and {float(values[0])!r} in "
    with pytest.raises(InputError) as refused:
        merge(two, tmp_path / "clash", console=QUIET)
    assert str(refused.value).startswith(f"{told}{two[0] / 'atac.bw'}. Predict one of the two again")
    assert not list((tmp_path / "clash").glob("*.bw"))


def options_of_parts(tmp_path: Path, tiny_model: Path) -> Iterator[tuple[dict[str, Any], str]]:
    other = tmp_path / "other"
    model = load_model(tiny_model)
    model.module.head.bias.add_(1.0)  # type: ignore[union-attr, operator]
    save_copy(other, model)
    yield {"scale": "model"}, r'options\.scale was "coverage", is "model"'
    yield {"max_n": 0.1}, r"options\.max_n was 0\.5, is 0\.1"
    yield {"model": other}, r"models 1\.digest was "


def test_parts_that_differ_in_more_than_their_regions_are_refused(
    two: list[Path], predicted: Callable[..., Path], tmp_path: Path, tiny_model: Path
) -> None:
    for how, told in options_of_parts(tmp_path, tiny_model):
        other = predicted([BedRow("line 1", Region("chr3", 0, 100), ".")], **how)
        with pytest.raises(InputError, match=f"{other.name}: cannot be merged with .*run0: {told}.* Predict all parts"):
            merge([two[0], other], tmp_path / "out", console=QUIET)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"genome": {"digest": "0"}}, r'genome\.digest was "[0-9a-f]+\.\.\., is "0"'),
        ({"versions": {"genint": "9"}}, r"versions\.genint was .*, is \"9\""),
        ({"tracks": ["atac"]}, r'tracks is without \["cage_plus", '),
        ({"bin_bp": 64}, "bin_bp was 128, is 64"),
        ({"blacklist": "0"}, 'blacklist was null, is "0"'),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], told: str, two: list[Path], tmp_path: Path) -> None:
    changed = report(two[1])
    changed["plan"].update(change)
    (two[1] / "run.json").write_text(json.dumps(changed))
    with pytest.raises(InputError, match=told):
        merge(two, tmp_path / "out", console=QUIET)


def test_another_copy_of_the_genome_is_the_same_genome(two: list[Path], tmp_path: Path) -> None:
    merge(two, tmp_path / "same_file", console=QUIET)
    changed = report(two[1])
    changed["plan"]["genome"] |= {"file": "copy.fa.gz", "bytes": 5, "modified": 7}
    (two[1] / "run.json").write_text(json.dumps(changed))
    merge(two, tmp_path / "copy", console=QUIET)
    assert bigwigs(tmp_path / "copy") == bigwigs(tmp_path / "same_file") != {}
    assert report(tmp_path / "copy")["bins"] == report(tmp_path / "same_file")["bins"]


def test_other_bases_under_the_same_names_are_another_genome(two: list[Path], tiny_model: Path, tmp_path: Path) -> None:
    masked = tmp_path / "masked.fa"
    with Genome(EXAMPLE / "genome.fa") as genome:
        lines = [f">{chrom}\n{'N' * size}" for chrom, size in genome.sizes.items()]
    masked.write_text("\n".join(lines) + "\n")
    with Genome(masked) as genome:
        rows = [BedRow("line 1", Region("chr3", 0, 100), ".")]
        predict_job(prepare(genome, rows, [load_model(tiny_model)]), tmp_path / "other", console=QUIET)
    with pytest.raises(InputError, match=r"other: cannot be merged with .*run0: genome\.fingerprint was "):
        merge([two[0], tmp_path / "other"], tmp_path / "out", console=QUIET)


def spoil_nothing(part: Path) -> None:
    (part / "run.json").unlink()


def spoil_size(part: Path) -> None:
    (part / "cage_plus.bw").write_bytes(b"")


def spoil_file(part: Path) -> None:
    (part / "cage_plus.bw").unlink()


def begin_another_run(part: Path) -> None:
    (part / ".genint-partial").mkdir()
    (part / ".genint-partial" / "plan.json").write_text("{}")


def list_a_file(name: str) -> Callable[[Path], None]:
    def change(part: Path) -> None:
        (part / name).write_text("1")
        told = report(part)
        told["files"][name] = 1
        (part / "run.json").write_text(json.dumps(told))

    return change


def reorder_chromosomes(part: Path) -> None:
    path = part / "cage_plus.bw"
    size = path.stat().st_size
    with BigWigWriter(path, {"chr3": 35_073}, bin_bp=128):
        pass
    told = report(part)
    told["files"][path.name] += path.stat().st_size - size
    (part / "run.json").write_text(json.dumps(told))


def spoil_header(part: Path) -> None:
    path = part / "regions.tsv"
    path.write_text(path.read_text().replace("status", "s_atus", 1))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_nothing, "run1: its run.json names no finished run. Expected a folder that genint predict wrote"),
        (spoil_size, "cage_plus.bw: was changed or removed since the run that made it"),
        (spoil_file, "cage_plus.bw: was changed or removed since the run that made it"),
        (begin_another_run, "run1: its run is not finished. Give its command again"),
        (list_a_file("atac.zarr"), "atac.zarr: cannot be merged, only .bw and .tsv can"),
        (list_a_file("summary.tsv"), "run1: cannot be merged with"),
        (reorder_chromosomes, "cage_plus.bw: its chromosomes are not those of"),
        (spoil_header, "regions.tsv, line 1: its columns are not those of"),
    ],
)
def test_a_part_that_is_not_complete_is_refused(
    spoil: Callable[[Path], None], told: str, two: list[Path], tmp_path: Path
) -> None:
    spoil(two[1])
    with pytest.raises(InputError) as refused:
        merge(two, tmp_path / "out", console=QUIET)
    assert told in str(refused.value)
    assert not list((tmp_path / "out").glob("*.bw"))


def test_folders_that_make_no_sense_are_refused(two: list[Path], tmp_path: Path) -> None:
    for folders, out, told in (
        ([two[0], tmp_path / "none"], tmp_path / "out", "none: is not there"),
        ([two[0], two[1], tmp_path / "run1" / ".." / "run0"], tmp_path / "out", "run0: is given twice"),
        (two, tmp_path / "." / "run1", "run1: is one of the folders to merge"),
    ):
        with pytest.raises(InputError, match=told):
            merge(folders, out, console=QUIET)


def test_summaries_are_joined_when_all_parts_have_one(two: list[Path], tmp_path: Path) -> None:
    for number, part in enumerate(two):
        list_a_file("summary.tsv")(part)
        told = report(part)
        told["files"]["summary.tsv"] = (part / "summary.tsv").write_text(f"name\tatac\nrow{number}\t{number}\n")
        (part / "run.json").write_text(json.dumps(told))
    merge(two[::-1], tmp_path / "out", console=QUIET)
    assert (tmp_path / "out" / "summary.tsv").read_text() == "name\tatac\nrow1\t1\nrow0\t0\n"


def test_a_killed_merge_resumes_and_a_finished_one_returns_its_report(
    two: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    script = f"""if True:
        import os, sys
        from genint.output import merge
        from genint.cli.main import main
        real, calls = merge._merge_file, []
        def dying(*arguments):
            calls.append(0)
            if len(calls) > 3:
                os.kill(os.getpid(), {int(signal.SIGKILL)})
            real(*arguments)
        merge._merge_file = dying
        main(["merge", *sys.argv[1:]])
    """
    command = [sys.executable, "-c", script, *map(str, two), "-o", str(out)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert [file.name for file in out.iterdir()] == [".genint-partial"]
    with pytest.raises(OutputError, match="holds an unfinished run, and regions was"):
        merge(two[::-1], out, console=QUIET)
    told = merge(two, out, console=QUIET)
    merge(two, tmp_path / "undisturbed", console=QUIET)
    assert bigwigs(out) == bigwigs(tmp_path / "undisturbed")
    assert merge(two, out) == told
    assert "this merge is finished already" in capsys.readouterr().err


def test_the_command_prints_its_files_and_refuses_in_one_line(
    two: list[Path], tmp_path: Path, tiny_model: Path, genint: Run
) -> None:
    finished = genint("merge", *two, "-o", tmp_path / "out")
    assert finished.code == 0
    assert sorted(map(Path, finished.out.split())) == sorted(
        file for file in (tmp_path / "out").iterdir() if file.name != "run.json"
    )
    assert "2 run(s) merged: 71 bins" in finished.err
    quiet = genint("merge", *two, "-o", tmp_path / "json", "--quiet", "--json")
    assert quiet.err == ""
    assert json.loads(quiet.out)["bins"] == 71
    refused = genint("merge", *reversed(two), "-o", tmp_path / "out")
    assert refused.code == 1
    assert refused.err.splitlines()[-1].startswith("genint: error: ")
    assert "--overwrite" in refused.err
    assert genint("merge", *reversed(two), "-o", tmp_path / "out", "--overwrite").code == 0
    assert genint("merge", *two).code == 2
