"""What `genint predict` promises: the grid, holes, every row accounted for, nothing half-written."""

import json
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
import pytest
import torch

from genint.console import Console
from genint.errors import InputError, UserError
from genint.genome.bed import BedRow, read_bed
from genint.genome.dna import to_text
from genint.genome.dna_source import SequenceSource
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.models.folder import load_model, save_model
from genint.models.registry import build
from genint.output.bigwig import BigWigWriter
from genint.prediction.job import Options, prepare
from genint.prediction.to_folder import predict_job
from genint.tracks.table import Track, TrackTable
from tests.conftest import EXAMPLE, Run, save_copy, tiny_config

BIN = 128


def rows(*regions: Region) -> list[BedRow]:
    return [BedRow(f"line {number}", region, ".") for number, region in enumerate(regions, start=1)]


def run(genome: Path, asked: list[BedRow], model: Path, out: Path, **options: object) -> dict[str, object]:
    with Genome(genome) as opened:
        job = prepare(opened, asked, [load_model(model)], options=Options(**options))  # type: ignore[arg-type]
        return predict_job(job, out, console=Console(quiet=True))


def rows_of_chroms(chrom: str) -> list[BedRow]:
    """What `--chroms` asks for."""
    return [BedRow("--chroms", whole(chrom), chrom)]


def values(bigwig: Path, chrom: str) -> np.ndarray:
    """Per base, NaN in holes."""
    with pyBigWig.open(str(bigwig)) as opened:
        return np.asarray(opened.values(chrom, 0, opened.chroms(chrom), numpy=True))


def whole(chrom: str) -> Region:
    with Genome(EXAMPLE / "genome.fa") as genome:
        return Region(chrom, 0, genome.sizes[chrom])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_chromosome_is_the_same_whole_and_from_overlapping_pieces_in_any_order(
    tiny_model: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    end = whole("chr3").end
    pieces = [Region("chr3", start, min(start + 1_300, end)) for start in range(0, end, 900)]
    random.Random(1).shuffle(pieces)
    run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path / "whole", dtype=dtype)
    run(EXAMPLE / "genome.fa", rows(*pieces), tiny_model, tmp_path / "pieces", dtype=dtype)
    for file in sorted((tmp_path / "whole").glob("*.bw")):
        assert np.array_equal(values(file, "chr3"), values(tmp_path / "pieces" / file.name, "chr3"), equal_nan=True)


def test_batch_size_does_not_change_a_float32_prediction(tiny_model: Path, tmp_path: Path) -> None:
    for size in (1, 3, 8):
        run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path / str(size), batch_size=size)
    for file in (tmp_path / "1").glob("*.bw"):
        assert (
            file.read_bytes() == (tmp_path / "3" / file.name).read_bytes() == (tmp_path / "8" / file.name).read_bytes()
        )


def test_a_piece_is_predicted_as_in_the_whole_and_nothing_else_is(tiny_model: Path, tmp_path: Path) -> None:
    run(EXAMPLE / "genome.fa", rows(whole("chr1")), tiny_model, tmp_path / "whole")
    run(EXAMPLE / "genome.fa", rows(Region("chr1", 64_000, 64_001)), tiny_model, tmp_path / "one")
    expected, one = (values(tmp_path / name / "atac.bw", "chr1") for name in ("whole", "one"))
    assert np.array_equal(np.flatnonzero(~np.isnan(one)), np.arange(64_000, 64_128))
    assert np.array_equal(one[64_000:64_128], expected[64_000:64_128])


def test_lower_case_and_upper_case_dna_are_the_same(tiny_model: Path, tmp_path: Path) -> None:
    upper = tmp_path / "upper.fa"
    lines = (EXAMPLE / "genome.fa").read_text().splitlines()
    upper.write_text("".join((line if line.startswith(">") else line.upper()) + "\n" for line in lines))
    for genome, out in ((EXAMPLE / "genome.fa", "as_is"), (upper, "upper")):
        run(genome, rows(whole("chr2")), tiny_model, tmp_path / out)
    assert (tmp_path / "as_is" / "atac.bw").read_bytes() == (tmp_path / "upper" / "atac.bw").read_bytes()


