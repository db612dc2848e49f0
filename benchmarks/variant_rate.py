"""How fast `genint variants` is, beside two full passes for every variant.

    python benchmarks/variant_rate.py GENOME.fa VARIANTS.vcf.gz [--rows 200] [--model MODEL] [--threads 1] [--repeats 3]

Takes the first rows of the VCF and scores those that can be scored in two ways, in turn, with the same engine:

    genint variants      the reference once for all variants of a half tile, scores and table included
    two passes           the reference and the alternative of each variant, passes alone: what most tools do

Prints medians of ALTs per second, the ratio, forward passes, and how many ALTs have each status.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from genint.genome.fasta import Genome
from genint.interpretation.variants.alleles import Variant
from genint.interpretation.variants.run import variants_to_file
from genint.interpretation.variants.scorer import judge_row
from genint.interpretation.variants.settings import VariantJob, VariantSettings, plan_variants
from genint.interpretation.variants.vcf import COLUMNS, parse_row, read_body
from genint.interpretation.variants.windows import Pass, read_passes
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model


def cut(vcf: Path, rows: int, folder: Path) -> Path:
    """The first rows of a VCF, as a VCF."""
    lines = [line for _, line in islice(read_body(vcf), rows)]
    path = folder / "cut.vcf"
    path.write_text("\t".join((*COLUMNS, "QUAL", "FILTER", "INFO")) + "\n" + "".join(f"{line}\n" for line in lines))
    return path


def variants(job: VariantJob, vcf: Path) -> list[Variant]:
    """Those that can be scored."""
    rows = [parse_row(number, line) for number, line in read_body(vcf)]
    judged = [each for row in rows for each in judge_row(job, row, job.find_chrom(row.chrom, str(vcf)))]
    return [each.variant for each in judged if each.status.is_scored and each.variant]


def two_passes(job: VariantJob, scored: list[Variant]) -> Iterator[Pass]:
    """The reference and the alternative of every variant."""
    for variant in scored:
        window = (variant.chrom, job.grid.first_base(variant))
        for which in (None, variant):
            yield from read_passes(which, window, job.genome, job.model.geometry, rc=job.rc)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("vcf", type=Path)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    model: Model = load_model(options.model)
    settings: VariantSettings = {
        "threads": options.threads,
        "device": options.device,
        "batch_size": options.batch_size,
    }
    with tempfile.TemporaryDirectory() as name, Genome(options.genome) as genome:
        folder = Path(name)
        vcf, job = cut(options.vcf, options.rows, folder), plan_variants(genome, model, settings)
        scored, ours, theirs, statuses = variants(job, vcf), [], [], {}
        windows = len({(each.chrom, job.grid.first_base(each)) for each in scored})
        for _ in range(options.repeats):
            started = time.perf_counter()
            report = variants_to_file(genome, vcf, model, folder / "scores.tsv", overwrite=True, **settings)
            ours.append(time.perf_counter() - started)
            statuses = report.statuses
            with job.engine() as engine:
                started = time.perf_counter()
                for _ in engine.map(two_passes(job, scored)):
                    pass
                theirs.append(time.perf_counter() - started)
    print(f"{options.rows:,} rows, {len(scored):,} ALTs scored in {windows:,} windows; statuses: {statuses}")
    print(f"{'':20}{'ALTs/s':>10}{'passes':>10}")
    print(f"{'genint variants':20}{len(scored) / statistics.median(ours):10.1f}{len(scored) + windows:10,}")
    print(f"{'two passes':20}{len(scored) / statistics.median(theirs):10.1f}{2 * len(scored):10,}")
    ratio = statistics.median(two / one for one, two in zip(ours, theirs, strict=True))
    print(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
