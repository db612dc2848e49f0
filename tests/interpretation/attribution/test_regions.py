import sys
import time
from collections.abc import Generator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.dna_source import SequenceSource
from genint.genome.grid import Geometry
from genint.genome.region import EmptyRegion, Region
from genint.interpretation.attribution.mutants import IncrementalRescorer
from genint.interpretation.attribution.regions import AttributeSettings, attribute, place_row, prepare
from genint.models.folder import load_model
from genint.prediction.in_memory import predict_regions
from tests.conftest import EXAMPLE

GENOME = EXAMPLE / "genome.fa"
GEOMETRY = Geometry(core_bp=2_048, context_bp=128, bin_bp=128)
SEQUENCE = SequenceSource("ACGT" * 2_500, "chr1")


loaded = cache(load_model)


def row(start: int, end: int) -> BedRow:
    return BedRow("line 1", Region("chr1", start, end), "promoter")


def test_the_score_is_the_log_of_the_summed_prediction_over_the_bins(tiny_model: Path) -> None:
    model = load_model(tiny_model)
    settings: AttributeSettings = {"tracks": "ATAC", "method": "gradient"}
    (found,) = attribute(GENOME, ["chr1:8,193-10,240"], model, **settings)  # a tile: the window is that of predict
    (tracks,) = predict_regions(GENOME, ["chr1:8,193-10,240"], model, tracks="ATAC", scale="model", max_n=1.0)
    assert found.target == tracks.region == found.region
    assert found.score == pytest.approx(np.log1p(tracks.values.astype(np.float64).sum()), abs=1e-5)


def test_a_mutant_predicted_by_itself_has_the_effect_that_is_told(tiny_model: Path) -> None:
    model = load_model(tiny_model)
    sequence = "".join(np.random.default_rng(0).choice(list("ACGT"), 2_048))
    settings: AttributeSettings = {"method": "mutagenesis", "target": "s:1025-1152"}
    (found,) = model.attribute(SequenceSource(sequence, "s"), ["s:1,001-1,010"], **settings)

    def score(dna: str) -> float:
        values = model.predict(dna, scale="model", max_n=1.0).values
        return float(np.log1p(values[8].astype(np.float64).sum()))

    assert found.sequence == sequence[1_000:1_010]
    for column, letter in enumerate("ACGT"):
        mutant = sequence[:1_004] + letter + sequence[1_005:]
        assert found.effects[4, column] == pytest.approx(score(mutant) - score(sequence), abs=1e-5)


def test_a_region_lies_in_the_middle_of_its_window() -> None:
    place = place_row(row(5_000, 5_200), SEQUENCE, GEOMETRY, None, 0)
    assert place.target == Region("chr1", 4_992, 5_248)
    assert place.bins == slice(7, 9)
    assert place.start == 4_992 - 7 * 128 - 128
    assert (place.start + GEOMETRY.context_bp) % 128 == 0


def test_a_width_changes_what_is_scored_but_not_the_target() -> None:
    place = place_row(row(5_000, 5_200), SEQUENCE, GEOMETRY, None, 1_000)
    assert place.region == Region("chr1", 4_600, 5_600)
    assert place.target == Region("chr1", 4_992, 5_248)
    assert place_row(row(100, 200), SEQUENCE, GEOMETRY, None, 1_000).region == Region("chr1", 0, 650)


def test_a_target_elsewhere_is_in_the_same_window() -> None:
    place = place_row(row(5_000, 5_200), SEQUENCE, GEOMETRY, Region("chr1", 6_000, 6_001), 0)
    assert place.region == Region("chr1", 5_000, 5_200)
    assert place.target == Region("chr1", 5_888, 6_016)
    window = place.start + GEOMETRY.context_bp
    assert window + place.bins.start * 128 == 5_888
    assert window <= 4_992
    assert window + GEOMETRY.core_bp >= 6_016


