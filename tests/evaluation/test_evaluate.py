"""Scores: the same code for every model and baseline, and figures that a slow reference agrees with."""

import json
import re
import shutil
import threading
from pathlib import Path

import pandas as pd
import pyBigWig
import pytest
import torch

from genint.datasets.build import make_dataset
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles
from genint.datasets.splits import Split
from genint.errors import InputError
from genint.evaluation.evaluate import evaluate, load_distinct
from genint.evaluation.profiles import predict_profiles
from genint.evaluation.results import Evaluation, Score
from genint.genome.fasta import Genome
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.models.folder import load_model
from genint.models.registry import build
from tests.conftest import EXAMPLE, Run, save_copy, tiny_config


def all_scores(evaluation: Evaluation) -> list[Score]:
    return [score for result in evaluation.models for score in result.scores]


def test_scores_are_the_same_however_the_work_is_shared_out_and_when_memory_is_short(
    example_dataset: Path, tiny_model: Path
) -> None:
    """Through the engine that predicts; only the order in which sums add up depends on the batch size."""
    dataset = TrackDataset(example_dataset)
    narrow = load_model(tiny_model)
    running = threading.Semaphore(1)

    def take_memory(*_: object) -> None:
        if not running.acquire(blocking=False):
            raise MemoryError

    narrow.module.register_forward_pre_hook(take_memory)
    narrow.module.register_forward_hook(lambda *_: running.release())
    expected = evaluate(tiny_model, dataset, threads=1).models[0].scores
    in_processes = evaluate(tiny_model, dataset, threads=9).models[0].scores  # more than one process has threads for
    short = evaluate(narrow, dataset, threads=4).models[0].scores
    regrouped = evaluate(tiny_model, dataset, batch_size=3).models[0].scores
    for scores in (in_processes, short):
        assert [repr(score) for score in scores] == [repr(score) for score in expected]
    for one, other in zip(regrouped, expected, strict=True):
        assert one.pearson == pytest.approx(other.pearson, rel=1e-12, nan_ok=True)


def test_excluded_bins_are_not_scored(example_dataset: Path, tiny_model: Path) -> None:
    dataset = TrackDataset(example_dataset)
    bins = sum(segment.bins(128) for segment in dataset.split("train"))
    results = evaluate([load_model(tiny_model)], dataset, "train")
    assert all(score.bins < bins for score in all_scores(results))


def test_a_split_without_anything_to_score_is_refused_in_one_line(tmp_path: Path, genint: Run) -> None:
    (tmp_path / "all.bed").write_text("chr2\t0\t60003\n")
    with Genome(EXAMPLE / "genome.fa") as genome:
        split, exclude = Split(valid=["chr3"], test=["chr2"]), [tmp_path / "all.bed"]
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "ds", split=split, exclude=exclude)
    finished = genint("eval", tmp_path / "ds", "--baselines", "-o", tmp_path / "scores")
    assert finished.code == 1
    assert re.fullmatch(r"genint: error: .*ds: nothing to score in the test split.*", finished.err.splitlines()[-1])
    assert finished.out == ""
    assert list((tmp_path / "scores").iterdir()) == []


