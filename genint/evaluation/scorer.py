"""The scores of one model on a split, streamed tile by tile."""

from collections.abc import Sequence

import numpy as np

from genint.arrays import F64
from genint.datasets.dataset import TrackDataset
from genint.evaluation.metrics import BlockPearson, Pearson, TrackPearson, WindowPearson
from genint.evaluation.predictors import EvaluatedTile
from genint.evaluation.results import ModelScores, Score

BLOCK_BP = 100_000  # drawn together in the bootstrap: neighbouring bins are not independent


class Scorer:
    """Sums over predicted tiles of a data set, whose memory does not grow but for the blocks of a chromosome."""

    def __init__(self, model: str, dataset: TrackDataset) -> None:
        n_tracks = len(dataset.tracks)
        self._model, self._dataset = model, dataset
        self._transform = dataset.tracks.transform(dataset.bin_bp)
        self._pooled, self._logged, self._windows = Pearson(n_tracks), Pearson(n_tracks), WindowPearson(n_tracks)
        self._across, self._blocks = TrackPearson(), BlockPearson(n_tracks)

    def update(self, tiles: Sequence[EvaluatedTile], predicted: F64, measured: F64) -> None:
        """Add B tiles, with what was predicted and measured there, (B, core_bins, T) on the model's scale."""
        bin_bp = self._dataset.bin_bp
        self._pooled.update(predicted, measured)
        sums = (self._transform.invert(values) * bin_bp for values in (predicted, measured))
        self._logged.update(*(np.log1p(np.abs(values)) for values in sums))  # of negative strands, too
        self._windows.update(predicted, measured)
        self._across.update(predicted, measured)
        for offset, tile in enumerate(tiles):
            starts = tile.region.start + bin_bp * np.arange(len(tile.targets))
            for block in np.unique(starts // BLOCK_BP):
                here = starts // BLOCK_BP == block
                self._blocks.update((tile.region.chrom, int(block)), predicted[offset, here], measured[offset, here])

    def compute(self) -> ModelScores:
        """A score per track, NaN for one without measured bins that differ."""
        figures = (self._pooled.compute(), self._logged.compute(), self._windows.compute())
        columns = zip(self._dataset.tracks, self._pooled.counts, *figures, strict=True)
        return ModelScores(
            model=self._model,
            scores=[
                Score(self._model, track.identifier, track.assay, int(bins), float(r), float(r_log), float(r_windows))
                for track, bins, r, r_log, r_windows in columns
            ],
            across_tracks=self._across.compute(),
            blocks=self._blocks.sums,
        )
