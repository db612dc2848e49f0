"""Predictions as arrays are those of the files, whatever region they are cut from."""

from pathlib import Path

import numpy as np
import pybigtools
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.dna import to_text
from genint.genome.fasta import Genome
from genint.genome.region import EmptyRegion, Region
from genint.models.folder import Model, load_model
from genint.prediction.in_memory import predict_regions, predict_sequence
from genint.prediction.to_folder import predict_to_folder
from tests.conftest import EXAMPLE

GENOME = EXAMPLE / "genome.fa"
BIN = 128


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return load_model(tiny_model)


@pytest.fixture(scope="module")
def folder(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every track of the whole example genome, as bigWigs."""
    out = tmp_path_factory.mktemp("whole") / "out"
    predict_to_folder(GENOME, None, tiny_model, out, dtype="float32")
    return out


def written(folder: Path, name: str, region: Region) -> np.ndarray:
    """What the bigWig says of each base."""
    with pybigtools.open(str(folder / name)) as bigwig:
        return np.asarray(bigwig.values(region.chrom, region.start, region.end, fillna=None), np.float32)


def test_every_row_of_a_bed_comes_in_its_order_with_the_values_of_the_bigwigs(model: Model, folder: Path) -> None:
    rows = [line.split() for line in (EXAMPLE / "regions.bed").read_text().splitlines() if line.startswith("chr")]
    found = list(predict_regions(GENOME, EXAMPLE / "regions.bed", model, dtype="float32"))
    assert [str(tracks.region) for tracks in found] == [str(Region(c, int(s), int(e))) for c, s, e, *_ in rows]
    for tracks in found:
        assert tracks.region
        first = tracks.region.start - tracks.start
        for column, name in enumerate(tracks.tracks.file_names()):
            per_base = np.repeat(tracks.values[:, column], BIN)[first : first + len(tracks.region)]
            np.testing.assert_array_equal(per_base, written(folder, name, tracks.region))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 35_072), length=st.integers(1, 9_000))
def test_a_region_of_any_length_has_the_bins_it_touches(start: int, length: int, model: Model, folder: Path) -> None:
    region = Region("chr3", start, min(start + length, 35_073))
    (tracks,) = predict_regions(GENOME, [region], model, tracks="atac", dtype="float32")
    assert (tracks.start, len(tracks.values)) == (start // BIN * BIN, -(-region.end // BIN) - start // BIN)
    expected = written(folder, "atac.bw", region)
    table = tracks.to_pandas()
    for bin_start, bin_end, value in zip(table["start"], table["end"], table["atac"], strict=True):
        inside = expected[max(bin_start - start, 0) : bin_end - start]
        assert np.array_equal(inside, np.full(len(inside), value, np.float32), equal_nan=True)
        assert len(inside)


def test_neighbouring_regions_share_tiles_and_many_are_predicted_in_groups(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions = [Region("chr1", start, start + 700) for start in range(0, 60_000, 611)]
    together = [tracks.values for tracks in predict_regions(GENOME, regions, model)]
    monkeypatch.setattr("genint.prediction.in_memory._TILES_AT_ONCE", 1)
    alone = [tracks.values for tracks in predict_regions(GENOME, regions, model)]
    assert len(together) == len(alone) == len(regions)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_regions_are_rows_text_or_a_file_in_any_spelling_of_a_chromosome(model: Model) -> None:
    asked = ["3:1,001-2,000", Region("chr3", 1_000, 2_000), BedRow("mine", Region("chr3", 1_000, 2_000), "a")]
    found = list(predict_regions(GENOME, asked, model))
    assert {tracks.region for tracks in found} == {Region("chr3", 1_000, 2_000)}
    for tracks in found[1:]:
        np.testing.assert_array_equal(tracks.values, found[0].values)


def test_a_region_past_the_end_is_clipped(model: Model) -> None:
    (tracks,) = predict_regions(GENOME, [Region("chr3", 35_000, 99_000)], model)
    assert tracks.region == Region("chr3", 35_000, 35_073)
    assert len(tracks.values) == 2


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ([Region("chr3", 35_073, 35_100)], "region 1: start 35,073 and end 35,100 hold no base of chr3, 35,073 bp"),
        ([BedRow("line 7", EmptyRegion("chr3", 5), ".")], "line 7: start 5 and end 5 hold no base"),
        ([], "`regions`: is empty"),
        (["chr9"], "`regions` chr9: chromosome(s) chr9 not in"),
        (["chr3:9-5"], "chr3:9-5"),
        ("missing.bed", "missing.bed: cannot read"),
    ],
)
def test_what_cannot_be_predicted_is_refused_before_anything_is(
    regions: str | list[Region | BedRow | str], message: str, model: Model
) -> None:
    with pytest.raises(InputError) as caught:
        predict_regions(GENOME, regions, model)  # not one value is asked for
    assert message in str(caught.value)


def test_an_open_genome_stays_open(model: Model) -> None:
    with Genome(GENOME) as genome:
        list(predict_regions(genome, ["chr3:1-100"], model))
        assert genome.tokens("chr3", 0, 5).shape == (5,)


def test_a_sequence_is_predicted_as_the_chromosome_it_was_cut_from(model: Model, folder: Path) -> None:
    with Genome(GENOME) as genome:
        sequence = to_text(genome.tokens("chr3", 0, genome.sizes["chr3"]))
    tracks = model.predict(sequence, dtype="float32")
    assert tracks.region is None
    for column, name in enumerate(tracks.tracks.file_names()):
        expected = written(folder, name, Region("chr3", 0, len(sequence)))[::BIN]
        np.testing.assert_array_equal(tracks.values[:, column], expected)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.text("ACGTacgtuU", min_size=1, max_size=400))
def test_a_sequence_of_any_length_has_a_value_per_bin(sequence: str, model: Model) -> None:
    tracks = predict_sequence(model, sequence)
    assert tracks.values.shape == (-(-len(sequence) // BIN), 7)
    assert np.isfinite(tracks.values).all()
    as_dna = model.predict(sequence.upper().replace("U", "T"))
    np.testing.assert_array_equal(tracks.values, as_dna.values)


def test_settings_are_those_of_the_command(model: Model, tmp_path: Path) -> None:
    options = {"tracks": "^rna", "rc": True, "shifts": (-1, 0, 1), "overlap": 0.5, "scale": "model", "max_n": 1.0}
    (tracks,) = predict_regions(GENOME, ["chr2:19,001-24,000"], model, **options)  # type: ignore[arg-type]
    predict_to_folder(GENOME, ["chr2:19,001-24,000"], model, tmp_path / "out", **options)  # type: ignore[arg-type]
    assert [track.identifier for track in tracks.tracks] == ["rna_plus", "rna_minus"]
    for column, name in enumerate(tracks.tracks.file_names()):
        per_base = np.repeat(tracks.values[:, column], BIN)
        expected = written(tmp_path / "out", name, Region("chr2", tracks.start, tracks.start + len(per_base)))
        np.testing.assert_array_equal(per_base, expected)


def test_bins_of_n_are_missing_unless_they_may_be(model: Model) -> None:
    sequence = "N" * 300 + "ACGT" * 100
    assert np.isnan(model.predict(sequence).values).all(axis=1).tolist() == [True, True, False, False, False, False]
    assert np.isfinite(model.predict(sequence, max_n=1.0).values).all()


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ("", "is empty"),
        ("PROTEIN", "letter(s) E, I, O, P"),
        ("AC GT", "white space"),
        ("ACGT>AC", "'>', which is no base"),
    ],
)
def test_what_is_no_sequence_is_refused(sequence: str, message: str, model: Model) -> None:
    with pytest.raises(InputError, match="`sequence`") as caught:
        model.predict(sequence)
    assert message in str(caught.value)
