"""What is evaluated: a model or a baseline, behind one interface."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch

from genint.arrays import F32, U8
from genint.datasets.loader import SplitTiles
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.models.base import TrackModel
from genint.models.folder import Model
from genint.prediction.inference import Engine
from genint.prediction.task import PredictTracks


class EvaluatedTile(NamedTuple):
    """A tile of a split: where, its DNA (input_bp,) and what was measured there (core_bins, T)."""

    region: Region
    tokens: U8
    targets: F32
    reverse: bool = False


class Predictor(Protocol):
    """A name, the geometry of its tiles, and predictions for them."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def geometry(self) -> Geometry:
        """Of the tiles that it predicts."""

    def predict_tiles(self, tiles: Iterable[EvaluatedTile]) -> Iterator[tuple[EvaluatedTile, F32]]:
        """Each tile, in order, with its prediction (core_bins, T) on the model's scale."""


class ModelPredictor:
    """A model in the inference engine; `devices` and `threads` are the engine's.

    `variants`: modules that take the same DNA and give the same tracks, to predict each tile with, too.
    """

    def __init__(
        self,
        model: Model,
        *,
        variants: Sequence[TrackModel] = (),
        devices: Sequence[torch.device],
        threads: int = 0,
        dtype: torch.dtype = torch.float32,
        batch_size: int = 8,
    ) -> None:
        self.name, self.geometry = model.name, model.geometry
        self._devices, self._threads = devices, threads
        self._task = PredictTracks(
            modules=[model.module, *variants],
            columns=np.arange(len(model.tracks)),
            partners=model.tracks.partners,
            dtype=dtype,
            batch_size=batch_size,
        )

    def predict_tiles(self, tiles: Iterable[EvaluatedTile]) -> Iterator[tuple[EvaluatedTile, F32]]:
        """See Predictor."""
        for tile, (values, *_) in self.predict_variants(tiles):
            yield tile, values

    def predict_variants(self, tiles: Iterable[EvaluatedTile]) -> Iterator[tuple[EvaluatedTile, F32]]:
        """Each tile, in order, with the predictions of the model and of its variants, (1 + variants, core_bins, T)."""
        with Engine(self._task, self._devices, self._threads) as engine:
            for tile, output in engine.map(tiles):
                yield tile, output.swapaxes(1, 2)


def read_tiles(tiles: SplitTiles) -> Iterator[EvaluatedTile]:
    """The tiles of a split, in order."""
    for position in range(len(tiles)):
        yield EvaluatedTile(tiles.region(position), *tiles.read(position))
