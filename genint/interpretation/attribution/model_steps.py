"""The steps of the architectures whose early tokens see few bases."""

from functools import partial

from torch import Tensor, nn

from genint.interpretation.attribution.steps import Everywhere, Halve, Local, Step, Windows
from genint.models.base import TrackModel
from genint.models.cnn import Cnn, Stage, Tower
from genint.models.enformer import Enformer
from genint.models.enformer_original import PublishedEnformer, PublishedStage
from genint.models.interpreter import GenomicInterpreter
from genint.models.layers import convolve
from genint.models.swin1d import Swin1dBlock, TransformerLayer


def list_steps(module: TrackModel) -> list[Step] | None:
    """The trunk of a module as steps that together compute it; None for an architecture that is not known here."""
    if isinstance(module, GenomicInterpreter):
        return _interpreter(module)
    if isinstance(module, Cnn):
        return [*_tower(module.tower), *map(_residual, module.final)]
    if isinstance(module, Enformer):
        return [*_tower(module.tower), *map(Everywhere, module.layers)]
    if isinstance(module, PublishedEnformer):
        return [_convolution(module.stem), *map(_stage, module.stages), *map(Everywhere, module.layers)]
    return None


def _interpreter(module: GenomicInterpreter) -> list[Step]:
    steps: list[Step] = [_convolution(module.stem)]
    for block in module.blocks:
        assert isinstance(block, Swin1dBlock)
        steps += [*_layer(block.regular), *_layer(block.shifted)]
        steps.append(Halve(block.merge, _reach(block.merge)))
    for layer in module.final:
        assert isinstance(layer, TransformerLayer)
        steps += _layer(layer)
    return steps


def _layer(layer: TransformerLayer) -> list[Step]:
    attention: list[Step] = [Windows(layer.attention)] if layer.attention is not None else []
    if layer.feed_forward is None:
        return attention
    return [*attention, _residual(layer.feed_forward)]


def _residual(branch: nn.Module) -> Step:
    return Local(partial(_add, branch), _reach(branch))


def _add(branch: nn.Module, x: Tensor) -> Tensor:
    out: Tensor = x + branch(x)
    return out


def _convolution(conv: nn.Module) -> Step:
    return Local(partial(convolve, conv), _reach(conv))


def _tower(tower: Tower) -> list[Step]:
    return [_convolution(tower.stem), *map(_stage, tower.stages)]


def _stage(stage: nn.Module) -> Step:
    assert isinstance(stage, Stage | PublishedStage)
    return Halve(stage, _reach(stage))


def _reach(module: nn.Module) -> int:
    """Tokens to each side that the convolutions of a module see, one after another, at its own resolution."""
    return sum(
        conv.dilation[1] * (conv.kernel_size[1] // 2) for conv in module.modules() if isinstance(conv, nn.Conv2d)
    )
