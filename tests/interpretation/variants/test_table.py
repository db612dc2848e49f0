"""Tables of scores: their columns, and a head that says what is in them."""

from pathlib import Path

import numpy as np

from genint.genome.dna_source import SequenceSource
from genint.interpretation.variants.scorer import score_rows
from genint.interpretation.variants.settings import plan_variants
from genint.interpretation.variants.table import describe, score_columns, to_frame, to_gene_frame
from genint.interpretation.variants.vcf import parse_row
from tests.interpretation.variants.motif_counter import MOTIF, counter_model

DNA = "ACGATCGGTA" * 150 + MOTIF + "GATCGGTAAC" * 150


def test_a_row_for_every_alternative_and_one_for_each_of_its_genes(tmp_path: Path) -> None:
    bed = tmp_path / "genes.bed"
    bed.write_text("chr1\t1400\t1600\tnear\nchr1\t1700\t2700\tcut\nchr1\t2900\t2950\tfar\n")
    job = plan_variants(SequenceSource(DNA, "chr1"), counter_model(), {"device": "cpu", "genes": bed})
    row = parse_row(7, "chr1\t1503\tx\tA\tG,*")
    with job.engine() as engine:
        results = list(score_rows(job, engine, [row], "a.vcf"))
    frame, genes = to_frame(job, results, None), to_gene_frame(job, results)
    assert list(frame.columns) == [
        *("line", "chrom", "pos", "id", "ref", "alt", "status", "scored_as", "places"),
        *score_columns(job, with_quantiles=False),
    ]
    assert frame.iloc[0, :9].tolist() == [7, "chr1", 1503, "x", "A", "G", "edge_padded", "1503:A>G", 1]
    assert frame.iloc[1, :8].tolist() == [7, "chr1", 1503, "x", "A", "*", "alt_star", ""]
    assert frame.iloc[1, 8:].isna().all()
    assert genes["gene"].tolist() == ["near", "cut"]
    assert genes["share"].tolist() == [1, (2_048 - 1_700) / 1_000]  # the window is [0, 2,048)
    assert genes["plus.logSED"].tolist() == [-np.log2(64 + 1), 0]  # one motif less in the bin [1,472, 1,536)


def test_the_head_has_the_formula_of_every_column_of_scores() -> None:
    job = plan_variants(SequenceSource(DNA, "chr1"), counter_model(), {"device": "cpu", "rc": True})
    head = "\n".join(describe(job, background="natural.vcf"))
    for words in ("logSUM: ", "SAX: ", "D2: ", "quantile: ", "natural.vcf", "512 bp", "both strands", "counter"):
        assert words in head
    assert "logSED: " in "\n".join(describe(job, genes=True))
