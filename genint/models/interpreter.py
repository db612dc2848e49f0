"""The Genomic Interpreter: DNA in, one value per bin and track out.

After Li et al. 2023 (arXiv 2306.05143, equations 1-7): one-hot DNA, K 1D-Swin blocks that halve the tokens K times,
M Transformer layers over complete bins, a crop to the core, a linear head per track and softplus.
Letters in shapes: B batch, L tokens, C channels, N windows, W window, A heads, T tracks.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, cast

from torch import Tensor, nn

from genint.models.base import Architecture, ModelConfig, TrackModel
from genint.models.layers import StandardizedConv, check_positive, convolve, token_conv
from genint.models.swin1d import BlockConfig, LayerConfig, Merge, Swin1dBlock, TransformerLayer


@dataclass(frozen=True, kw_only=True)
class InterpreterConfig(ModelConfig):
    """Hyperparameters of a Genomic Interpreter. Raises ValueError if they do not fit together."""

    stem_width: int  # bases that the convolution before the first block spans; 1 is a linear layer on one-hot DNA
    blocks: tuple[BlockConfig, ...]  # from bases to bins of 2 ** (number of blocks) bases
    bin_channels: int  # of a bin, after the last block
    final: tuple[LayerConfig, ...]  # Transformer layers over bins, each of which attends to all

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "stem_width", "bin_channels")
        if not self.blocks or 2 ** len(self.blocks) != self.bin_bp:
            raise ValueError(f"bin_bp={self.bin_bp} must be 2 ** {len(self.blocks)} for {len(self.blocks)} blocks")
        if self.stem_width % 2 == 0:
            raise ValueError(f"stem_width={self.stem_width} must be odd")
        for index, block in enumerate(self.blocks):
            tokens = self.geometry.input_bp >> index
            if block.heads and tokens % block.window:
                raise ValueError(f"blocks[{index}].window={block.window} must divide the {tokens} tokens of that block")
        widths = [block.channels for block in self.blocks[1:]] + [self.bin_channels]
        for index, (block, out) in enumerate(zip(self.blocks, widths, strict=True)):
            if block.merge == "max" and block.channels != out:
                raise ValueError(f"blocks[{index}].merge='max' makes tokens of {block.channels} channels, not {out}")


def small() -> InterpreterConfig:
    """The preset for small genomes and CPUs, chosen among short training runs on yeast (docs/model.md).

    Against the paper: convolutions find motifs (a stem over 15 bases, a convolution before every max-pooling merge but
    the first), and whatever lies further apart is left to attention: there is none on tokens of 1 to 4 bp, and from
    8 bp on its windows span 512 to 4,352 bp. Heads begin by looking at fixed distances, branches start at zero.
    """
    blocks = (  # channels, window, heads, merge
        (64, 16, 0, "max"),
        (64, 16, 0, "conv"),
        (96, 16, 0, "conv"),
        (128, 64, 4, "conv"),
        (144, 64, 4, "conv"),
        (176, 68, 6, "conv"),
        (224, 68, 8, "conv"),
    )
    return InterpreterConfig(
        stem_width=15,
        blocks=tuple(
            BlockConfig(
                channels=channels,
                window=window,
                heads=heads,
                head_width=16,
                positions="bias",
                hidden=channels if heads else 0,
                merge=cast(Merge, merge),
                residual_scale=1.0,
            )
            for channels, window, heads, merge in blocks
        ),
        bin_channels=320,
        final=6 * (LayerConfig(heads=8, head_width=24, positions="bias", hidden=320, dropout=0.2, residual_scale=1.0),),
    )


def paper() -> InterpreterConfig:
    """The model of Li et al. 2023: K = 7 plain blocks with linear merges whose width grows by a fixed factor.

    From the paper: 17,408 bp in and 128 bins of 128 bp out, K = 7, LayerNorm, d' = 2 ** alpha * d, circular windows.
    From the authors' code: 8 heads, feed-forward of twice the width with a depthwise convolution over 3 tokens,
    positions by basis functions, a window of 32. Ours: the widths (alpha = 0.5 from 128, rounded to multiples of 16),
    16 channels per head, GELU, M = 2, and a window of 34 in block 7, whose 272 tokens 32 does not divide.
    """
    blocks = ((128, 32), (176, 32), (256, 32), (368, 32), (512, 32), (720, 32), (1024, 34))  # channels, window
    return InterpreterConfig(
        stem_width=1,
        blocks=tuple(
            BlockConfig(
                channels=channels,
                window=window,
                heads=8,
                head_width=16,
                positions="basis",
                hidden=2 * channels,
                feed_forward="depthwise",
                conv_width=3,
                wrap="paper",
            )
            for channels, window in blocks
        ),
        bin_channels=1456,
        final=2 * (LayerConfig(heads=8, head_width=64, positions="basis", hidden=2912),),
    )


def plain() -> InterpreterConfig:
    """The paper's blocks at about the size of `small`, to see what `small` gains by differing (docs/table1.md).

    As `paper` in everything but the widths, fewer heads, and rotary positions, which take half the time on CPUs.
    """
    blocks = ((32, 32), (48, 32), (64, 32), (96, 32), (144, 32), (208, 32), (288, 34))  # channels, window
    return InterpreterConfig(
        stem_width=1,
        blocks=tuple(
            BlockConfig(
                channels=channels,
                window=window,
                heads=2,
                head_width=16,
                hidden=2 * channels,
                feed_forward="depthwise",
                conv_width=3,
                wrap="paper",
            )
            for channels, window in blocks
        ),
        bin_channels=384,
        final=2 * (LayerConfig(heads=4, head_width=32, hidden=768),),
    )


def without_attention(config: InterpreterConfig) -> InterpreterConfig:
    """The same hyperparameters, but no layer has attention: what is left of each is its feed-forward."""
    blocks = tuple(replace(block, heads=0) for block in config.blocks)
    return replace(config, blocks=blocks, final=tuple(replace(layer, heads=0) for layer in config.final))


class AttentionMap(NamedTuple):
    """The attention weights of one layer, with the layer and the tokens that they belong to."""

    stage: int  # 1..K for the 1D-Swin blocks, K + 1.. for the Transformer layers over bins
    shifted: bool  # token i of window n is token (n * W + i + W / 2 if shifted) mod L of the input
    token_bp: int  # DNA per token
    weights: Tensor  # (B, N, A, W, W); [b, n, a, i, j] is how much token i attended to token j; rows sum to 1


class GenomicInterpreter(TrackModel):
    """The model of this project: 1D-Swin blocks from bases to bins, Transformer layers over the bins."""

    config: InterpreterConfig

    def __init__(self, config: InterpreterConfig, n_tracks: int) -> None:
        super().__init__(config, n_tracks)
        widths = [*(block.channels for block in config.blocks), config.bin_channels]
        bins = config.geometry.input_bp // config.bin_bp
        self.stem: nn.Module
        if config.stem_width == 1:
            self.stem = token_conv(4, widths[0], 1)
        else:
            self.stem = StandardizedConv(4, widths[0], config.stem_width, gain=2.0)
        self.blocks = nn.ModuleList(
            Swin1dBlock(block, out, overwrite=True) for block, out in zip(config.blocks, widths[1:], strict=True)
        )
        self.final = nn.ModuleList(
            TransformerLayer(layer, config.bin_channels, bins, overwrite=True) for layer in config.final
        )
        self.make_head(config.bin_channels)

    @property
    def receptive_field_bp(self) -> int:
        """The input where every bin attends to every bin; without such final layers, what all layers reach."""
        attends = any(layer.heads for layer in self.config.final)
        return self.geometry.input_bp if attends else _layers_reach_bp(self.config)

    def trunk(self, one_hot: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """(B, input_bp, 4) -> (B, input_bp / bin_bp, C). See `attention_maps` for `maps`."""
        x = convolve(self.stem, one_hot)  # (B, input_bp, C)
        for layer in (*self.blocks, *self.final):
            x = layer(x, maps)  # (B, L, C), L halved by each block
        return x

    def levels(self, one_hot: Tensor) -> list[Tensor]:
        """The tokens of each block before they merge, at 1, 2, 4, ... bp, then the bins."""
        x, levels = convolve(self.stem, one_hot), []
        for block in self.blocks:
            assert isinstance(block, Swin1dBlock)
            levels.append(block.shifted(block.regular(x)))
            x = block.merge(levels[-1])
        for layer in self.final:
            x = layer(x)
        return [*levels, x]

    def attention_maps(self, dna: Tensor) -> tuple[Tensor, list[AttentionMap]]:
        """The prediction, and the attention weights of every layer that has any, from the first block on."""
        weights: list[Tensor] = []
        prediction = self.output_head(self.crop(self.trunk(self.one_hot(dna), weights)))
        maps = iter(weights)
        return prediction, [
            AttentionMap(step.stage, step.part.attention.shift > 0, step.token_bp, next(maps))
            for step in self.steps()
            if isinstance(step.part, TransformerLayer) and step.part.attention is not None
        ]

    def steps(self) -> list["Step"]:
        """What tokens pass after the stem, in order: Transformer layers, and at the end of each block its merge."""
        found: list[Step] = []
        for stage, part in enumerate((*self.blocks, *self.final), start=1):
            parts = (part.regular, part.shifted, part.merge) if isinstance(part, Swin1dBlock) else (part,)
            found += [Step(stage, 2 ** min(stage - 1, len(self.blocks)), each) for each in parts]
        return found


class Step(NamedTuple):
    """A Transformer layer or a merge: (B, L, C) -> (B, L or L / 2, O)."""

    stage: int  # as in AttentionMap
    token_bp: int  # DNA per token that comes in
    part: nn.Module


def _layers_reach_bp(config: InterpreterConfig) -> int:
    """Bases that the middle bin sees without attention over bins: from the bin back to the bases, layer by layer."""
    bins = config.geometry.input_bp // config.bin_bp
    first, last = bins // 2, bins // 2 + 1  # tokens [first, last), clipped to the input at every step
    for layer in reversed(config.final):
        first, last = max(first - _conv_reach(layer), 0), min(last + _conv_reach(layer), bins)
    for index, block in reversed(list(enumerate(config.blocks))):
        window, tokens = block.window, config.geometry.input_bp >> index
        merge = 2 if block.merge == "conv" else 0
        first, last = 2 * first - merge, 2 * last + merge
        for shift in (window // 2, 0):  # the shifted layer is the later one
            first, last = max(first - _conv_reach(block), 0), min(last + _conv_reach(block), tokens)
            if block.heads:
                first = max((first - shift) // window * window + shift, 0)
                last = min(-((shift - last) // window) * window + shift, tokens)
    stem = config.stem_width // 2
    return min(last + stem, config.geometry.input_bp) - max(first - stem, 0)


def _conv_reach(layer: LayerConfig) -> int:
    """Tokens to each side that the convolution of a layer's feed-forward sees."""
    return layer.dilation * (layer.conv_width // 2) if layer.hidden and layer.feed_forward != "plain" else 0


ARCHITECTURE = Architecture(
    InterpreterConfig,
    GenomicInterpreter,
    {"small": small, "plain": plain, "paper": paper},
    without_attention=without_attention,
)
