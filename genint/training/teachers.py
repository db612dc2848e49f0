"""Teachers: trained models whose predictions are second labels of the windows that a student sees.

A measured label is one noisy sample of what a piece of DNA does. The mean of several models has less noise, and it is
there for DNA that was never measured: mutated, shifted or from a relative. The idea is that of Hinton, Vinyals & Dean
2015, arXiv:1503.02531.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from genint.datasets.dataset import TrackDataset
from genint.errors import InputError
from genint.evaluation.evaluate import check_tracks
from genint.genome.dna import UNKNOWN
from genint.genome.grid import Geometry
from genint.models.folder import Model, load_model

_COMPLEMENT = torch.tensor([3, 2, 1, 0, UNKNOWN], dtype=torch.uint8)
_READERS = 20_150_309  # makes a stream of random numbers of its own, apart from those that draw windows


class Teachers:
    """Frozen models of the same tracks and geometry. They are no part of the student: no optimizer or checkpoint."""

    def __init__(self, models: Sequence[Model], seed: int) -> None:
        """`models` must be in evaluation mode, at least one. `seed` decides which of them reads a window, and how."""
        self.digests = [model.digest for model in models]
        self._modules = [model.module.requires_grad_(False) for model in models]
        self._geometry, self._seed = models[0].geometry, seed
        self._partners = torch.from_numpy(models[0].tracks.partners)

    @torch.no_grad()
    def label(self, tokens: Tensor, windows: Tensor) -> Tensor:
        """A prediction for windows' tokens (B, input_bp) and numbers (B,): (B, core_bins, T), NaN for unknown DNA.

        One teacher reads a window, on one strand, both drawn from the seed and the window's number. The losses are
        linear in the target, so over time the student learns the teachers' mean over both strands, at the price of one
        forward pass. The label counts in every bin at least half of whose bases are known, excluded or never measured
        as it may be.
        """
        labels = []
        for window, (teacher, reverse) in zip(tokens, self.draw(windows.tolist()), strict=True):
            dna = _COMPLEMENT.to(window.device)[window.long()].flip(0) if reverse else window
            predicted = self._modules[teacher].to(window.device)(dna[None])[0]  # (core_bins, T)
            labels.append(predicted.flip(0)[:, self._partners.to(window.device)] if reverse else predicted)
        return torch.where(self._find_known(tokens)[..., None], torch.stack(labels), torch.nan)

    def draw(self, windows: Sequence[int]) -> list[tuple[int, bool]]:
        """Which teacher reads each window, and whether reverse-complemented."""
        generators = [np.random.default_rng([self._seed, window, _READERS]) for window in windows]
        return [(int(draw.integers(len(self._modules))), bool(draw.random() < 0.5)) for draw in generators]

    def _find_known(self, tokens: Tensor) -> Tensor:
        """(B, core_bins) bool: bins at least half of whose bases are known."""
        context, core = self._geometry.context_bp, self._geometry.core_bp
        known = tokens[:, context : context + core] != UNKNOWN
        return known.reshape(len(tokens), -1, self._geometry.bin_bp).float().mean(dim=2) >= 0.5


def load_teachers(models: Sequence[str], dataset: TrackDataset, geometry: Geometry, seed: int) -> Teachers | None:
    """Load teachers by folder or bundled name for a student of this geometry; None for none. Any architecture will do.

    Raises InputError as load_model does, for tracks or transforms other than the data set's, for other bins, core or
    context than the student's, and for a single name in place of a list.
    """
    if isinstance(models, str):
        raise InputError(f"`teachers` is {models!r}. Expected a list of models")
    loaded = [replace(load_model(model), name=f"`teachers` {model}") for model in models]
    for teacher in loaded:
        check_tracks(dataset, teacher)
        if teacher.geometry != geometry:
            raise InputError(
                f"{teacher.name}: it reads {_describe(teacher.geometry)}, the student {_describe(geometry)}. "
                "Choose a teacher or a `preset` with the same"
            )
    return Teachers(loaded, seed) if loaded else None


def _describe(geometry: Geometry) -> str:
    return f"{geometry.core_bp:,} + 2 x {geometry.context_bp:,} bp in bins of {geometry.bin_bp} bp"