def test_an_empty_row_is_accounted_for_and_the_others_are_predicted(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    bed = tmp_path / "regions.bed"
    bed.write_text("chr1\t64000\t64000\tnone\rchr1\t64000\t64001\tone\r")
    finished = genint("predict", EXAMPLE / "genome.fa", bed, "-m", tiny_model, "-o", tmp_path / "out")
    assert finished.code == 0, finished.err
    assert "2 region(s): 1 empty, 1 predicted" in finished.err
    lines = [line.split("\t") for line in (tmp_path / "out/regions.tsv").read_text().splitlines()[1:]]
    assert [line[:8] for line in lines] == [
        ["line 1", "chr1", "64000", "64000", "none", "empty", "0", "0"],
        ["line 2", "chr1", "64000", "64001", "one", "predicted", "1", "0"],
    ]


def test_bins_that_are_more_than_half_n_are_holes_and_all_others_are_not(tiny_model: Path, tmp_path: Path) -> None:
    run(EXAMPLE / "genome.fa", rows(whole("chr2")), tiny_model, tmp_path / "half")
    run(EXAMPLE / "genome.fa", rows(whole("chr2")), tiny_model, tmp_path / "any", max_n=0.0)
    with Genome(EXAMPLE / "genome.fa") as genome:
        tokens = genome.tokens("chr2", 0, genome.sizes["chr2"])
    starts = np.arange(0, len(tokens), BIN)
    share = np.array([(tokens[start : start + BIN] > 3).mean() for start in starts])
    assert ((share > 0) & (share <= 0.5)).any(), "the example has a bin that is N in part"
    for name, limit in (("half", 0.5), ("any", 0.0)):
        hole = np.isnan(values(tmp_path / name / "atac.bw", "chr2"))
        assert np.array_equal(hole, np.repeat(share > limit, BIN)[: len(tokens)])


def test_the_last_bin_ends_with_its_chromosome(tiny_model: Path, tmp_path: Path) -> None:
    end = whole("chr2").end
    run(EXAMPLE / "genome.fa", rows(Region("chr2", end - 1, end)), tiny_model, tmp_path)
    with pyBigWig.open(str(tmp_path / "atac.bw")) as bigwig:
        assert [interval[:2] for interval in bigwig.intervals("chr2")] == [(end // BIN * BIN, end)]


def test_both_libraries_read_the_same_values_back(tiny_model: Path, tmp_path: Path) -> None:
    run(EXAMPLE / "genome.fa", rows(whole("chr2"), whole("chr3")), tiny_model, tmp_path)
    for file in tmp_path.glob("*.bw"):
        with pybigtools.open(str(file)) as bigwig:
            for chrom in ("chr2", "chr3"):
                theirs = bigwig.values(chrom, fillna=np.nan)
                assert np.array_equal(theirs.astype(np.float32), values(file, chrom).astype(np.float32), equal_nan=True)


def test_coverage_is_the_model_scale_with_the_transform_undone(tiny_model: Path, tmp_path: Path) -> None:
    for scale in ("model", "coverage"):
        run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path / scale, scale=scale)
    tracks = load_model(tiny_model).tracks
    squashed, coverage = (
        np.stack([values(tmp_path / scale / name, "chr3") for name in tracks.file_names()], axis=-1).astype(np.float64)
        for scale in ("model", "coverage")
    )
    np.testing.assert_allclose(tracks.transform(BIN).invert(squashed), coverage, rtol=1e-5)


def test_a_subset_of_tracks_has_the_values_of_the_full_set(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    common = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tiny_model, "-o"]
    assert genint(*common, tmp_path / "all").code == 0
    assert genint(*common, tmp_path / "rna", "--tracks", "^rna").code == 0
    assert sorted(file.name for file in (tmp_path / "rna").glob("*.bw")) == ["rna_minus.bw", "rna_plus.bw"]
    for file in (tmp_path / "rna").glob("*.bw"):
        assert file.read_bytes() == (tmp_path / "all" / file.name).read_bytes()


def test_every_row_of_the_bed_is_accounted_for(tiny_model: Path, tmp_path: Path) -> None:
    asked = [
        Region("chr1", 0, 128),
        Region("chr1", 127, 129),
        Region("chr2", 20_100, 21_900),  # inside the N run
        Region("chr2", 19_900, 20_300),
        Region("chr3", 35_000, 99_999),
        Region("chr3", 99_999, 100_000),
    ]
    report = run(EXAMPLE / "genome.fa", rows(*asked), tiny_model, tmp_path)
    table = [line.split("\t") for line in (tmp_path / "regions.tsv").read_text().splitlines()]
    assert table[0] == ["source", "chrom", "start", "end", "name", "status", "bins", "masked", "note"]
    assert [(row[0], int(row[2]), row[5], row[6], row[7]) for row in table[1:]] == [
        ("line 1", 0, "predicted", "1", "0"),
        ("line 2", 127, "predicted", "2", "0"),
        ("line 3", 20_100, "skipped", "0", "15"),
        ("line 4", 19_900, "partly N", "1", "3"),
        ("line 5", 35_000, "clipped", "2", "0"),
        ("line 6", 99_999, "skipped", "0", "0"),
    ]
    assert "past the end of chr3 (35,073 bp)" in table[6][8]
    assert report["regions"] == {"predicted": 2, "skipped": 2, "partly N": 1, "clipped": 1}


def test_a_region_of_nothing_but_n_gives_empty_bigwigs_and_says_so(tiny_model: Path, tmp_path: Path) -> None:
    report = run(EXAMPLE / "genome.fa", rows(Region("chr2", 20_200, 21_800)), tiny_model, tmp_path)
    assert report["bins"] == 0
    assert report["regions"] == {"skipped": 1}
    assert np.isnan(values(tmp_path / "atac.bw", "chr2")).all()


def test_run_json_says_what_made_the_files(tiny_model: Path, tmp_path: Path) -> None:
    run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path)
    report = json.loads((tmp_path / "run.json").read_text())
    with Genome(EXAMPLE / "genome.fa") as genome:
        assert report["plan"]["genome"]["digest"] == genome.assembly.digest
    assert report["plan"]["models"][0]["digest"] == load_model(tiny_model).digest
    assert report["plan"]["options"]["dtype"] == "float32"
    assert sorted(report["files"]) == sorted(file.name for file in tmp_path.iterdir() if file.name != "run.json")


def test_a_failed_run_leaves_the_last_result_alone(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BigWigWriter, "add", full_disk)
    with Genome(EXAMPLE / "genome.fa") as genome:
        job = prepare(genome, rows(whole("chr2")), [load_model(tiny_model)])
        with pytest.raises(UserError, match="No space left"):
            predict_job(job, tmp_path, overwrite=True, console=Console(quiet=True))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_a_smaller_run_takes_the_larger_one_s_place_but_not_the_user_s_files(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    common = ["predict", EXAMPLE / "genome.fa", "--region", "chr3:1-100", "-m", tiny_model, "-o", tmp_path]
    assert genint(*common).code == 0
    (tmp_path / "mine.bw").write_text("mine")
    refused = genint(*common, "--tracks", "atac")
    assert refused.code == 1
    assert 'tracks is without ["cage_plus", ' in refused.err
    assert "--overwrite" in refused.err
    assert genint(*common, "--tracks", "atac", "--overwrite").code == 0
    assert sorted(file.name for file in tmp_path.glob("*.bw")) == ["atac.bw", "mine.bw"]


def test_a_file_that_no_run_wrote_is_not_replaced(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    (tmp_path / "tracks.tsv").write_text("mine")
    finished = genint("predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tiny_model, "-o", tmp_path)
    assert finished.code == 1
    assert "tracks.tsv: is there already" in finished.err
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("tracks.tsv", "mine")]


def test_chroms_picks_rows_of_a_bed_says_how_many_are_left_out_and_keeps_explicit_regions(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    bed = tmp_path / "two.bed"
    bed.write_text("chr1\t0\t10\nchr2\t0\t10\n")
    common = ["predict", EXAMPLE / "genome.fa", bed, "-m", tiny_model, "-o", tmp_path / "out"]
    finished = genint(*common, "--chroms", "2,chr2", "-r", "1:1-100")
    assert "1 of 2 row(s)" in finished.err
    table = (tmp_path / "out" / "regions.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[:2] for line in table] == [["line 2", "chr2"], ["--region 1:1-100", "chr1"]]
    assert genint(*common, "--chroms", ",").code == 2


def test_chroms_takes_names_with_commas_that_the_genome_has(tmp_path: Path, tiny_model: Path, genint: Run) -> None:
    (tmp_path / "ncbi.fa").write_text("".join(f">{name}\n{'ACGT' * 32}\n" for name in ("gi|1,2", "gi|1", "b")))
    common = ["predict", tmp_path / "ncbi.fa", "-m", tiny_model, "-t", "atac", "-o"]
    finished = genint(*common, tmp_path / "a", "--chroms", "b, gi|1,2")
    assert finished.code == 0, finished.err
    table = (tmp_path / "a" / "regions.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[1] for line in table] == ["b", "gi|1,2"]
    refused = genint(*common, tmp_path / "b", "--chroms", "gi|1,3")
    assert "chromosome(s) 3 not in" in refused.err
    assert "Leave them out, or give --aliases" in refused.err


def test_a_model_that_answers_nan_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    model = load_model(tiny_model)
    model.module.head.bias.fill_(float("nan"))  # type: ignore[union-attr, operator]
    with Genome(EXAMPLE / "genome.fa") as genome, pytest.raises(InputError, match="NaN or infinity for tile 0 of chr3"):
        predict_job(prepare(genome, rows(whole("chr3")), [model]), tmp_path / "out", console=Console(quiet=True))
    assert not list((tmp_path / "out").iterdir())


def test_chromosome_names_with_and_without_chr_give_the_same(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    bed = tmp_path / "bare.bed"
    bed.write_text((EXAMPLE / "regions.bed").read_text().replace("chr", ""))
    common = ["predict", EXAMPLE / "genome.fa"]
    assert genint(*common, EXAMPLE / "regions.bed", "-m", tiny_model, "-o", tmp_path / "a").code == 0
    assert genint(*common, bed, "-m", tiny_model, "-o", tmp_path / "b").code == 0
    for file in (tmp_path / "a").glob("*.bw"):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_the_command_prints_its_files_and_as_json_what_it_did(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    bed = EXAMPLE / "regions.bed"
    finished = genint("predict", EXAMPLE / "genome.fa", bed, "-m", tiny_model, "-o", tmp_path)
    assert finished.code == 0
    printed = [Path(line) for line in finished.out.splitlines()]
    assert all(file.exists() for file in printed)
    assert {file.suffix for file in printed} == {".bw", ".tsv"}
    assert "device: cpu" in finished.err
    quiet = genint("predict", EXAMPLE / "genome.fa", bed, "-m", tiny_model, "-o", tmp_path, "--quiet", "--json")
    assert quiet.err == ""
    assert sum(json.loads(quiet.out)["regions"].values()) == len(read_bed(bed))


def test_another_genome_than_the_model_s_is_noted(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    other = tmp_path / "other.fa"
    other.write_text(">chr1\n" + "ACGTTGCA" * 1000 + "\n")
    finished = genint("predict", other, "--whole-genome", "-m", tiny_model, "-o", tmp_path / "out")
    assert finished.code == 0
    assert "was trained on genome" in finished.err
    assert (
        "trained on"
        not in genint("predict", EXAMPLE / "genome.fa", "--chroms", "3", "-m", tiny_model, "-o", tmp_path / "o").err
    )


def test_hundreds_of_tracks_need_few_open_files(tmp_path: Path) -> None:
    tracks = TrackTable(
        Track(identifier=f"track {number}", description="", strand_pair=f"track {number}") for number in range(400)
    )
    config = tiny_config()
    with Genome(EXAMPLE / "genome.fa") as genome:
        module = build("interpreter", config, len(tracks))
        save_model(tmp_path / "many", module, tracks, genome.assembly, architecture="interpreter")
    command = f"{sys.executable} -m genint predict {EXAMPLE}/genome.fa --region chr3:1-5000 -m many -o out --quiet"
    subprocess.run(["bash", "-c", f"ulimit -n 64; {command}"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    files = list((tmp_path / "out").glob("*.bw"))
    assert len(files) == 400
    assert len({file.read_bytes() for file in files}) == 400


KILLS = {
    "before anything": "to_folder._fill = die",
    "in the spool": "spool.Spool.append = after(5, spool.Spool.append)",
    "in a bigWig": "bigwig.BigWigWriter.add = after(3, bigwig.BigWigWriter.add)",
    "between bigWigs": "bigwig.BigWigWriter.close = after(3, bigwig.BigWigWriter.close)",
    "before the tables": "to_folder.write_region_status = die",
    "before the report": "run_folder.OutputFolder.publish = die",
    "while files move": "run_folder.os.replace = after(4, run_folder.os.replace)",
}


@pytest.mark.parametrize(
    ("place", "number"), [*((place, signal.SIGKILL) for place in KILLS), ("in the spool", signal.SIGTERM)]
)
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    place: str, number: int, tiny_model: Path, tmp_path: Path
) -> None:
    script = f"""if True:
        import os
        from genint.output import bigwig, formats, run_folder, spool
        from genint.prediction import to_folder
        from genint.cli.main import main
        def die(*_):
            os.kill(os.getpid(), {number})
        def after(times, real):
            calls = []
            def counted(*arguments):
                calls.append(0)
                return die() if len(calls) > times else real(*arguments)
            return counted
        {KILLS[place]}
        main('predict {EXAMPLE}/genome.fa --chroms chr3 -m {tiny_model} -o out --dtype float32'.split())
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode in (-number, 128 + number), done.stderr
    out = tmp_path / "out"
    if place != "while files move":
        assert not [file for file in out.iterdir() if not file.name.startswith(".")]
    assert not (out / "run.json").exists()
    run(EXAMPLE / "genome.fa", rows_of_chroms("chr3"), tiny_model, out)
    run(EXAMPLE / "genome.fa", rows_of_chroms("chr3"), tiny_model, tmp_path / "undisturbed")
    assert {file.name for file in out.iterdir()} == {file.name for file in (tmp_path / "undisturbed").iterdir()}
    for file in (tmp_path / "undisturbed").iterdir():
        if file.name != "run.json":
            assert file.read_bytes() == (out / file.name).read_bytes()


def test_a_disk_that_fills_up_ends_in_one_line(tiny_model: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m genint predict {EXAMPLE}/genome.fa --whole-genome -m {tiny_model} -o out"
    limited = f"trap '' XFSZ; ulimit -f 20; {command}"  # 20 blocks of 1 kB: a disk that ends in the middle of the spool
    done = subprocess.run(["bash", "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "cannot write" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").rglob("*.bw"))


def test_a_disk_that_had_filled_up_and_has_space_again_ends_with_the_same_bytes(
    tiny_model: Path, tmp_path: Path
) -> None:
    command = f"{sys.executable} -m genint predict {EXAMPLE}/genome.fa --whole-genome -m {tiny_model} -q -o"
    full = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 25; {command} out"], cwd=tmp_path, capture_output=True, check=False
    )
    assert full.returncode == 1
    assert b"What is done is kept" in full.stderr
    resumed = subprocess.run(
        ["bash", "-c", f"{command.replace(' -q', '')} out --resume"], cwd=tmp_path, capture_output=True, check=True
    )
    there = re.search(rb"resuming: (\d+) of (\d+) tile\(s\) are there", resumed.stderr)
    assert there is not None
    assert 0 < int(there[1]) < int(there[2])
    subprocess.run(["bash", "-c", f"{command} undisturbed"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    for file in (tmp_path / "undisturbed").glob("*.bw"):
        assert file.read_bytes() == (tmp_path / "out" / file.name).read_bytes()


def test_rows_on_contigs_that_the_genome_lacks_are_skipped_and_the_rest_is_predicted(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    peaks = tmp_path / "peaks.narrowPeak"
    peaks.write_text("chr1\t100\t300\ta\nchrUn_7\t5\t50\tb\n2\t0\t200\tc\n")
    common = ["predict", EXAMPLE / "genome.fa", peaks, "-m", tiny_model]
    finished = genint(*common, "-o", tmp_path / "out")
    assert finished.code == 0
    assert "note: 1 of 3 region(s) are skipped" in finished.err
    rows = [line.split("\t") for line in (tmp_path / "out" / "regions.tsv").read_text().splitlines()]
    assert [row[5] for row in rows] == ["status", "predicted", "skipped", "predicted"]
    assert rows[2][-1] == "the genome has no chrUn_7"
    assert genint(*common, "--chroms", "chr2", "-o", tmp_path / "two").code == 0
    assert len((tmp_path / "two" / "regions.tsv").read_text().splitlines()) == 2
    assert genint(*common, "--chroms", "chrUn_7", "-o", tmp_path / "none").code == 1


def test_the_same_run_again_is_answered_at_once_and_a_changed_result_is_not_trusted(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    common = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tiny_model, "-o", tmp_path]
    first = genint(*common)
    before = (tmp_path / "run.json").read_bytes()
    again = genint(*common)
    assert again.out == first.out
    assert "finished already" in again.err
    assert (tmp_path / "run.json").read_bytes() == before
    (tmp_path / "atac.bw").write_bytes(b"")
    changed = genint(*common)
    assert changed.code == 1
    assert "atac.bw: was changed or removed since the run that made it. Give --overwrite" in changed.err
    assert genint(*common, "--overwrite").code == 0
    assert (tmp_path / "atac.bw").stat().st_size > 0


def test_resume_needs_a_run_to_go_on_with(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    common = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tiny_model, "-o", tmp_path / "out"]
    finished = genint(*common, "--resume")
    assert finished.code == 1
    assert "holds no unfinished run" in finished.err
    assert not list((tmp_path / "out").iterdir())
    assert genint(*common, "--resume", "--overwrite").code == 2
    assert genint(*common, "--shifts", "0,0").code == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_any_number_of_threads_and_processes_and_any_batch_size_make_the_same_bytes(
    dtype: torch.dtype, tiny_model: Path, tmp_path: Path
) -> None:
    ways = {"one": {"threads": 1}, "three": {"threads": 3, "batch_size": 2}, "processes": {"threads": 9}}
    for name, options in ways.items():
        run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path / name, dtype=dtype, **options)
    for file in (tmp_path / "one").glob("*.bw"):
        assert {(tmp_path / name / file.name).read_bytes() for name in ways} == {file.read_bytes()}


def test_a_sequence_is_predicted_as_a_genome_of_it(tiny_model: Path, tmp_path: Path) -> None:
    with Genome(EXAMPLE / "genome.fa") as genome:
        sequence = to_text(genome.tokens("chr3", 0, genome.sizes["chr3"]))
    run(EXAMPLE / "genome.fa", rows(whole("chr3")), tiny_model, tmp_path / "genome")
    source, chrom = SequenceSource(sequence, name="chr3"), whole("chr3")
    predict_job(
        prepare(source, rows(chrom), [load_model(tiny_model)]), tmp_path / "sequence", console=Console(quiet=True)
    )
    for file in (tmp_path / "genome").glob("*.bw"):
        expected, found = (values(tmp_path / name / file.name, "chr3") for name in ("genome", "sequence"))
        assert np.array_equal(expected, found, equal_nan=True)
    with pytest.raises(InputError, match=r"chr3: none of the 1 region\(s\)"):
        prepare(source, rows(Region("chr3", chrom.end + 5, chrom.end + 9)), [load_model(tiny_model)])


def test_an_ensemble_is_the_mean_and_the_spread_of_its_models(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    other = tmp_path / "other"
    model = load_model(tiny_model)
    for weights in model.module.parameters():
        weights.mul_(1.1)
    save_copy(other, model)
    common = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m"]
    assert genint(*common, tiny_model, "-o", tmp_path / "a").code == 0
    assert genint(*common, other, "-o", tmp_path / "b").code == 0
    assert genint(*common, tiny_model, "--ensemble", other, "-o", tmp_path / "both").code == 0
    for name in model.tracks.file_names(""):
        a, b, mean, spread = (
            values(tmp_path / file, "chr3")
            for file in (f"a/{name}.bw", f"b/{name}.bw", f"both/{name}.bw", f"both/{name}.sd.bw")
        )
        np.testing.assert_allclose(mean, (a + b) / 2, rtol=1e-6)
        np.testing.assert_allclose(spread, abs(a - b) / 2, rtol=1e-3, atol=1e-6)
        assert (spread > 0).any()


def test_models_of_an_ensemble_answer_the_same_tracks(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    model = load_model(tiny_model)
    module, tracks = build("interpreter", model.config, 2), model.tracks.subset([0, 5])
    save_copy(tmp_path / "fewer", model, name="fewer", module=module, tracks=tracks)
    finished = genint(
        "predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tiny_model, "--ensemble", tmp_path / "fewer"
    )
    assert finished.code == 1
    assert "fewer: its 2 tracks are not the 7 of tiny" in finished.err


def unstranded(track: Track) -> Track:
    return replace(track, strand_pair=track.identifier)


def rescaled(track: Track) -> Track:
    return replace(track, scale=5.0)


@pytest.mark.parametrize(
    ("change", "option", "told"),
    [
        (unstranded, "--rc", "other: strand_pair of its track cage_plus is cage_plus, not cage_minus as in tiny"),
        (
            rescaled,
            "--scale=model",
            "other: scale of its track atac is 5.0, not 0.17 as in tiny. Set --scale to coverage",
        ),
        (unstranded, "--scale=model", ""),
        (rescaled, "--rc", ""),
    ],
)
def test_models_of_an_ensemble_agree_on_what_is_averaged(
    change: Callable[[Track], Track], option: str, told: str, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    model = load_model(tiny_model)
    tracks = TrackTable(map(change, model.tracks))
    save_copy(tmp_path / "other", model, name="other", tracks=tracks)
    command = ["predict", EXAMPLE / "genome.fa", "--region", "chr3:1-100", "-m", tiny_model]
    finished = genint(*command, "--ensemble", tmp_path / "other", option, "-o", tmp_path / "out")
    assert finished.code == (1 if told else 0)
    assert told in finished.err


def test_a_model_whose_track_table_has_changed_is_another_model(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    command = ["predict", EXAMPLE / "genome.fa", "--region", "chr3:1-100", "-m", model, "-o", tmp_path / "out"]
    assert genint(*command).code == 0
    loaded = load_model(model)
    save_copy(model, loaded, tracks=TrackTable(replace(track, scale=2.0) for track in loaded.tracks))
    finished = genint(*command)
    assert finished.code == 1
    assert "holds a finished run, and models 1.digest was " in finished.err
