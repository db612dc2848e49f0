"""Which assemblies browsers have themselves."""

from genint.models.folder import load_model
from genint.reporting.ucsc_assemblies import find_ucsc_name


def test_the_bundled_model_s_genome_is_known_by_its_lengths() -> None:
    sizes = load_model("genomic-interpreter-yeast").assembly.sizes
    assert find_ucsc_name(sizes) == "sacCer3"
    assert find_ucsc_name({chrom.removeprefix("chr"): length for chrom, length in sizes.items()}) is None
    assert find_ucsc_name({chrom: length + 1 for chrom, length in sizes.items()}) is None
