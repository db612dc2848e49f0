"""Settings of scoring variants: what decides the scores is in the plan, and what does not fit is refused."""

from pathlib import Path

import pytest

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.interpretation.variants.settings import VariantJob, plan_variants
from tests.interpretation.variants.motif_counter import counter_model

SOURCE = SequenceSource("ACGT" * 1_000, "chr1")


def planned(**settings: object) -> VariantJob:
    return plan_variants(SOURCE, counter_model(), {"device": "cpu", **settings})  # type: ignore[typeddict-item]


def test_threads_do_not_change_the_plan_and_all_else_does(tmp_path: Path) -> None:
    (tmp_path / "genes.bed").write_text("chr1\t1\t20\ta\n")
    plain = planned().plan()
    assert planned(threads=2).plan() == planned(batch_size=3).plan() == plain
    for change in (
        {"rc": True},
        {"width": 100},
        {"tracks": "plus"},
        {"genes": tmp_path / "genes.bed"},
        {"dtype": "bfloat16"},
    ):
        assert planned(**change).plan() != plain, change


def test_numbers_are_float32_unless_chosen_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: True)
    assert planned().plan()["dtype"] == "float32"
    assert planned(dtype="auto").plan()["dtype"] == "bfloat16"


def test_chromosomes_go_by_their_other_names_too(tmp_path: Path) -> None:
    (tmp_path / "aliases.txt").write_text("chr1\tNC_1\n")
    assert planned().find_chrom("1", "a.vcf") == "chr1"
    assert planned().find_chrom("NC_1", "a.vcf") is None
    assert planned(aliases=tmp_path / "aliases.txt").find_chrom("NC_1", "a.vcf") == "chr1"


@pytest.mark.parametrize("width", [0, -4, 5_000])
def test_a_width_that_does_not_fit_is_refused(width: int) -> None:
    with pytest.raises(InputError, match="`width`"):
        planned(width=width)
