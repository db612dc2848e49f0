"""Scores of a model whose answers are known: the right change, of the right size, at the right place."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.genome.fasta import Genome
from genint.interpretation.variants.alleles import Status, Variant, normalize
from genint.interpretation.variants.genes import Gene, Genes
from genint.interpretation.variants.scorer import Scored, score_rows
from genint.interpretation.variants.settings import VariantJob, plan_variants
from genint.interpretation.variants.vcf import parse_row, read_vcf
from tests.interpretation.variants.motif_counter import MOTIF, OTHER_STRAND, MotifCounter, counter_model

RNG = np.random.default_rng(4)
BASES = [*RNG.choice([*"ACGT"], 6_000)]
for place in range(150, 5_900, 97):  # many motifs, on both strands, so that most variants move some
    BASES[place : place + 7] = [*(MOTIF if place % 2 else OTHER_STRAND)]
DNA = "".join(BASES)
SOURCE = SequenceSource(DNA, "chr1")
MODEL = counter_model()


def job(**given_settings: object) -> VariantJob:
    return plan_variants(SOURCE, MODEL, {"device": "cpu", "threads": 1, **given_settings})  # type: ignore[typeddict-item]


JOB = job(width=300)


def scored(lines: list[str], planned: VariantJob = JOB) -> list[Scored]:
    rows = [parse_row(number, line.replace(" ", "\t")) for number, line in enumerate(lines, start=1)]
    with planned.engine() as engine:
        return list(score_rows(planned, engine, rows, "a.vcf"))


def counted(dna: str, word: str, start: int, end: int) -> float:
    """Coverage of the counter, summed over [start, end) base by base: in each bin, the words whose middle it holds."""
    middles = [k + 3 for k in range(len(dna)) if dna.startswith(word, k)]
    per_bin = np.bincount([middle // 64 for middle in middles], minlength=len(dna) // 64 + 2)
    return float(sum(per_bin[base // 64] for base in range(max(start, 0), min(end, len(dna)))))


@settings(max_examples=60)
@given(st.integers(0, 5_990), st.integers(0, 8), st.text("ACGT", max_size=8) | st.sampled_from([MOTIF, OTHER_STRAND]))
def test_sums_are_those_of_motifs_counted_in_the_changed_chromosome(start: int, length: int, alt: str) -> None:
    ref = DNA[start : start + length]
    assume(ref != alt)
    variant = normalize(Variant("chr1", start, ref, alt), SOURCE)
    anchor = DNA[start - 1] if start else ""
    assume(anchor or (ref and alt))
    (found,) = scored([f"chr1 {start + (not anchor)} . {anchor}{ref} {anchor}{alt}"])
    changed = DNA[:start] + alt + DNA[start + length :]
    sums = []
    alleles = ((DNA, variant.ref), (changed, variant.alt))
    middles = [variant.start + len(allele) // 2 for _, allele in alleles]
    cut_before = max(150 - min(middles), 0)
    cut_behind = max(max(middle + 150 - len(dna) for (dna, _), middle in zip(alleles, middles, strict=True)), 0)
    for (dna, _), middle in zip(alleles, middles, strict=True):
        first, end = max(middle - 150, 0), min(middle + 150, len(dna))
        first, end = (first, first + 300 - cut_before) if cut_before else (end - 300 + cut_behind, end)
        sums.append([counted(dna, word, first, end) for word in (MOTIF, OTHER_STRAND)])
    assert found.scores is not None
    assert found.scores[:, 1] == pytest.approx(np.subtract(sums[1], sums[0]))


def test_a_broken_motif_is_lost_on_its_strand_at_its_place() -> None:
    place = DNA.index(MOTIF, 3_000)
    (found,) = scored([f"chr1 {place + 2} . {DNA[place + 1]} G"])
    assert found.judged.status == Status.OK
    assert found.scores is not None
    assert found.scores[0] == pytest.approx([-1, -64, -1, 1, 1])
    assert found.scores[1] == pytest.approx([0, 0, 0, 0, 0])


@pytest.mark.parametrize("far", [200, 148, 152])
def test_a_motif_outside_the_stretch_does_not_count(far: int) -> None:
    """A deletion of the base in a motif's middle, of a grid whose stretch is so narrow that it sees one bin or two."""
    place = DNA.index(MOTIF, 3_000)
    narrow = job(width=1)
    (found,) = scored(
        [f"chr1 {place + 4 + far} . {DNA[place + 3 + far]} {'A' if DNA[place + 3 + far] != 'A' else 'C'}"], narrow
    )
    assert found.scores is not None
    before = counted(DNA, MOTIF, place + 3 + far, place + 4 + far)
    changed = DNA[: place + 3 + far] + ("A" if DNA[place + 3 + far] != "A" else "C") + DNA[place + 4 + far :]
    assert found.scores[0, 1] == pytest.approx(counted(changed, MOTIF, place + 3 + far, place + 4 + far) - before)


def test_both_strands_see_a_motif_on_its_own_track() -> None:
    lines = [f"chr1 {place} . {DNA[place - 1]} {alt}" for place in range(300, 5_000, 61) for alt in "AC"]
    forward, both = scored(lines), scored(lines, job(width=300, rc=True))
    assert any(each.scores is not None and each.scores.any() for each in forward)
    for one, other in zip(forward, both, strict=True):
        assert (one.scores is None) == (other.scores is None)
        if one.scores is not None:
            assert other.scores == pytest.approx(one.scores)