def test_an_empty_training_split_is_refused_before_any_model_is_scored(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(example_dataset, tmp_path / "ds")
    table = tmp_path / "ds" / "segments.tsv"
    table.write_text(table.read_text().replace("train", "valid"))
    monkeypatch.setattr("genint.evaluation.evaluate._score", None)
    with pytest.raises(InputError, match="the train split is empty"):
        evaluate([load_model(tiny_model)], TrackDataset(tmp_path / "ds"), "test", baselines=True)


def test_a_model_of_other_tracks_is_refused(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_model, other)
    table = (other / "tracks.tsv").read_text()
    (other / "tracks.tsv").write_text(table.replace("cage_plus\t", "cage_forward\t"))
    with pytest.raises(InputError, match="differ first in row 2"):
        evaluate([load_model(other)], TrackDataset(example_dataset), "test")


def test_an_assay_that_would_pass_for_the_mean_over_all_tracks_is_refused(
    example_dataset: Path, tmp_path: Path, genint: Run
) -> None:
    shutil.copytree(example_dataset, tmp_path / "ds")
    table = tmp_path / "ds" / "tracks.tsv"
    table.write_text(table.read_text().replace("ATAC:", "all:"))
    finished = genint("eval", tmp_path / "ds", "--baselines")
    assert finished.code == 1
    assert "the assay of atac is 'all'" in finished.err
    assert len(finished.err.splitlines()) == 2  # after the note of what is read


def test_a_model_of_other_bins_is_refused(example_dataset: Path) -> None:
    with pytest.raises(InputError, match="128 bp wide, the model's are 64 bp"):
        SplitTiles(TrackDataset(example_dataset), Geometry(core_bp=640, context_bp=0, bin_bp=64), "test")


def test_the_tiny_config_of_the_tests_has_bins_of_the_data_set(example_dataset: Path) -> None:
    assert tiny_config().geometry.bin_bp == TrackDataset(example_dataset).bin_bp


def test_models_of_one_name_are_told_apart_by_their_paths(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, seed in (("m/a", 1), ("m[a", 2), ("m/constant", 3)):
        torch.manual_seed(seed)
        model = load_model(tiny_model)
        module = build("interpreter", model.config, len(model.tracks))
        name = "constant" if folder == "m/constant" else "tiny"
        save_copy(Path(folder), model, name=name, module=module)
    command = ["eval", example_dataset, "m/a", "m[a", "m/constant"]
    finished = genint(*command, "--baselines", "-o", "out", "--plots", "--locus", "chr2:1-9000", "--tracks", "rna_plus")
    assert finished.code == 0, finished.err
    report = json.loads(Path("out/metrics.json").read_text())
    names = ["m/a", "m[a", "m/constant", "constant", "linear on k-mers"]
    assert list(report["pearson_across_tracks"]) == names
    overall = {row["model"]: row["pearson"] for row in report["means"] if row["assay"] == "all"}
    assert len(set(overall.values())) == len(names)
    table = finished.out[finished.out.index("Mean Pearson") :]
    for name, r in overall.items():
        assert re.search(rf"^{re.escape(name)} .* {r:.4f} ", table, re.MULTILINE)
    assert len(list(Path("out").glob("tracks_*.png"))) == 10
    assert (
        list(
            predict_profiles(
                TrackDataset(example_dataset), load_distinct(["m/a", "m[a"]), Region("chr2", 0, 9)
            ).predicted
        )
        == names[:2]
    )


@pytest.mark.parametrize("paths", [["m/a", "m/a"], ["constant", "--baselines"]])
def test_models_that_even_their_paths_do_not_tell_apart_are_refused(
    paths: list[str],
    example_dataset: Path,
    tiny_model: Path,
    tmp_path: Path,
    genint: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    model = load_model(tiny_model)
    save_copy(Path("m/a"), model)
    save_copy(Path("constant"), model, name="constant")
    finished = genint("eval", example_dataset, *paths)
    assert finished.code == 1
    message = f"{paths[0]}: 2 models would go by that name. Name each once, or give another path to it"
    assert finished.err.splitlines()[-1] == f"genint: error: {message}"


def test_models_and_data_sets_are_given_loaded_or_by_path(example_dataset: Path, tiny_model: Path) -> None:
    loaded = evaluate(load_model(tiny_model), TrackDataset(example_dataset), "test").to_pandas()
    for models, dataset in ((str(tiny_model), str(example_dataset)), ([tiny_model], example_dataset)):
        pd.testing.assert_frame_equal(evaluate(models, dataset).to_pandas(), loaded, check_exact=True)


def test_two_loaded_models_of_one_name_are_refused(example_dataset: Path, tiny_model: Path) -> None:
    with pytest.raises(InputError, match="tiny: 2 models would go by that name"):
        evaluate([load_model(tiny_model)] * 2, example_dataset)


def test_a_strand_that_is_stored_negative_scores_as_its_mirror_image(tmp_path: Path, tiny_model: Path) -> None:
    """The same coverage below zero, under scale -1: the same targets, the same scores, negative predictions."""
    for sign in (1, -1):
        (tmp_path / f"{sign}").mkdir()
        rows = [line.split("\t") for line in (EXAMPLE / "tracks.tsv").read_text().splitlines()]
        for row in rows[1:]:
            file = tmp_path / f"{sign}" / Path(row[rows[0].index("file")]).name
            flip(EXAMPLE / row[rows[0].index("file")], file, sign)
            row[rows[0].index("file")] = file.name
            row[rows[0].index("scale")] = str(sign * float(row[rows[0].index("scale")] or 1))
        table = tmp_path / f"{sign}" / "tracks.tsv"
        table.write_text("".join("\t".join(row) + "\n" for row in rows))
        with Genome(EXAMPLE / "genome.fa") as genome:
            make_dataset(genome, table, tmp_path / f"{sign}" / "ds", split=Split(valid=["chr3"], test=["chr2"]))
        model = load_model(tiny_model)
        save_copy(tmp_path / f"{sign}" / "tiny", model, tracks=TrackDataset(tmp_path / f"{sign}" / "ds").tracks)
    plus, minus = (evaluate(tmp_path / f"{sign}" / "tiny", tmp_path / f"{sign}" / "ds").to_pandas() for sign in (1, -1))
    pd.testing.assert_frame_equal(plus, minus, check_exact=True)
    assert plus["pearson_log1p"].notna().all()


def flip(source: Path, target: Path, sign: int) -> None:
    """Write the bigWig again with every value times `sign`."""
    with pyBigWig.open(str(source)) as old, pyBigWig.open(str(target), "w") as new:
        new.addHeader(list(old.chroms().items()))
        for chrom in old.chroms():
            starts, ends, values = zip(*(old.intervals(chrom) or ()), strict=True)
            new.addEntries([chrom] * len(starts), list(starts), ends=list(ends), values=[sign * v for v in values])
