"""What the benchmarks of explanations count as a site, a control and an effect."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.interpretation.attribution.target import Target
from genint.models.folder import load_model
from tests.conftest import EXAMPLE

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def motifs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return import_module("motifs")


@pytest.fixture
def promoters(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return import_module("promoters")


def test_a_consensus_is_found_on_both_strands_with_its_fixed_letters(motifs: ModuleType) -> None:
    assert motifs.match("RTNC", "CATGC" + "GTAT") == [(1, (0, 1, 3)), (5, (0, 2, 3))]
    assert motifs.match("TATA", "TATATA") == [(0, (0, 1, 2, 3)), (2, (0, 1, 2, 3))]


def test_a_promoter_lies_mostly_before_its_start(promoters: ModuleType) -> None:
    assert promoters.Start("chr1", 1_000, 1).promoter == slice(500, 1_050)
    assert promoters.Start("chr1", 1_000, -1).promoter == slice(950, 1_500)


def test_controls_touch_no_site_and_each_is_used_once(motifs: ModuleType, promoters: ModuleType) -> None:
    starts = [promoters.Start("chr1", place, 1) for place in range(2_000, 40_000, 1_500)]
    with Genome(EXAMPLE / "genome.fa") as genome:
        sites = motifs.find_sites("TGACG", genome, starts)
        controls = motifs.find_controls("TGACG", sites, genome, starts)
    inside = {base for start in starts for base in range(start.promoter.start, start.promoter.stop)}
    assert sites
    assert all(set(range(site.region.start, site.region.end)) <= inside for site in sites)
    taken = {base for site in sites for base in range(site.region.start, site.region.end)}
    assert not [other for other in controls if taken & set(range(other.region.start, other.region.end))]
    assert len(set(motifs.pair(sites, controls))) == len(sites)


def test_mutants_have_the_scores_of_whole_recomputation(promoters: ModuleType, tiny_model: Path) -> None:
    model, groups = load_model(tiny_model), ((0,), (1, 2))
    with Genome(EXAMPLE / "genome.fa") as genome:
        (window,) = promoters.read_windows(genome, model, [Region("chr1", 9_000, 9_020)])
    assert window.site.stop - window.site.start == 20
    found = promoters.mutate(model, window, groups, np.array([2, 19]))  # (2, 3, 2)
    columns, bases = promoters.other_bases(window.tokens, window.site.start + np.array([2, 19]))
    targets = [Target(window.bins, group) for group in groups]
    with torch.inference_mode():
        base = [float(target.score(model.module, window.tokens)) for target in targets]
        for row, (column, letter) in enumerate(zip(columns, bases, strict=True)):
            mutant = window.tokens.clone()
            assert mutant[0, column] != letter
            mutant[0, column] = int(letter)
            expected = [float(target.score(model.module, mutant)) for target in targets]
            assert found[row // 3, row % 3] == pytest.approx(np.subtract(expected, base), abs=1e-6)
    written = window.tokens[0, window.site].numpy().copy()
    written[2] = bases[0]
    assert promoters.replace_sites(model, window, groups, written[None])[0] == pytest.approx(found[0, 0], abs=1e-6)


def test_the_signal_is_that_of_the_bins_around_a_site(promoters: ModuleType, tiny_model: Path) -> None:
    model = load_model(tiny_model)
    with Genome(EXAMPLE / "genome.fa") as genome:
        (window,) = promoters.read_windows(genome, model, [Region("chr1", 9_000, 9_020)])
    middle = (window.site.start + window.site.stop) / 2 - model.geometry.context_bp
    first, last = (edge * model.geometry.bin_bp for edge in (window.bins.start, window.bins.stop))
    assert 512 <= middle - first < 512 + model.geometry.bin_bp
    assert 512 <= last - middle < 512 + model.geometry.bin_bp


def test_the_area_is_one_half_where_nothing_differs(promoters: ModuleType) -> None:
    same = np.ones(9)
    assert promoters.auroc(same, same) == 0.5
    assert promoters.auroc(np.array([2.0, 3.0]), np.array([1.0, 2.0])) == 0.875
    assert promoters.interval(same + 1, same) == (1, 1)
