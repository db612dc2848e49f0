"""The published Enformer against enformer-pytorch, layer by layer and as a whole, at random weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genint.models.base import count_parameters
from genint.models.enformer import distance_features
from genint.models.enformer_names import source_names
from genint.models.enformer_original import PublishedConfig, PublishedEnformer, TokenBatchNorm
from genint.models.enformer_source import DEFAULTS
from genint.models.enformer_weights import KIND, published_config
from genint.models.published import Source, rename_tensors
from genint.models.registry import build

enformer_pytorch = pytest.importorskip("enformer_pytorch.modeling_enformer")

BINS, CORE, TRACKS = 24, 16, {"human": 7, "mouse": 5}
NUMBERS: dict[str, Any] = {
    "dim": 48,
    "depth": 2,
    "heads": 4,
    "output_heads": TRACKS,
    "target_length": CORE,
    "attn_dim_key": 6,
    "dropout_rate": 0.4,
    "num_downsamples": 4,
    "dim_divisible_by": 4,
}
TOLERANCE = 1e-5


def randomised(theirs: nn.Module) -> nn.Module:
    """Nothing at zero or one that would hide a mistake, batch statistics included."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in theirs.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2.0, generator=generator)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn(tensor.shape, generator=generator), alpha=0.1)
    return theirs.eval()


def pair(**changes: Any) -> tuple[nn.Module, PublishedEnformer]:
    """enformer-pytorch's model and ours with the same weights, human head."""
    torch.manual_seed(0)
    numbers = NUMBERS | changes
    theirs = randomised(enformer_pytorch.Enformer.from_hparams(**numbers))
    once = {name: tensor for name, tensor in theirs.state_dict().items() if not name.startswith("_trunk")}
    source = Source(numbers, once, Path("pytorch_model.bin"))
    config = published_config(source, gamma="pytorch", input_bp=BINS * 16)
    ours = PublishedEnformer(config, TRACKS["human"])
    needed = ours.state_dict()
    names = source_names(needed, config, "human")
    ours.load_state_dict(rename_tensors(source, names, needed, model=KIND.name, other_heads=KIND.heads))
    return theirs, ours.eval()


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


def dna(batch: int = 2) -> Tensor:
    return torch.randint(0, 4, (batch, BINS * 16), generator=torch.Generator().manual_seed(1))


def outputs(layers: list[nn.Module], run: Any) -> list[Tensor]:
    """What each of `layers` gave while `run` ran."""
    found: list[Tensor] = []
    hooks = [layer.register_forward_hook(lambda _, __, output: found.append(output)) for layer in layers]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return found


def test_every_layer_gives_what_enformer_pytorchs_does() -> None:
    theirs, ours = pair()
    their_layers = [theirs.stem, *theirs.conv_tower, *theirs.transformer, theirs.final_pointwise]
    our_layers = [*ours.stages, *ours.layers, ours.wide]
    their_outputs = outputs(their_layers, lambda: theirs(dna(), head="human"))
    our_outputs = outputs(our_layers, lambda: ours(dna().byte()))
    names = [*(f"stage {i}" for i in range(4)), *(f"layer {i}" for i in range(2)), "wide"]
    for name, their_output, our_output in zip(names, their_outputs, our_outputs, strict=True):
        if name.startswith("stage"):
            their_output = their_output.transpose(1, 2)
        if name == "wide":
            our_output = our_output * torch.sigmoid(1.702 * our_output)  # enformer-pytorch counts the activation in
        assert their_output.shape == our_output.shape, name
        assert relative_error(our_output, their_output) < TOLERANCE, name


@pytest.mark.parametrize("changes", [{}, {"target_length": -1}, {"heads": 1, "depth": 1}, {"dim_divisible_by": 6}])
def test_the_model_gives_what_enformer_pytorch_does(changes: dict[str, Any]) -> None:
    theirs, ours = pair(**changes)
    with torch.no_grad():
        expected = theirs(dna(), head="human")
        assert relative_error(ours(dna().byte()), expected) < TOLERANCE
    assert float(expected.std(0).min()) > 0  # it depends on the DNA


def test_unknown_bases_read_as_in_enformer_pytorch() -> None:
    theirs, ours = pair()
    tokens = dna()
    tokens[:, 100:200] = 4
    with torch.no_grad():
        assert relative_error(ours(tokens.byte()), theirs(tokens, head="human")) < TOLERANCE


def test_the_distance_features_are_those_of_enformer_pytorch() -> None:
    for length, features in ((BINS, 12), (1536, 192)):
        theirs = enformer_pytorch.get_positional_embed(length, features, torch.device("cpu"), False)
        torch.testing.assert_close(distance_features(length, features, gamma="pytorch"), theirs)


def test_the_gamma_densities_are_tensorflows_to_two_thousandths() -> None:
    """enformer-pytorch has TensorFlow's for 1,536 bins; they are scaled over the distances, not over the densities."""
    ours = distance_features(1536, 192)[:, 64:96]
    assert float((ours - enformer_pytorch.TF_GAMMAS).abs().max()) < 2.5e-3
    assert relative_error(ours, enformer_pytorch.TF_GAMMAS) < 5e-4
    assert relative_error(distance_features(1536, 192, gamma="pytorch")[:, 64:96], enformer_pytorch.TF_GAMMAS) > 0.2


def test_training_uses_the_batch_as_enformer_pytorch_does() -> None:
    theirs, ours = TokenBatchNorm(6), nn.BatchNorm1d(6)
    x = torch.randn(3, 10, 6)
    torch.testing.assert_close(theirs(x), ours(x.transpose(1, 2)).transpose(1, 2))
    torch.testing.assert_close(theirs.running_var, ours.running_var)


def test_the_published_shape_is_the_default() -> None:
    config, source = PublishedConfig(), Source(DEFAULTS, {}, Path("pytorch_model.bin"))
    assert published_config(source, gamma="tensorflow", input_bp=196_608) == config
    assert (config.geometry.input_bp, config.geometry.core_bins) == (196_608, 896)
    with torch.device("meta"):
        ours, theirs = build("enformer-published", config, 5_313), enformer_pytorch.Enformer.from_hparams()
    mouse_head = 1_643 * (2 * 1536 + 1)
    assert count_parameters(ours) == sum(p.numel() for p in theirs.parameters()) - mouse_head


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": (768, 1536)}, "need bin_bp=4, not 128"),
        ({"heads": 0}, "heads=0 must be at least 1"),
        ({"heads": 7}, r"must be a multiple of 6 \* heads=7"),
        ({"gamma": "none"}, "gamma='none' is not one of tensorflow, pytorch"),
    ],
)
def test_numbers_that_do_not_fit_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PublishedConfig(**changes)
