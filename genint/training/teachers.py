"""Teachers: trained models whose mean prediction is a second label of every window that a student sees.

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
_STRANDS = 20_150_309  # makes a stream of random numbers of its own, apart from those that draw windows


class Teachers:
    """Frozen models of the same tracks and geometry. They are no part of the student: no optimizer or checkpoint."""

    def __init__(self, models: Sequence[Model], seed: int) -> None:
        """`models` must be in evaluation mode, at least one. `seed` decides which strand of a window each reads."""
        self.digests = [model.digest for model in models]
        self._modules = [model.module.requires_grad_(False) for model in models]
        self._geometry, self._seed = models[0].geometry, seed
        self._partners = torch.from_numpy(models[0].tracks.partners)

    @torch.no_grad()
    def label(self, tokens: Tensor, windows: Tensor) -> Tensor:
        """Mean prediction for windows' tokens (B, input_bp) and numbers (B,): (B, core_bins, T), NaN for unknown DNA.

        Each teacher reads one strand of each window, drawn from the seed and the window's number, so that a student
        learns the mean of both strands over time. The label counts in every bin at least half of whose bases are known,
        excluded or never measured as it may be.
        """
        reverse = torch.from_numpy(self.draw_strands(windows.tolist())).to(tokens.device)
        complement, partners = (tensor.to(tokens.device) for tensor in (_COMPLEMENT, self._partners))
        other_strand = complement[tokens.long()].flip(1)
        total = torch.zeros((), device=tokens.device)
        for module, turned in zip(self._modules, reverse, strict=True):
            predicted = module.to(tokens.device)(torch.where(turned[:, None], other_strand, tokens))
            total = total + torch.where(turned[:, None, None], predicted.flip(1)[..., partners], predicted)
        return torch.where(self._find_known(tokens)[..., None], total / len(self._modules), torch.nan)

    def draw_strands(self, windows: Sequence[int]) -> np.ndarray:
        """(teachers, B) bool: whether a teacher reads a window reverse-complemented."""
        draws = [np.random.default_rng([self._seed, window, _STRANDS]).random(len(self._modules)) for window in windows]
        return np.stack(draws, axis=1) < 0.5

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
