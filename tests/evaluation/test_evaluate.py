"""Scores: the same code for every model and baseline, and figures that a slow reference agrees with."""

import json
import re
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from genint.console import Console
from genint.datasets.build import make_dataset
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, track_means
from genint.datasets.splits import Split
from genint.errors import InputError, OutputError
from genint.evaluation.baselines import AROUND_BINS, LONGEST_KMER, N_FEATURES, KmerBaseline, kmer_features
from genint.evaluation.evaluate import evaluate, load_distinct, profiles
from genint.evaluation.metrics import BlockPearson
from genint.evaluation.tables import Profiles, Result, Score, differences, report, summaries, write_reports
from genint.genome.fasta import Genome
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.models.folder import load_model
from genint.models.registry import build
from genint.reporting.plots import profiles_over_locus
from tests.conftest import EXAMPLE, Run, save_copy, tiny_config

QUIET = Console(quiet=True)


def all_scores(results: list[Result]) -> list[Score]:
    return [score for result in results for score in result.scores]


def test_scores_are_numpy_s_correlation_of_all_measured_bins(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    results = evaluate(dataset, [model], "test", QUIET, batch_size=3)
    tiles = SplitTiles(dataset, model.geometry, "test")
    with torch.inference_mode():
        pairs = [(model.module(tokens[None])[0].numpy(), targets.numpy()) for tokens, targets in tiles]
    predicted, measured = (np.concatenate(side).astype(np.float64) for side in zip(*pairs, strict=True))
    transform = dataset.tracks.transform(128)
    for column, score in enumerate(all_scores(results)):
        seen = np.isfinite(measured[:, column])
        assert score.bins == seen.sum()
        assert score.pearson == pytest.approx(
            np.corrcoef(predicted[seen, column], measured[seen, column])[0, 1], abs=1e-6
        )
        logs = [np.log1p(transform.invert(side) * 128)[seen, column] for side in (predicted, measured)]
        assert score.pearson_log1p == pytest.approx(np.corrcoef(*logs)[0, 1], abs=1e-6)
        per_window = []
        for x, y in pairs:
            kept = np.isfinite(y[:, column])
            if kept.sum() > 1 and y[kept, column].std() > 1e-6:
                per_window.append(np.corrcoef(x[kept, column], y[kept, column])[0, 1])
        assert score.pearson_windows == pytest.approx(np.mean(per_window), abs=1e-5)
    complete = np.isfinite(measured).all(axis=1) & (measured.std(axis=1) > 1e-6)
    across = [np.corrcoef(x, y)[0, 1] for x, y in zip(predicted[complete], measured[complete], strict=True)]
    assert results[0].across_tracks == pytest.approx(np.mean(across), abs=1e-4)
    block_sums = sum(results[0].blocks.values())
    np.testing.assert_array_equal(block_sums[0], [score.bins for score in results[0].scores])


def test_excluded_bins_are_not_scored(example_dataset: Path, tiny_model: Path) -> None:
    dataset = TrackDataset(example_dataset)
    bins = sum(segment.bins(128) for segment in dataset.split("train"))
    results = evaluate(dataset, [load_model(tiny_model)], "train", QUIET)
    assert all(score.bins < bins for score in all_scores(results))


def test_a_track_that_was_not_measured_is_listed_without_a_score(example_dataset: Path, tiny_model: Path) -> None:
    results = evaluate(TrackDataset(example_dataset), [load_model(tiny_model)], "valid", QUIET)
    lost = [score for score in all_scores(results) if np.isnan(score.pearson)]
    assert [(score.identifier, score.bins) for score in lost] == [("chip_orc", 0)]
    content = json.loads(report(results, "valid", TrackDataset(example_dataset)))
    means = {row["assay"]: (row["identifier"], row["bins"]) for row in content["means"]}
    bins = sum(score.bins for score in all_scores(results) if score.assay == "CHIP")  # of its two tracks, chip_reb1's
    assert means["CHIP"] == ("mean of 1", bins)
    assert means["all"][0] == "mean of 6"
    scores = [replace(score, pearson=np.nan) if score.assay == "RNA" else score for score in results[0].scores]
    assert [(row.identifier, row.bins) for row in summaries([results[0]._replace(scores=scores)])][2] == (
        "mean of 0",
        0,
    )
    assert content["not_scored"] == ["chip_orc"]
    assert [row["pearson"] for row in content["tracks"] if row["identifier"] == "chip_orc"] == [None]


def test_a_split_without_anything_to_score_is_refused_in_one_line(tmp_path: Path, genint: Run) -> None:
    (tmp_path / "all.bed").write_text("chr2\t0\t60003\n")
    with Genome(EXAMPLE / "genome.fa") as genome:
        split, exclude = Split(valid=["chr3"], test=["chr2"]), [tmp_path / "all.bed"]
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "ds", split=split, exclude=exclude)
    finished = genint("eval", tmp_path / "ds", "--baselines", "-o", tmp_path / "scores")
    assert finished.code == 1
    assert re.fullmatch(r"genint: error: .*ds: nothing to score in the test split.*\n", finished.err)
    assert finished.out == ""
    assert list((tmp_path / "scores").iterdir()) == []


