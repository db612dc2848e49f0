"""Options of `genint predict`, each against a slow, obvious reference: plain bigWigs, and loops over bases."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
import zarr
from pyarrow.parquet import read_table
from zarr.storage import ZipStore

from genint.genome.fasta import Genome
from genint.models.folder import load_model
from genint.prediction.region_summary import STATISTICS
from tests.conftest import EXAMPLE, Run, save_copy
from tests.prediction.test_to_folder import BIN, values

GENOME = EXAMPLE / "genome.fa"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def table(path: Path) -> list[dict[str, str]]:
    header, *lines = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_bins_that_a_blacklist_touches_are_masked_and_all_others_are_as_without_it(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    intervals = [("chr3", 127, 129), ("chr3", 1_000, 1_001), ("chr3", 4_096, 8_192), ("chr3", 35_000, 99_999)]
    beds = [
        written(tmp_path / "first.bed", "".join(f"{c}\t{s}\t{e}\n" for c, s, e in intervals[:2])),
        written(tmp_path / "second.bed", "".join(f"{c}\t{s}\t{e}\n" for c, s, e in intervals[2:])),
    ]
    common = ["predict", GENOME, "--chroms", "chr3", "-m", tiny_model, "--tracks", "atac|cage", "-o"]
    assert genint(*common, tmp_path / "plain").code == 0
    assert genint(*common, tmp_path / "some", "--blacklist", beds[0], "--blacklist", beds[1]).code == 0
    plain = [values(tmp_path / "plain" / f"{name}.bw", "chr3") for name in ("atac", "cage_plus")]
    some = [values(tmp_path / "some" / f"{name}.bw", "chr3") for name in ("atac", "cage_plus")]
    listed = np.zeros(len(plain[0]), dtype=bool)
    for _, start, end in intervals:
        for base in range(start, min(end, len(listed))):
            listed[base // BIN * BIN : (base // BIN + 1) * BIN] = True
    for before, after in zip(plain, some, strict=True):
        assert np.array_equal(after, np.where(listed, np.nan, before), equal_nan=True)


def test_regions_tsv_tells_blacklisted_bins_from_those_of_n(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    bed = written(
        tmp_path / "regions.bed",
        "chr2\t0\t256\nchr2\t19000\t22000\nchr2\t19968\t22016\nchr3\t0\t256\nchr3\t256\t512\nchr3\t35000\t36000\n",
    )
    blacklist = written(tmp_path / "black.bed", "chr2\t19000\t19001\nchr2\t20100\t20101\nchr3\t255\t1000\n")
    common = ["predict", GENOME, bed, "-m", tiny_model, "--tracks", "atac", "-o", tmp_path / "out"]
    assert genint(*common, "--blacklist", blacklist).code == 0
    found = table(tmp_path / "out" / "regions.tsv")
    with Genome(GENOME) as genome:
        unknown = genome.tokens("chr2", 0, genome.sizes["chr2"]) > 3
    too_many = {k for k in range(len(unknown) // BIN) if unknown[k * BIN : (k + 1) * BIN].mean() > 0.5}
    listed = {19_000 // BIN, 20_100 // BIN}
    for row, bins in ((found[1], range(19_000 // BIN, 22_000 // BIN + 1)), (found[2], range(156, 172))):
        n, black = len(too_many & {*bins} - listed), len(listed & {*bins})
        assert (int(row["bins"]), int(row["masked"])) == (len(bins) - n - black, n + black)
        assert row["note"] == f"{black} bin(s) are masked: blacklisted; {n} bin(s) are masked: too many N"
        assert row["status"] == ("partly N" if n + black < len(bins) else "skipped")
    assert [found[row]["status"] for row in (0, 3, 4, 5)] == ["predicted", "partly blacklisted", "skipped", "clipped"]
    assert found[3]["note"] == "1 bin(s) are masked: blacklisted"


def test_a_tile_whose_bins_are_all_blacklisted_is_not_predicted(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    blacklist = written(tmp_path / "black.bed", "chr3\t2048\t4096\nchrUn_1\t5\t10\n")
    common = ["predict", GENOME, "--chroms", "chr3", "-m", tiny_model, "--tracks", "atac", "--json", "-o"]
    plain, some = genint(*common, tmp_path / "plain"), genint(*common, tmp_path / "some", "--blacklist", blacklist)
    assert json.loads(some.out)["tiles"] == json.loads(plain.out)["tiles"] - 1
    assert "1 of 2 row(s) of" in some.err
    assert "lie on no chromosome here" in some.err
    everything = written(tmp_path / "all.bed", "chr3\t0\t35073\n")
    assert json.loads(genint(*common, tmp_path / "none", "--blacklist", everything).out)["bins"] == 0


def test_another_blacklist_is_another_run_and_the_same_in_another_order_is_not(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    rows = ["chr3\t0\t100\n", "chr3\t2000\t3000\n"]
    one = written(tmp_path / "one.bed", "".join(rows))
    turned = written(tmp_path / "turned.bed", "".join(rows[::-1]))
    other = written(tmp_path / "other.bed", rows[0])
    common = ["predict", GENOME, "-r", "chr3:1-4000", "-m", tiny_model, "-o", tmp_path / "out", "--blacklist"]
    assert genint(*common, one).code == 0
    assert "finished already" in genint(*common, turned).err
    refused = genint(*common, other)
    assert refused.code == 1
    assert "options.blacklist was" in refused.err


def test_max_n_of_1_predicts_bins_of_n_and_changes_no_other(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    common = ["predict", GENOME, "--chroms", "chr2", "-m", tiny_model, "--tracks", "atac", "-o"]
    assert genint(*common, tmp_path / "mask").code == 0
    assert genint(*common, tmp_path / "all", "--max-n", "1").code == 0
    masked, zero = (values(tmp_path / name / "atac.bw", "chr2") for name in ("mask", "all"))
    assert np.isnan(masked).any()
    assert not np.isnan(zero).any()
    assert np.array_equal(masked, np.where(np.isnan(masked), np.nan, zero), equal_nan=True)
    assert table(tmp_path / "all" / "regions.tsv")[0]["status"] == "predicted"


def slow_summary(bigwig: Path, chrom: str, start: int, end: int) -> dict[str, float]:
    """Base by base, as bigWigAverageOverBed takes it."""
    found = [float(value) for value in values(bigwig, chrom)[start:end] if not np.isnan(value)]
    if not found:
        return {"covered": 0}
    return {"covered": len(found), "mean": sum(found) / len(found), "sum": sum(found), "max": max(found)}


ASKED = [
    ("chr2", 19_000, 23_000),  # across the run of N
    ("chr3", 130, 131),
    ("chr1", 0, 20_000),
    ("chr3", 35_000, 99_999),  # past the end
    ("chr2", 20_100, 21_900),  # nothing but N
    ("chr3", 99_999, 100_000),
    ("chr3", 100, 400),
    ("chr3", 100, 400),
]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    return written(tmp_path / "asked.bed", "".join(f"{c}\t{s}\t{e}\tpeak {s}\n" for c, s, e in ASKED))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_summary_is_what_a_loop_over_the_bases_of_each_row_finds(
    statistic: str, asked: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.prediction.region_summary._BYTES_AT_ONCE", 1)  # a tile at a time
    out = tmp_path / "out"
    common = ["predict", GENOME, asked, "-m", tiny_model, "-o", out, "--summary", "s.tsv"]
    assert genint(*common, "--summary-statistic", statistic).code == 0
    names = load_model(tiny_model).tracks.file_names("")
    rows = table(out / "s.tsv")
    assert list(rows[0]) == ["chrom", "start", "end", "name", "covered", *names]
    assert [(row["chrom"], int(row["start"]), int(row["end"])) for row in rows] == ASKED
    assert [row["name"] for row in rows] == [f"peak {start}" for _, start, _ in ASKED]
    for row in rows:
        for name in names:
            expected = slow_summary(out / f"{name}.bw", row["chrom"], int(row["start"]), int(row["end"]))
            assert int(row["covered"]) == expected["covered"]
            if expected["covered"]:
                assert float(row[name]) == pytest.approx(expected[statistic], rel=1e-6)
            else:
                assert row[name] == ""


def test_a_parquet_summary_holds_what_the_text_does(asked: Path, tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    common = ["predict", GENOME, asked, "-m", tiny_model, "-o"]
    assert genint(*common, tmp_path / "text", "--summary", "summary.tsv").code == 0
    assert genint(*common, tmp_path / "packed", "--summary", "summary.parquet").code == 0
    text, packed = table(tmp_path / "text" / "summary.tsv"), read_table(tmp_path / "packed" / "summary.parquet")
    assert packed.column_names == list(text[0])
    for row, other in zip(text, packed.to_pylist(), strict=True):
        for column, cell in row.items():
            if column in ("chrom", "name"):
                assert other[column] == cell
            else:
                assert other[column] == (pytest.approx(float(cell), rel=1e-8) if cell else None)


def test_a_summary_of_an_ensemble_is_of_its_mean(asked: Path, tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    common = ["predict", GENOME, asked, "-m", tiny_model, "--summary", "summary.tsv", "-o"]
    assert genint(*common, tmp_path / "one").code == 0
    assert genint(*common, tmp_path / "twice", "--ensemble", tiny_model).code == 0
    assert table(tmp_path / "one" / "summary.tsv") == table(tmp_path / "twice" / "summary.tsv")


def test_parquet_without_its_package_is_refused_before_the_work(
    asked: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    common = ["predict", GENOME, asked, "-m", tiny_model, "-o", tmp_path / "out"]
    finished = genint(*common, "--summary", "sums.parquet")
    assert finished.code == 1
    assert "pip install 'genint[parquet]'" in finished.err
    assert not (tmp_path / "out").exists()


@pytest.fixture
def other_model(tiny_model: Path, tmp_path: Path) -> Path:
    """The tiny model with other weights, for an ensemble."""
    model = load_model(tiny_model)
    for weights in model.module.parameters():
        weights.mul_(1.1)
    return save_copy(tmp_path / "other", model)


def test_a_bedgraph_says_what_the_bigwig_does(
    asked: Path, tiny_model: Path, other_model: Path, tmp_path: Path, genint: Run
) -> None:
    common = ["predict", GENOME, asked, "-m", tiny_model, "--ensemble", other_model, "-o"]
    assert genint(*common, tmp_path / "plain").code == 0
    assert genint(*common, tmp_path / "text", "--format", "bedgraph").code == 0
    bigwigs = sorted((tmp_path / "plain").glob("*.bw"))
    assert len(bigwigs) == 14
    for bigwig in bigwigs:
        expected = []
        with pyBigWig.open(str(bigwig)) as opened:
            for chrom in opened.chroms():
                expected += [(chrom, *interval) for interval in opened.intervals(chrom) or ()]
        text = (tmp_path / "text" / f"{bigwig.stem}.bedgraph").read_text()
        cells = [line.split("\t") for line in text.splitlines()]
        assert [(c, int(s), int(e), float(np.float32(v))) for c, s, e, v in cells] == expected
    assert table(tmp_path / "text" / "tracks.tsv")[0]["bedgraph"] == "atac.bedgraph"
    assert table(tmp_path / "text" / "tracks.tsv")[0]["sd"] == "atac.sd.bedgraph"


def test_a_zarr_store_holds_what_the_bigwigs_do(
    asked: Path, tiny_model: Path, other_model: Path, tmp_path: Path, genint: Run
) -> None:
    common = ["predict", GENOME, asked, "-m", tiny_model, "--ensemble", other_model, "-o"]
    assert genint(*common, tmp_path / "plain").code == 0
    finished = genint(*common, tmp_path / "zarr", "--format", "zarr")
    names = ["predictions.sd.zarr.zip", "predictions.zarr.zip", "regions.tsv", "tracks.tsv"]
    assert sorted(finished.out.split()) == [str(tmp_path / "zarr" / name) for name in names]
    assert "finished already" in genint(*common, tmp_path / "zarr", "--format", "zarr").err
    for suffix in ("", ".sd"):
        with ZipStore(tmp_path / "zarr" / f"predictions{suffix}.zarr.zip", mode="r") as store:
            group = zarr.open_group(store, mode="r")
            for column, name in enumerate(load_model(tiny_model).tracks.file_names("")):
                for chrom in group.attrs["chrom_sizes"]:
                    bases = np.repeat(group[chrom][:, column], BIN)
                    expected = values(tmp_path / "plain" / f"{name}{suffix}.bw", chrom)
                    assert np.array_equal(bases[: len(expected)], expected.astype(np.float32), equal_nan=True)


@pytest.mark.parametrize("file_format", ["bedgraph", "zarr"])
def test_files_of_every_format_are_the_same_after_a_kill(
    file_format: str, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    common = ["predict", GENOME, "--chroms", "chr3", "-m", tiny_model, "--summary", "s.tsv", "--dtype", "float32"]
    common += ["--format", file_format]
    script = f"""if True:
        import os, signal
        from genint.cli.main import main
        from genint.output import bedgraph, zarr
        def die(*_):
            os.kill(os.getpid(), signal.SIGKILL)
        bedgraph.BedGraphWriter._finish = zarr.zip_folder = die
        main({[str(word) for word in common]!r} + ["-o", "killed"])
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert genint(*common, "-o", tmp_path / "killed", "--resume").code == 0
    assert genint(*common, "-o", tmp_path / "undisturbed").code == 0
    files = {file.name: file.read_bytes() for file in (tmp_path / "undisturbed").iterdir() if file.suffix != ".json"}
    assert {file.name: file.read_bytes() for file in (tmp_path / "killed").iterdir() if file.suffix != ".json"} == files


def test_overlapping_windows_go_on_after_a_kill(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    common = ["predict", GENOME, "--chroms", "chr3", "-m", tiny_model, "--overlap", "0.8", "--rc", "--dtype", "float32"]
    script = f"""if True:
        import os, signal
        from genint.cli.main import main
        from genint.output import spool
        calls, append = [], spool.Spool.append
        def counted(*arguments):
            append(*arguments)
            calls.append(0)
            if len(calls) == 5:
                os.kill(os.getpid(), signal.SIGKILL)
        spool.Spool.append = counted
        main({[str(word) for word in common]!r} + ["-o", "killed"])
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert genint(*common, "-o", tmp_path / "killed", "--resume").code == 0
    assert genint(*common, "-o", tmp_path / "undisturbed").code == 0
    for file in (tmp_path / "undisturbed").glob("*.bw"):
        assert file.read_bytes() == (tmp_path / "killed" / file.name).read_bytes()
