"""What every base of a region adds to a prediction, with where it lies and how it was found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genint.arrays import F32, F64, U8, Mask
from genint.choices import AttributionMethod
from genint.genome.dna import UNKNOWN, to_text
from genint.genome.region import Region
from genint.tracks.table import TrackTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Attribution:
    """Scores of the bases of `region` for the signal of `tracks` over `target`, whole bins.

    `score` is log(1 + sum over those bins and tracks), natural, on the model's own scale. `effects` (L, 4) is what
    writing A, C, G or T at a base adds to it: 0 for the base that is there (`tokens`), and for unknown bases. `exact`
    (L, 4) are those that were computed with the mutant's DNA; the others are of first order, from gradients.
    """

    name: str
    region: Region
    target: Region
    tracks: TrackTable
    method: AttributionMethod
    tokens: U8
    score: float
    effects: F64
    exact: Mask

    @property
    def hypothetical(self) -> F32:
        """(L, 4): effects without their mean over the four letters, what each letter would contribute there."""
        centred: F64 = self.effects - self.effects.mean(1, keepdims=True)
        return centred.astype(np.float32)

    @property
    def contributions(self) -> F32:
        """(L,): what the base that is there contributes: minus the mean effect of writing any; 0 for unknown ones."""
        contributed: F64 = 0 - self.effects.mean(1)  # the minus alone would make -0 of 0
        return np.where(self.tokens == UNKNOWN, 0, contributed).astype(np.float32)

    @property
    def sequence(self) -> str:
        """The DNA of the region in upper case."""
        return to_text(self.tokens)

    def to_pandas(self) -> "DataFrame":
        """A row per base: chrom, start, end (0-based, half-open), base, contribution, to_A to_T, exact.

        to_A is what writing an A there adds; `exact` is how many of the three mutants were computed.
        """
        from pandas import DataFrame

        starts = np.arange(self.region.start, self.region.end)
        places = {"chrom": self.region.chrom, "start": starts, "end": starts + 1, "base": list(self.sequence)}
        changes = {f"to_{letter}": self.effects[:, column] for column, letter in enumerate("ACGT")}
        others = self.exact & (self.tokens[:, None] != np.arange(4))
        return DataFrame(places | {"contribution": self.contributions} | changes | {"exact": others.sum(1)})

    def plot(self) -> "Figure":
        """Contributions along the region, as letters where they are strongest. Raises InputError without logomaker."""
        from genint.reporting.logos import plot_contributions

        return plot_contributions(self.region.chrom, self.region.start, self.sequence, self.contributions)

    def __repr__(self) -> str:
        return f"Attribution({self.region}, {self.method}, signal of {len(self.tracks):,} track(s) over {self.target})"
