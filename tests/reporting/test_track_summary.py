"""Tracks in numbers, compared with what numpy says."""

from pathlib import Path

import numpy as np
import pytest

from genint.arrays import F64
from genint.genome.dna_source import SequenceSource
from genint.output.bigwig import BigWigWriter, BinReader
from genint.reporting.observed import open_observed
from genint.reporting.track_summary import summarize_track
from genint.tracks.table import Track, TrackTable

GENOME = SequenceSource("A" * 6_400, "chr1")
TRACK = Track(identifier="a", description="ATAC:x", strand_pair="a", sum_stat="sum_sqrt", clip_soft=4.0)
RANDOM = np.random.default_rng(7)
PREDICTED, MEASURED = RANDOM.random((2, 50)).astype(np.float32)
MEASURED += PREDICTED


def bigwig(path: Path, values: object) -> Path:
    with BigWigWriter(path, GENOME.sizes, bin_bp=128) as writer:
        writer.add("chr1", 0, np.asarray(values, np.float32))
    return path


def on_model_scale(coverage: object) -> F64:
    squashed = np.sqrt(1 + 128 * np.asarray(coverage, np.float64)) - 1
    return np.where(squashed > 4, 3 + np.sqrt(np.maximum(squashed - 3, 0)), squashed)


@pytest.mark.parametrize("scale", ["coverage", "model"])
def test_r_is_numpy_s_on_the_model_s_scale_over_all_bins_and_over_the_shown(tmp_path: Path, scale: str) -> None:
    known = np.where(np.arange(50) % 7 == 3, np.nan, PREDICTED)
    stored = known if scale == "coverage" else on_model_scale(known)
    predicted = BinReader(bigwig(tmp_path / "p.bw", stored), bin_bp=128)
    measured = bigwig(tmp_path / "m.bw", MEASURED)
    shown = np.arange(50) < 20
    with open_observed([f"a={measured}"], TrackTable([TRACK]), GENOME, 128) as observed:
        summary = summarize_track(
            TRACK,
            predicted,
            128,
            scale=scale,  # type: ignore[arg-type]
            observed=observed["a"],
            shown={"chr1": shown},
        )
    x, y, there = on_model_scale(known), on_model_scale(MEASURED), np.isfinite(known)
    assert summary.measured == summary.bins == there.sum()
    assert summary.r == pytest.approx(np.corrcoef(x[there], y[there])[0, 1], abs=1e-6)
    assert summary.shown == (there & shown).sum()
    assert summary.r_shown == pytest.approx(np.corrcoef(x[there & shown], y[there & shown])[0, 1], abs=1e-6)


def test_mean_and_place_of_the_highest_bin_are_of_what_is_predicted(tmp_path: Path) -> None:
    summary = summarize_track(TRACK, BinReader(bigwig(tmp_path / "p.bw", PREDICTED), bin_bp=128), 128)
    top = int(PREDICTED.argmax())
    assert summary.mean == pytest.approx(PREDICTED.mean())
    assert (summary.highest, str(summary.peak)) == (PREDICTED[top], f"chr1:{top * 128 + 1:,}-{top * 128 + 128:,}")
    assert np.isnan(summary.r)
    assert summary.measured == 0


def test_a_track_without_any_prediction_has_no_numbers(tmp_path: Path) -> None:
    summary = summarize_track(TRACK, BinReader(bigwig(tmp_path / "p.bw", [np.nan] * 3), bin_bp=128), 128)
    assert summary.bins == 0
    assert summary.peak is None
    assert np.isnan([summary.mean, summary.highest, summary.r]).all()