def test_a_score_does_not_depend_on_the_other_variants_nor_on_their_order() -> None:
    lines = [f"chr1 {place} . {DNA[place - 1]} {DNA[place - 1]}TTACCCG" for place in range(100, 5_900, 331)]
    together, backwards = scored(lines), scored(lines[::-1])[::-1]
    for line, one, other in zip(lines, together, backwards, strict=True):
        (alone,) = scored([line])
        assert alone.scores is not None
        assert one.scores is not None
        assert other.scores is not None
        assert (alone.scores[:, :2] == one.scores[:, :2]).all()
        assert (alone.scores[:, :2] == other.scores[:, :2]).all()


def test_neighbours_share_the_pass_of_the_reference() -> None:
    lines = [
        f"chr1 {place} . {DNA[place - 1]} {'A' if DNA[place - 1] != 'A' else 'C'}" for place in range(2_000, 2_400, 40)
    ]
    planned, windows = job(), []
    with planned.engine() as engine:
        real = engine.map
        engine.map = lambda given: real((windows.append(each), each)[1] for each in given)  # type: ignore[method-assign]
        rows = [parse_row(1, line.replace(" ", "\t")) for line in lines]
        list(score_rows(planned, engine, rows, "a.vcf"))
    assert len(windows) == len(lines) + 1


def test_rows_without_a_score_keep_their_place_among_the_others() -> None:
    base = DNA[99]
    found = scored([f"chr1 100 . {base} <DEL>,{base}G", "chr7 1 . A C", "chr1 x . A C", f"chr1 100 . {base} *"])
    assert [each.judged.status for each in found] == [
        "alt_symbolic",
        "edge_padded",
        "unknown_chrom",
        "malformed",
        "alt_star",
    ]
    assert [each.scores is None for each in found] == [True, False, True, True, True]


def test_every_status_of_the_file_of_all_of_them_is_the_one_its_id_says(example: Path) -> None:
    rows = list(read_vcf(Path(__file__).parent / "every_status.vcf"))
    with Genome(example / "genome.fa") as genome:
        planned = plan_variants(genome, MODEL, {"device": "cpu", "threads": 1})
        with planned.engine() as engine:
            found = list(score_rows(planned, engine, rows, "a.vcf"))
    for row in rows:
        given_statuses = [str(each.judged.status) for each in found if each.judged.row is row]
        assert given_statuses == (row.cells[2].split(",") if row.cells[2] else ["malformed"]), row
    assert {each.judged.status for each in found} == set(Status)
    assert all((each.scores is not None) == each.judged.status.is_scored for each in found)


class _Flat(MotifCounter):
    def trunk(self, one_hot: Tensor) -> Tensor:
        return torch.ones_like(super().trunk(one_hot))


FLAT = dataclasses.replace(MODEL, module=_Flat().eval())


@settings(max_examples=60)
@given(st.integers(1, 5_999), st.integers(-300, 300), st.integers(0, 5_900), st.integers(1, 2_500))
def test_where_coverage_is_the_same_everywhere_an_indel_changes_the_length_of_genes_alone(
    start: int, change: int, gene_start: int, gene_bp: int
) -> None:
    """Wherever the indel lies, at the chromosome's ends, too, and wherever the gene does, across the window's, too."""
    lost, gained = DNA[start : start + max(-change, 0)], DNA[700 : 700 + change] if change > 0 else ""
    assume(lost or gained)
    gene = Gene(gene_start, min(gene_start + gene_bp, 6_000), "a")
    planned = dataclasses.replace(JOB, model=FLAT, genes=Genes({"chr1": [gene]}))
    (found,) = scored([f"chr1 {start} . {DNA[start - 1]}{lost} {DNA[start - 1]}{gained}"], planned)
    assert found.scores is not None
    assert found.scores[:, :2] == pytest.approx(0, abs=1e-9)
    variant = normalize(Variant("chr1", start, lost, gained), SOURCE)
    first = JOB.grid.first_base(variant)
    shown = range(max(gene.start, first), min(gene.end, first + 2_048 - len(gained)))
    assert [each.share for each in found.genes] == [len(shown) / (gene.end - gene.start)] * bool(shown)
    inside = len(gained) * (variant.start in shown) - sum(base in shown for base in range(variant.start, variant.end))
    for each in found.genes:
        assert each.scores == pytest.approx(np.log2(len(shown) + inside + 1) - np.log2(len(shown) + 1))


def test_a_gene_that_the_window_of_one_allele_alone_holds_is_left_out() -> None:
    genes = Genes({"chr1": [Gene(2_000, 2_048, "cut"), Gene(2_040, 2_048, "edge")]})
    place = 500
    line = f"chr1 {place} . {DNA[place - 1]} {DNA[place - 1]}{'GATTACA' * 2}"
    (found,) = scored([line], dataclasses.replace(JOB, genes=genes))
    assert [(each.name, each.share) for each in found.genes] == [("cut", 34 / 48)]


class _Broken(MotifCounter):
    def trunk(self, one_hot: Tensor) -> Tensor:
        return super().trunk(one_hot) * torch.nan


def test_a_model_that_predicts_nan_is_an_error_and_no_score() -> None:
    broken = dataclasses.replace(JOB, model=dataclasses.replace(MODEL, module=_Broken().eval()))
    with pytest.raises(InputError, match="NaN"):
        scored([f"chr1 100 . {DNA[99]} {DNA[99]}A"], broken)
