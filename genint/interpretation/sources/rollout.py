"""Attention rollout: how much of a bin comes from each token, through attention, convolutions and merges.

After Abnar and Zuidema 2020 (arXiv 2005.00928), who multiply attention matrices; here every step of the model is a
matrix, see `operators`.
"""

from collections.abc import Sequence

import numpy as np

from genint.arrays import F64, I64, U8
from genint.choices import Convolutions, RolloutMethod
from genint.genome.region import Region
from genint.interpretation.sources.bin_sources import BinSources, check_token_bp, choose_bins
from genint.interpretation.sources.operators import Operator, model_operators
from genint.models.folder import Model


def attention_rollout(
    model: Model,
    dna: U8,
    *,
    method: RolloutMethod = "norm",
    convolutions: Convolutions = "count",
    bins: Sequence[int] | None = None,
    token_bp: int = 1,
    region: Region | None = None,
) -> BinSources:
    """Where each bin comes from: rows (bins, tokens) sum to 1.

    `dna` are the tokens (input_bp,) of one window, `region` the place of its core. `bins` chooses among the predicted
    ones, all by default. `token_bp` is the size of the tokens that they are traced back to: 1, the bases, 2, 4, ...
    to a bin's, which leaves the layers over bins alone. `method` and `convolutions` are those of `model_operators`;
    "half" with "ignore" is the rollout as published, which can mislead where layers change their tokens little: its
    half of every layer's mass goes to attention all the same. InputError as there, and for bins or a token size that
    the model does not have.
    """
    geometry = model.geometry
    chosen = choose_bins(bins, geometry)
    check_token_bp(token_bp, geometry)
    operators = model_operators(model, dna, method=method, convolutions=convolutions)
    rolled = roll_out(operators, geometry.context_bp // geometry.bin_bp + chosen, token_bp)
    return BinSources(
        values=rolled.astype(np.float32), bins=chosen, token_bp=token_bp, geometry=geometry, region=region
    )


def roll_out(operators: Sequence[Operator], rows: I64, token_bp: int = 1) -> F64:
    """The product of operators from the bins down to tokens of `token_bp`: those of its `rows`, (rows, tokens).

    From the top, so that no matrix of tokens by tokens comes to be. At 1 the stem is included, and tokens are bases.
    """
    product: F64 = np.eye(operators[-1].matrix.shape[0])[rows]
    for operator in reversed(operators):
        if operator.token_bp >= token_bp:
            product = product @ operator.matrix
    return product
