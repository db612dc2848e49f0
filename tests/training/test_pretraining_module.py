"""What Lightning runs in pretraining: a loss at masked bases alone, and one line where it is not finite."""

from pathlib import Path

import pytest
import torch

from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.models.registry import build
from genint.training.masked_dna import HeldOutWindows, Place
from genint.training.pretrain import pretrain
from genint.training.pretraining_module import PretrainingModule
from tests.conftest import tiny_config
from tests.training.runs import tiny_presets  # noqa: F401  a fixture
from tests.training.test_masked_dna import Chromosomes
from tests.training.test_pretrain import numbers


def make_module() -> PretrainingModule:
    torch.manual_seed(0)
    genome = Chromosomes("genome", {"chr1": 9_000})
    held_out = HeldOutWindows([Place(genome, "chr1", 9_000)], 2_304, fraction=0.15, span=1)
    return PretrainingModule(
        build("interpreter", tiny_config(), 1), [Place(genome, "chr1", 9_000)], held_out, numbers()
    )


def test_bases_that_are_not_asked_for_do_not_count() -> None:
    module = make_module()
    seen, targets = (tensor[None] for tensor in module._held_out[0])
    logits, bases = module.logits(seen, targets)
    assert torch.equal(bases, targets[targets != UNKNOWN].long())
    fewer = targets.clone()
    fewer[:, 1_000:] = UNKNOWN
    assert torch.equal(module.logits(seen, fewer)[0], logits[: int((fewer != UNKNOWN).sum())])


def test_a_score_of_several_windows_is_over_all_their_bases() -> None:
    module = make_module()
    scores = [module.score([position]) for position in range(len(module._held_out))]
    whole = module.score(range(len(module._held_out)))
    assert whole.bases == sum(score.bases for score in scores)
    mean = sum(score.cross_entropy * score.bases for score in scores) / whole.bases
    assert whole.cross_entropy == pytest.approx(mean, rel=1e-5)
    assert 0 < whole.accuracy < 1
    assert module.score([]).bases == 0


def test_a_loss_that_is_not_finite_ends_the_run_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "genint.training.pretraining_module.F.cross_entropy", lambda logits, *_, **__: logits.sum() * torch.nan
    )
    with pytest.raises(InputError, match=r"step 0: the loss is nan\. Lower `learning_rate`"):
        pretrain([Chromosomes("genome", {"chr1": 9_000})], tmp_path / "trunk", numbers())
