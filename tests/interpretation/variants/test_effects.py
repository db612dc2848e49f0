"""Scores as a DataFrame, of a VCF and of a DataFrame."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.interpretation.variants.effects import variant_effects
from tests.interpretation.variants.motif_counter import MOTIF, counter_model

DNA = "ACGATCGGTA" * 150 + MOTIF + "GATCGGTAAC" * 150
SOURCE, MODEL = SequenceSource(DNA, "chr1"), counter_model()
TABLE = pd.DataFrame(
    {"chrom": ["chr1"] * 3, "pos": [1_503, 1_503, 1_600], "ref": ["A", "C", DNA[1_599]], "alt": ["G", "G", "*"]}
)


def write_vcf(path: Path, table: pd.DataFrame) -> Path:
    rows = [f"{row.chrom}\t{row.pos}\t.\t{row.ref}\t{row.alt}\n" for row in table.itertuples()]
    path.write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "".join(rows))
    return path


def test_a_frame_and_a_vcf_have_the_same_scores(tmp_path: Path) -> None:
    of_frame = variant_effects(SOURCE, TABLE, MODEL, device="cpu")
    of_vcf = variant_effects(SOURCE, write_vcf(tmp_path / "a.vcf", TABLE), MODEL, device="cpu")
    pd.testing.assert_frame_equal(of_frame.drop(columns="line"), of_vcf.drop(columns="line"))
    assert list(of_frame["line"]) == [1, 2, 3]
    assert list(of_vcf["line"]) == [2, 3, 4]
    assert list(of_frame["status"]) == ["edge_padded", "ref_mismatch", "alt_star"]
    assert list(of_frame["plus.SAX"].fillna(9)) == [-1, 9, 9]


def test_the_model_has_it_as_a_method() -> None:
    pd.testing.assert_frame_equal(
        MODEL.variant_effects(SOURCE, TABLE, tracks="plus", device="cpu"),
        variant_effects(SOURCE, TABLE, MODEL, tracks="plus", device="cpu"),
    )


def test_a_quantile_places_a_variant_among_the_background(tmp_path: Path) -> None:
    neutral = [(place, DNA[place - 1], "A" if DNA[place - 1] != "A" else "C") for place in range(1_520, 1_610, 10)]
    background = pd.DataFrame([("chr1", *row) for row in neutral], columns=["chrom", "pos", "ref", "alt"])
    vcf = write_vcf(tmp_path / "background.vcf", background)
    found = variant_effects(SOURCE, TABLE, MODEL, background=vcf, device="cpu")
    assert found["plus.quantile"].iloc[0] == pytest.approx(2 * 0.5 / (len(neutral) + 1) - 1)
    assert found["plus.quantile"].iloc[1:].isna().all()


def test_a_background_without_a_score_is_refused(tmp_path: Path) -> None:
    vcf = write_vcf(tmp_path / "background.vcf", TABLE.iloc[1:])
    with pytest.raises(InputError, match="none of its rows can be scored"):
        variant_effects(SOURCE, TABLE, MODEL, background=vcf, device="cpu")


def test_a_frame_without_its_columns_is_refused() -> None:
    with pytest.raises(InputError, match="without column\\(s\\) pos, alt"):
        variant_effects(SOURCE, TABLE[["chrom", "ref"]], MODEL)


def test_a_cell_stays_in_its_column_and_a_missing_one_is_malformed() -> None:
    """pos is a float here, as one is missing."""
    table = pd.DataFrame(
        {
            "chrom": ["chr1"] * 6,
            "pos": [1_503, 1_503, 1_503, np.nan, 1_503, 1_503.5],
            "id": ["x\tA", np.nan, "c", "d", "e\n", "f"],
            "ref": ["A", "A", np.nan, "A", "A", "A"],
            "alt": ["G", "G", "G", "G", None, "G"],
        }
    )
    found = variant_effects(SOURCE, table, MODEL, device="cpu")
    assert list(found["status"]) == ["malformed", "edge_padded", *["malformed"] * 4]
    assert list(found["id"]) == ["x\tA", ".", "c", "d", "e\n", "f"]
    assert list(found["ref"]) == ["A", "A", "", "A", "A", "A"]
    assert list(found["alt"]) == ["G", "G", "G", "G", "", "G"]


def test_no_rows_make_a_table_of_no_rows() -> None:
    found = variant_effects(SOURCE, TABLE.iloc[:0], MODEL, device="cpu")
    assert len(found) == 0
    assert found["plus.SUM"].dtype == np.float64
