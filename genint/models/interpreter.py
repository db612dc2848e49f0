"""The Genomic Interpreter: DNA in, one value per bin and track out.

After Li et al. 2023 (arXiv 2306.05143, equations 1-7): one-hot DNA, K 1D-Swin blocks that halve the tokens K times,
M Transformer layers over whole bins, a crop to the core, a linear head per track and softplus.
Letters in shapes: B batch, L tokens, C channels, N windows, W window, A heads, T tracks.
"""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from genint.models.base import ModelConfig, TrackModel
from genint.models.layers import FeedForward, StandardizedConv, convolve, token_conv
from genint.models.swin1d import Swin1dBlock, TransformerLayer
from genint.models.window_attention import WindowAttention


@dataclass(frozen=True, kw_only=True)
class InterpreterConfig(ModelConfig):
    """Every number that makes a Genomic Interpreter. The tuples have one entry per 1D-Swin block, first block first.

    `bin_bp` is 2 ** (number of blocks). Raises ValueError if the numbers do not fit together.
    """

    stem_width: int  # bases that the convolution before the first block spans; 1 is a linear layer on one-hot DNA
    channels: tuple[int, ...]  # of a token in each block, and then of a bin: one entry more than there are blocks
    windows: tuple[int, ...]  # tokens that attend to each other
    heads: tuple[int, ...]  # of attention
    head_widths: tuple[int, ...]  # channels of a head
    hidden: tuple[int, ...]  # channels inside the feed-forward
    feed_forward: str  # "plain", "depthwise" or "conv"
    conv_width: int  # tokens that a convolution in a block's feed-forward spans
    merge: str  # "linear" or "conv"
    positions: str  # "rotary" or "basis"
    wrap: str = "mask"  # "mask": the ends of a tile do not attend to each other. "paper": they do
    growth: float  # of the blocks' residual branches, which start at zero; 0: they start at random (`GrowingLinear`)

    final_layers: int  # Transformer layers over bins
    final_heads: int
    final_head_width: int
    final_hidden: int
    final_dilations: tuple[int, ...]  # of the feed-forward's width-3 convolution, in turn; empty: a plain feed-forward
    final_growth: float  # the same of the final layers
    dropout: float  # of the final layers' feed-forward
    drop_path: float = 0.0  # share of the tiles that a layer's attention is left out for in training (`DropPath`)

    def __post_init__(self) -> None:
        super().__post_init__()
        geometry, blocks = self.geometry, len(self.windows)
        for name in ("heads", "head_widths", "hidden"):
            values = getattr(self, name)
            if len(values) != blocks:
                raise ValueError(f"{name}={values} must have one entry per block, as windows={self.windows}")
        if len(self.channels) != blocks + 1:
            raise ValueError(f"channels={self.channels} must have one entry more than windows={self.windows}")
        if 2**blocks != self.bin_bp:
            raise ValueError(f"bin_bp={self.bin_bp} must be 2 ** {blocks} for {blocks} blocks (windows={self.windows})")
        if self.stem_width % 2 == 0:
            raise ValueError(f"stem_width={self.stem_width} must be odd")
        for block, window in enumerate(self.windows):
            tokens = geometry.input_bp >> block
            if window % 2 or tokens % window:
                raise ValueError(f"windows[{block}]={window} must be even and divide the {tokens} tokens of that block")


def small() -> InterpreterConfig:
    """The preset for small genomes and CPUs, chosen among short training runs on yeast (docs/model.md).

    Against the paper: a stem over 15 bases, attention that is narrow where tokens are many, convolutions before
    max-pooling merges, branches that start at zero, dilated convolutions between the bins, and attention that is left
    out for a quarter of the tiles in training.
    """
    return InterpreterConfig(
        stem_width=15,
        channels=(64, 80, 96, 128, 160, 208, 256, 320),
        windows=(16, 32, 32, 32, 64, 68, 68),
        heads=(1, 1, 1, 2, 2, 4, 4),
        head_widths=(8, 8, 16, 16, 16, 16, 16),
        hidden=(32, 40, 48, 64, 80, 104, 128),
        feed_forward="plain",
        conv_width=5,
        merge="conv",
        positions="rotary",
        growth=0.2,
        final_layers=6,
        final_heads=4,
        final_head_width=16,
        final_hidden=288,
        final_dilations=(1, 2, 4, 8, 16, 32),
        final_growth=1.0,
        dropout=0.2,
        drop_path=0.25,
    )


def paper() -> InterpreterConfig:
    """The model of Li et al. 2023: K = 7 plain blocks with linear merges whose width grows by a fixed factor.

    From the paper: 17,408 bp in and 128 bins of 128 bp out, K = 7, LayerNorm, d' = 2 ** alpha * d, circular windows.
    From the authors' code: 8 heads, feed-forward of twice the width with a depthwise convolution over 3 tokens,
    positions by basis functions, a window of 32. Ours: the widths (alpha = 0.5 from 128, rounded to multiples of 16),
    16 channels per head, GELU, M = 2, and a window of 34 in block 7, whose 272 tokens 32 does not divide.
    """
    return InterpreterConfig(
        stem_width=1,
        channels=(128, 176, 256, 368, 512, 720, 1024, 1456),
        windows=(32, 32, 32, 32, 32, 32, 34),
        heads=(8,) * 7,
        head_widths=(16,) * 7,
        hidden=(256, 352, 512, 736, 1024, 1440, 2048),
        feed_forward="depthwise",
        conv_width=3,
        merge="linear",
        positions="basis",
        wrap="paper",
        growth=0.0,
        final_layers=2,
        final_heads=8,
        final_head_width=64,
        final_hidden=2912,
        final_dilations=(),
        final_growth=0.0,
        dropout=0.0,
    )