def test_the_constant_scores_zero_and_the_k_mers_more(example_dataset: Path) -> None:
    results = evaluate(TrackDataset(example_dataset), [], "test", QUIET, baselines=True)
    means = {score.model: score.pearson for score in summaries(results) if score.assay == "all"}
    assert means["constant"] == 0
    assert means["linear on k-mers"] > 0.05


def test_k_mer_features_are_the_counts_one_gets_by_hand() -> None:
    geometry = Geometry(core_bp=3 * 16, context_bp=16, bin_bp=16)  # less context than the features want
    tokens = np.random.default_rng(1).integers(0, 5, (2, geometry.input_bp)).astype(np.uint8)
    features = kmer_features(tokens, geometry)
    assert features.shape == (2, 3, N_FEATURES)
    names = [kmer for k in range(1, LONGEST_KMER + 1) for kmer in product(range(4), repeat=k)]
    for window, index in product(range(2), range(3)):
        column = 0
        for k in range(1, LONGEST_KMER + 1):
            for bins in (range(index, index + 1), range(index - AROUND_BINS, index + AROUND_BINS + 1)):
                for kmer in (name for name in names if len(name) == k):
                    count = 0
                    for number in bins:
                        start = geometry.context_bp + number * 16
                        piece = tokens[window, start : start + 16] if start >= 0 else ()
                        count += sum(tuple(piece[i : i + k]) == kmer for i in range(len(piece) - k + 1))
                    assert features[window, index, column] == count
                    column += 1
        assert features[window, index, column] == 1


def test_the_linear_model_predicts_each_track_s_mean_on_what_it_learned_from(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    geometry = Geometry(core_bp=16_384, context_bp=512, bin_bp=128)
    baseline = KmerBaseline(dataset, geometry)
    tokens = np.stack([tokens.numpy() for tokens, _ in SplitTiles(dataset, geometry, "train")])
    mean = baseline.predict(tokens)[:-1].mean(axis=(0, 1))
    np.testing.assert_allclose(mean, track_means(dataset), rtol=0.25)


def test_a_track_that_was_not_measured_for_training_leaves_the_other_tracks_alone(tmp_path: Path, genint: Run) -> None:
    with Genome(EXAMPLE / "genome.fa") as genome:  # chip_orc was not measured on chr3, the rest
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "ds", split=Split(valid=["chr1"], test=["chr2"]))
    finished = genint("eval", tmp_path / "ds", "--baselines", "--json")
    assert finished.code == 0, finished.err
    rows = [row for row in json.loads(finished.out)["tracks"] if row["model"] == "linear on k-mers"]
    assert {row["identifier"] for row in rows if row["pearson"] == 0} == {"chip_orc"}


