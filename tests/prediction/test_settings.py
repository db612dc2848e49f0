"""What callers say becomes rows in the genome's names, options, and a job."""

from pathlib import Path

import pytest
import torch

from genint.console import Console
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.dna_source import SequenceSource
from genint.genome.fasta import Genome
from genint.genome.region import EmptyRegion, Region
from genint.models.folder import load_model
from genint.prediction.settings import find_region, find_rows, open_genome, plan_job
from genint.prediction.windows import Augmentation
from tests.conftest import EXAMPLE

GENOME = EXAMPLE / "genome.fa"


def test_no_regions_are_all_chromosomes() -> None:
    with Genome(GENOME) as genome:
        rows = find_rows(None, genome)
    assert [(row.region.chrom, row.region.start, row.region.end) for row in rows] == [
        ("chr1", 0, 204_800),
        ("chr2", 0, 60_003),
        ("chr3", 0, 35_073),
    ]


def test_rows_of_a_bed_take_the_genome_s_names(tmp_path: Path) -> None:
    bed = tmp_path / "a.bed"
    bed.write_text("3\t0\t5\ta\nchr3\t7\t7\nchr1\t1\t2\n")
    with Genome(GENOME) as genome:
        rows = find_rows(bed, genome)
    assert rows == [
        BedRow("line 1", Region("chr3", 0, 5), "a"),
        BedRow("line 2", EmptyRegion("chr3", 7), "."),
        BedRow("line 3", Region("chr1", 1, 2), "."),
    ]


def test_a_region_takes_the_genome_s_names_and_is_named_after_who_asked() -> None:
    with Genome(GENOME) as genome:
        assert find_region("3:1,001-2,000", genome, "target") == Region("chr3", 1_000, 2_000)
        assert find_region(Region("chr9", 0, 5), genome, "target") == Region("chr9", 0, 5)
        with pytest.raises(InputError, match="`target` chr1:9-8: chr1 is 204,800 bp long"):
            find_region("chr1:9-8", genome, "target")


def test_regions_text_and_rows_may_be_mixed() -> None:
    row = BedRow("my table", Region("2", 5, 9), "b")
    with Genome(GENOME) as genome:
        found = find_rows(iter([Region("chr1", 1, 2), "2:6-9", "chr3", row]), genome)
    assert [each.region for each in found] == [
        Region("chr1", 1, 2),
        Region("chr2", 5, 9),
        Region("chr3", 0, 35_073),
        Region("chr2", 5, 9),
    ]
    assert [each.source for each in found] == ["region 1", "2:6-9", "chr3", "my table"]


def test_a_file_is_closed_and_an_open_source_left_open() -> None:
    with open_genome(str(GENOME)) as opened:
        assert opened.sizes["chr3"] == 35_073
    source = SequenceSource("ACGT")
    with open_genome(source) as same:
        assert same is source


def test_settings_become_options_and_defaults_are_those_of_the_command(tiny_model: Path) -> None:
    source = SequenceSource("ACGT" * 100)
    rows = find_rows(None, source)
    plain = plan_job(source, rows, tiny_model, {"device": "cpu"}).options
    assert (plain.scale, plain.max_n, plain.batch_size, plain.threads) == ("coverage", 0.5, 8, 0)
    assert (plain.dtype, plain.augmentation, plain.format) == (torch.float32, Augmentation(), "bigwig")
    job = plan_job(
        source,
        rows,
        [tiny_model, load_model(tiny_model)],
        {"tracks": ["atac", "^rna"], "rc": True, "shifts": [0, 3], "overlap": 0.5, "dtype": "bfloat16", "threads": 2}
        | {"format": "zarr"},
    )
    assert [track.identifier for track in job.tracks] == ["atac", "rna_plus", "rna_minus"]
    assert job.options.augmentation == Augmentation(rc=True, shifts=(0, 3), overlap=0.5)
    assert (job.options.dtype, job.options.threads, job.options.format) == (torch.bfloat16, 2, "zarr")
    assert len(job.models) == 2


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"tracks": "nothing"}, InputError, "`tracks` nothing"),
        ({"tracks": []}, InputError, "`tracks`"),
        ({"device": "tpu"}, InputError, "`device` tpu"),
        ({"dtype": "float8"}, InputError, "`dtype` float8"),
        ({"scale": "log"}, ValueError, "scale='log'"),
        ({"overlap": 1.5}, ValueError, "overlap=1.5"),
        ({"shifts": [128]}, InputError, "`shifts` 128"),
    ],
)
def test_settings_that_cannot_be_are_named(
    settings: dict[str, object], error: type[Exception], message: str, tiny_model: Path
) -> None:
    source = SequenceSource("ACGT" * 100)
    with pytest.raises(error) as caught:
        plan_job(source, find_rows(None, source), tiny_model, settings)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_a_model_of_another_genome_is_noted(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.fa"
    other.write_text(">chr1\n" + "ACGT" * 100 + "\n")
    for path, noted in ((GENOME, False), (other, True)):
        with Genome(path) as genome:
            plan_job(genome, find_rows(["chr1:1-100"], genome), tiny_model, {}, console=Console())
        assert ("extrapolation" in capsys.readouterr().err) == noted