class AttentionMap(NamedTuple):
    """The attention weights of one layer, as numbers that say where they belong."""

    stage: int  # 1..K for the 1D-Swin blocks, K + 1.. for the Transformer layers over bins
    shifted: bool  # token i of window n is token (n * W + i + W / 2 if shifted) mod L of the tile
    token_bp: int  # DNA per token
    weights: Tensor  # (B, N, A, W, W); [b, n, a, i, j] is how much token i listened to token j; rows sum to 1


class GenomicInterpreter(TrackModel):
    """The model of this project: 1D-Swin blocks from bases to bins, Transformer layers over the bins."""

    def __init__(self, config: InterpreterConfig, n_tracks: int) -> None:
        super().__init__(config.geometry, n_tracks)
        self.config = config
        self.stem: nn.Module
        if config.stem_width == 1:
            self.stem = token_conv(4, config.channels[0], 1)
        else:
            self.stem = StandardizedConv(4, config.channels[0], config.stem_width, gain=2.0)
        self.blocks = nn.ModuleList(_block(config, index) for index in range(len(config.windows)))
        self.final = nn.ModuleList(_final_layer(config, index) for index in range(config.final_layers))
        self.add_head(config.channels[-1])

    @property
    def receptive_bp(self) -> int:
        """The whole tile: every bin attends to every bin. Without final layers, what the blocks reach."""
        return self.geometry.input_bp if self.config.final_layers else _reach_bp(self.config)

    def forward(self, tokens: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """uint8 (B, input_bp) -> float32 (B, core_bins, T). See `attention_maps` for `maps`."""
        x = convolve(self.stem, self.read(tokens))  # (B, input_bp, C)
        for layer in (*self.blocks, *self.final):
            x = layer(x, maps, overwrite=True)  # (B, L, C), L halved by each block
        return self.answer(x)

    def attention_maps(self, tokens: Tensor) -> tuple[Tensor, list[AttentionMap]]:
        """The prediction, and the attention weights of every layer from the first block to the last layer over bins."""
        maps: list[Tensor] = []
        prediction = self(tokens, maps)
        blocks, named = len(self.blocks), []
        for number, weights in enumerate(maps):
            if number < 2 * blocks:
                stage, shifted = number // 2 + 1, number % 2 == 1
            else:
                stage, shifted = number - blocks + 1, False
            named.append(AttentionMap(stage, shifted, 2 ** min(stage - 1, blocks), weights))
        return prediction, named


def _block(config: InterpreterConfig, index: int) -> Swin1dBlock:
    return Swin1dBlock(
        config.channels[index],
        config.channels[index + 1],
        window=config.windows[index],
        heads=config.heads[index],
        head_width=config.head_widths[index],
        hidden=config.hidden[index],
        feed_forward=config.feed_forward,
        conv_width=config.conv_width,
        merge=config.merge,
        positions=config.positions,
        wrap=config.wrap,
        growth=config.growth,
        drop_path=config.drop_path,
    )


def _final_layer(config: InterpreterConfig, index: int) -> TransformerLayer:
    channels, dilations = config.channels[-1], config.final_dilations
    attention = WindowAttention(
        channels,
        window=config.geometry.input_bp // config.bin_bp,
        heads=config.final_heads,
        head_width=config.final_head_width,
        shifted=False,
        positions=config.positions,
        wrap=config.wrap,
        growth=config.final_growth,
    )
    forward = FeedForward(
        channels,
        config.final_hidden,
        kind="conv" if dilations else "plain",
        conv_width=3 if dilations else 1,
        dilation=dilations[index % len(dilations)] if dilations else 1,
        dropout=config.dropout,
        growth=config.final_growth,
    )
    return TransformerLayer(attention, forward, config.drop_path)


def _reach_bp(config: InterpreterConfig) -> int:
    """Bases that the blocks alone let the middle bin see: from the bin back to the bases, layer by layer."""
    middle = config.geometry.input_bp // config.bin_bp // 2
    first, last = middle, middle + 1  # tokens [first, last), clipped to the tile at every step
    conv = config.conv_width // 2 if config.feed_forward != "plain" else 0
    for block in reversed(range(len(config.windows))):
        window, tokens = config.windows[block], config.geometry.input_bp >> block
        merge = 2 if config.merge == "conv" else 0
        first, last = 2 * first - merge, 2 * last + merge
        for shift in (window // 2, 0):  # the shifted layer is the later one
            first, last = max(first - conv, 0), min(last + conv, tokens)
            first = max((first - shift) // window * window + shift, 0)
            last = min(-((shift - last) // window) * window + shift, tokens)
    stem = config.stem_width // 2
    return min(last + stem, config.geometry.input_bp) - max(first - stem, 0)