def test_an_empty_training_split_is_told_before_any_model_is_scored(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(example_dataset, tmp_path / "ds")
    table = tmp_path / "ds" / "stretches.tsv"
    table.write_text(table.read_text().replace("train", "valid"))
    monkeypatch.setattr("genint.evaluation.evaluate._result", None)
    with pytest.raises(InputError, match="the train split is empty"):
        evaluate(TrackDataset(tmp_path / "ds"), [load_model(tiny_model)], "test", QUIET, baselines=True)


def test_a_model_of_other_tracks_is_refused(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_model, other)
    table = (other / "tracks.tsv").read_text()
    (other / "tracks.tsv").write_text(table.replace("cage_plus\t", "cage_forward\t"))
    with pytest.raises(InputError, match="differ first in row 2"):
        evaluate(TrackDataset(example_dataset), [load_model(other)], "test", QUIET)


def test_an_assay_that_would_pass_for_the_mean_over_all_tracks_is_refused(
    example_dataset: Path, tmp_path: Path, genint: Run
) -> None:
    shutil.copytree(example_dataset, tmp_path / "ds")
    table = tmp_path / "ds" / "tracks.tsv"
    table.write_text(table.read_text().replace("ATAC:", "all:"))
    finished = genint("eval", tmp_path / "ds", "--baselines")
    assert finished.code == 1
    assert "the assay of atac is 'all'" in finished.err
    assert len(finished.err.splitlines()) == 1


def test_a_model_of_other_bins_is_refused(example_dataset: Path) -> None:
    with pytest.raises(InputError, match="128 bp wide, the model's are 64 bp"):
        SplitTiles(TrackDataset(example_dataset), Geometry(core_bp=640, context_bp=0, bin_bp=64), "test")


def test_means_are_plain_means_per_assay_and_over_all(example_dataset: Path, tiny_model: Path) -> None:
    results = evaluate(TrackDataset(example_dataset), [load_model(tiny_model)], "test", QUIET)
    scores, rows = all_scores(results), {score.assay: score for score in summaries(results)}
    assert list(rows) == ["ATAC", "CAGE", "RNA", "CHIP", "all"]
    assert rows["CAGE"].pearson == pytest.approx(np.mean([s.pearson for s in scores if s.assay == "CAGE"]))
    assert rows["all"].pearson == pytest.approx(np.mean([s.pearson for s in scores]))


def test_the_command_prints_a_table_and_writes_it(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--baselines", "-o", tmp_path / "scores")
    assert finished.code == 0, finished.err
    for word in ("atac", "rna_minus", "tiny", "linear on k-mers", "Overall", "7 tracks", "95 % interval"):
        assert word in finished.out
    lines = (tmp_path / "scores" / "metrics.tsv").read_text().splitlines()
    assert lines[0] == "model\tidentifier\tassay\tbins\tpearson\tpearson_log1p\tpearson_windows"
    assert len(lines) == 1 + 3 * 7
    means = json.loads((tmp_path / "scores" / "metrics.json").read_text())["means"]
    assert {row["model"] for row in means} == {"tiny", "constant", "linear on k-mers"}


def test_the_command_prints_json(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--split", "valid", "--json", "--quiet")
    assert json.loads(finished.out)["split"] == "valid"


def test_wrong_usage_of_eval_exits_with_2(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    assert genint("eval", example_dataset).code == 2
    assert genint("eval", example_dataset, tiny_model, "--split", "all").code == 2


def test_reports_of_the_same_scores_are_the_same_bytes(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    dataset = TrackDataset(example_dataset)
    results = evaluate(dataset, [load_model(tiny_model)], "test", QUIET)
    for name in ("a", "b"):
        write_reports(results, "test", dataset, tmp_path / name)
    assert (tmp_path / "a" / "metrics.json").read_bytes() == (tmp_path / "b" / "metrics.json").read_bytes()


def test_the_tiny_config_of_the_tests_has_bins_of_the_data_set(example_dataset: Path) -> None:
    assert tiny_config().geometry.bin_bp == TrackDataset(example_dataset).bin_bp


def test_the_bootstrap_of_a_model_against_itself_is_zero_and_against_a_worse_one_is_not(example_dataset: Path) -> None:
    constant, kmers = evaluate(TrackDataset(example_dataset), [], "train", QUIET, baselines=True)
    same = differences([kmers, kmers])[0]
    assert same.blocks == 3  # of chr1's 204,800 bp
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    better = differences([kmers, constant])[0]
    assert 0 < better.low < better.difference < better.high
    assert differences([kmers, constant])[0] == better


def test_models_of_other_tiles_are_compared_on_the_same_blocks(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    config = tiny_config(core_bp=131_072)  # a tile reaches past chr2's 60 kb, into a block that has no bins
    module = build("interpreter", config, len(dataset.tracks))
    module.load_state_dict(model.module.state_dict())
    wide = replace(model, name="wide", config=config, module=module.eval())
    results = evaluate(dataset, [model, wide], "test", QUIET, baselines=True)
    assert {tuple(result.blocks) for result in results} == {(("chr2", 0),)}
    assert len(differences(results)) == 6


def test_a_block_without_measurements_is_not_drawn() -> None:
    blocks = BlockPearson(1)
    for number, target in enumerate((1.0, np.nan, 0.0)):
        blocks.update(("chr1", number), np.ones((4, 1)), np.full((4, 1), target))
    assert list(blocks.sums) == [("chr1", 0), ("chr1", 2)]


def test_one_block_gives_no_interval(example_dataset: Path, tmp_path: Path, genint: Run) -> None:
    finished = genint("eval", example_dataset, "--baselines", "-o", tmp_path)  # chr2 is 60 kb long
    (row,) = json.loads((tmp_path / "metrics.json").read_text())["differences"]
    assert (row["low"], row["high"], row["blocks"]) == (None, None, 1)
    assert re.search(r"^constant - linear on k-mers +-0\.\d+ +-$", finished.out, re.MULTILINE)


def test_profiles_are_the_predictions_and_targets_of_the_region(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    region = Region("chr3", 5_000, 9_001)
    start, measured, predicted = profiles(dataset, [model], region, batch_size=1)
    assert start == 39 * 128
    first, last = 5_000 // 128, -(-9_001 // 128)
    segment = dataset.split("valid")[0]
    assert np.array_equal(measured, dataset.targets(segment, first, last - first), equal_nan=True)
    tiles = SplitTiles(dataset, model.geometry, "valid")
    with torch.inference_mode():
        whole = np.concatenate([model.module(tokens[None])[0].numpy() for tokens, _ in tiles])
    np.testing.assert_allclose(predicted["tiny"], whole[first:last], rtol=1e-5)
    with pytest.raises(InputError, match="chr9"):
        profiles(dataset, [model], Region("chr9", 0, 5))


def test_profiles_begin_where_their_first_bin_does_and_go_through_the_model_in_batches(
    example_dataset: Path, tiny_model: Path, tmp_path: Path
) -> None:
    shutil.copytree(example_dataset, tmp_path / "ds")
    table = tmp_path / "ds" / "stretches.tsv"  # of an imported data set, chr2's begins anywhere
    moved = table.read_text().replace("chr2\t0\t60003\ttest\t0\t60003", "chr2\t1037\t61040\ttest\t1037\t61040")
    table.write_text(moved)
    model, batches = load_model(tiny_model), list[int]()
    model.module.register_forward_pre_hook(lambda module, inputs: batches.append(len(inputs[0])))
    drawn = profiles(TrackDataset(tmp_path / "ds"), [model], Region("chr2", 9_000, 19_000), batch_size=2)
    assert drawn.start == 1_037 + 62 * 128
    assert len(drawn.measured) == len(drawn.predicted["tiny"]) == 79
    assert batches == [2, 2, 2]


def test_a_figure_of_a_locus_tells_its_places_in_plain_numbers() -> None:
    values = np.ones((100, 1), dtype=np.float32)
    figure = profiles_over_locus("chrX", 128, ["rna"], Profiles(132_357_221, values, {"tiny": values}))
    FigureCanvasAgg(figure).draw()
    axis = figure.axes[-1].xaxis
    assert axis.get_offset_text().get_text() == ""
    assert "132,360,000" in [label.get_text() for label in axis.get_ticklabels()]
    assert axis.get_view_interval() == pytest.approx([132_357_221, 132_357_221 + 100 * 128])


def test_scores_are_told_before_anything_is_drawn(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutputError("no figure today")

    monkeypatch.setattr("genint.reporting.plots.save_figure", fail)
    for figures in (["--locus", "chr2:1-9000"], ["--plots", "--baselines"]):
        finished = genint("eval", example_dataset, tiny_model, "-o", tmp_path, *figures)
        assert finished.code == 1
        assert "no figure today" in finished.err
        assert "Mean Pearson over tracks" in finished.out
        assert (tmp_path / "metrics.json").exists()


def test_figures_are_drawn_on_request(example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    command = ["eval", example_dataset, tiny_model, "--baselines", "-o", tmp_path, "--plots", "--locus", "chr2:1-9000"]
    assert genint(*command, "--tracks", "rna").code == 0
    figures = sorted(file.name for file in tmp_path.iterdir() if file.suffix in (".png", ".svg"))
    assert "locus_chr2_1_9000.png" in figures
    assert "tracks_tiny_vs_constant.svg" in figures
    assert len(figures) == 2 + 2 * 3
    assert genint("eval", example_dataset, tiny_model, "--plots").code == 2


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
        list(profiles(TrackDataset(example_dataset), load_distinct(["m/a", "m[a"]), Region("chr2", 0, 9)).predicted)
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
    assert (
        finished.err
        == f"genint: error: {paths[0]}: 2 models would go by that name. Name each once, or give another path to it\n"
    )


def test_a_place_that_cannot_be_drawn_or_written_to_is_told_before_any_work(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("scored before the options were checked")

    monkeypatch.setattr("genint.evaluation.evaluate.evaluate", work)
    (tmp_path / "file").write_text("mine")
    command = ["eval", example_dataset, tiny_model, "-o"]
    assert "file: File exists. Look at that place" in genint(*command, tmp_path / "file").err
    assert "--locus chr9:1-5" in genint(*command, tmp_path / "out", "--locus", "chr9:1-5").err
    assert "--locus chr2:999,999-9,999,999" in genint(*command, tmp_path / "out", "--locus", "2:999999-9999999").err
    assert genint(*command, tmp_path / "out", "--tracks", "rna").code == 2
    monkeypatch.setattr("genint.reporting.plots.MOST_PANELS", 13)
    err = genint(*command, tmp_path / "out", "--locus", "chr2:1-9000").err
    assert "7 tracks, measured and by 1 model(s), make 14 panels" in err
    assert len(err.splitlines()) == 1


def test_the_paper_s_table_has_its_metric_alone(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    out = genint("eval", example_dataset, tiny_model, "--replicate-paper").out
    assert "Overall" in out
    assert "rna_plus" not in out