@given(start=st.integers(0, 9_999), length=st.integers(1, 60_000))
def test_a_target_ends_with_its_chromosome(tiny_model: Path, start: int, length: int) -> None:
    assume(min(start + length, 10_000) - start <= GEOMETRY.core_bp - GEOMETRY.bin_bp)
    settings: AttributeSettings = {"target": Region("chr1", start, start + length)}
    (found,) = prepare(SEQUENCE, [Region("chr1", start, start + 1)], loaded(tiny_model), settings).places
    assert found.target.end <= 10_000
    assert found.target == place_row(row(start, min(start + length, 10_000)), SEQUENCE, GEOMETRY, None, 0).target
    assert found.bins.stop - found.bins.start == -(-len(found.target) // 128)


def test_the_score_of_a_target_past_the_end_is_that_of_the_bins_that_are_there(tiny_model: Path) -> None:
    scores = [
        next(
            attribute(GENOME, ["chr3:34,961-34,970"], tiny_model, method="gradient", target=f"chr3:34,945-{end}")
        ).score
        for end in ("35,073", "40,000")
    ]
    assert scores[0] == scores[1]


def test_a_region_is_clipped_where_its_chromosome_ends() -> None:
    place = place_row(row(9_900, 12_000), SEQUENCE, GEOMETRY, None, 0)
    assert place.region == Region("chr1", 9_900, 10_000)
    assert place.target == Region("chr1", 9_856, 10_000)


@pytest.mark.parametrize(
    ("region", "target", "words"),
    [
        (Region("chr1", 0, 2_049), None, "span 2,176 bp in whole bins, and a window of the model predicts 2,048 bp"),
        (Region("chr1", 100, 200), Region("chr1", 9_000, 9_001), "Cut the region"),
        (Region("chr1", 100, 200), Region("chr2", 100, 200), "lies on chr1"),
        (Region("chr1", 10_000, 10_001), None, "line 1: starts past the end of chr1, which is 10,000 bp long"),
        (EmptyRegion("chr1", 5), None, "hold no base"),
    ],
)
def test_what_does_not_fit_is_refused(region: Region | EmptyRegion, target: Region | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        place_row(BedRow("line 1", region, "."), SEQUENCE, GEOMETRY, target, 0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "attention"}, "`method` attention: not one of screened, mutagenesis"),
        ({"top": 0.0}, "`top` 0.0: expected a fraction"),
        ({"top": 1.5}, "`top` 1.5"),
        ({"width": -4}, "`width` -4: expected 0 or more"),
        ({"steps": 1}, "`steps` 1: expected 2 or more"),
        ({"threads": -1}, "`threads` -1: expected 0 or more"),
        ({"batch_size": 0}, "`batch_size` 0: expected 1 or more"),
        ({"tracks": "nothing"}, "`tracks` nothing"),
        ({"target": "chr1:x"}, "`target` chr1:x: not a region"),
        ({"target": "chr77:1-2"}, "`target` chr77"),
        ({"target": Region("chr77", 0, 2)}, "`target` chr77:1-2"),
        ({"target": "chr3:40,001-40,100"}, "`target` chr3:40,001-40,100: starts past the end of chr3, which is 35,073"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_computed(
    tiny_model: Path, settings: AttributeSettings, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        attribute(GENOME, ["chr1:1-100"], tiny_model, **settings)


def test_without_captum_integrated_gradients_are_refused_before_anything_is_computed(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(InputError, match="`method` integrated: needs captum"):
        attribute(GENOME, ["chr1:1-100"], tiny_model, method="integrated")


def test_the_number_of_threads_is_what_it_was_afterwards(tiny_model: Path) -> None:
    before = torch.get_num_threads()
    list(attribute(GENOME, ["chr1:1-100"], tiny_model, method="gradient", threads=2))
    assert torch.get_num_threads() == before


def test_whoever_stops_listening_does_not_wait_for_the_next_region(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[int] = []
    in_full = IncrementalRescorer.score

    def score(rescorer: IncrementalRescorer, mutants: torch.Tensor, first: int) -> torch.Tensor:
        scored.append(first)
        time.sleep(0.02)
        return in_full(rescorer, mutants, first)

    monkeypatch.setattr(IncrementalRescorer, "score", score)
    regions = [f"chr1:{start}-{start + 999}" for start in (1_001, 5_001, 8_001)]
    explained = attribute(GENOME, regions, tiny_model, method="mutagenesis", threads=1)
    next(explained)
    of_one = len(scored)
    assert isinstance(explained, Generator)
    explained.close()
    assert len(scored) < 1.5 * of_one


@pytest.mark.parametrize("regions", [["chr1:1,001-1,040"], ["chr1:1,001-1,040", "chr1:5,001-5,040", "chr2:1-40"]])
def test_the_number_of_threads_changes_no_bit(regions: list[str], tiny_model: Path) -> None:
    one, four = (
        list(attribute(GENOME, regions, tiny_model, method="mutagenesis", batch_size=16, threads=threads))
        for threads in (1, 4)
    )
    assert [found.region for found in one] == [found.region for found in four]
    for here, there in zip(one, four, strict=True):
        np.testing.assert_array_equal(here.effects, there.effects)
