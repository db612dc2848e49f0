"""What a head does in numbers: how much it looks back, ahead and at itself, how far, and how evenly."""

from typing import TYPE_CHECKING

import numpy as np

from genint.interpretation.attention.maps import LayerMap

if TYPE_CHECKING:
    from pandas import DataFrame


def summarise_heads(layer: LayerMap, queries: slice) -> "DataFrame":
    """A row per head: means over the queries among the tokens of the input [start, stop).

    Columns: layer, name, token_bp, head (from 1); look_back, itself, look_ahead (shares of the attention, which sum to
    1; back is towards lower coordinates), distance_bp (mean distance between the starts of query and key) and
    entropy_bits (0: one key has it all; log2 of the window: all the same).
    """
    import pandas as pd

    places = layer.starts // layer.token_bp  # (N, W)
    windows, rows = np.nonzero((places >= queries.start) & (places < queries.stop))
    weights = layer.weights[:, windows, rows].astype(np.float64)  # (A, Q, W)
    offsets = layer.starts[windows] - layer.starts[windows, rows][:, None]  # (Q, W), key minus query
    logs = np.log2(weights, where=weights > 0, out=np.zeros_like(weights))
    return pd.DataFrame(
        {
            "layer": layer.layer,
            "name": layer.name,
            "token_bp": layer.token_bp,
            "head": np.arange(1, len(weights) + 1),
            "look_back": (weights * (offsets < 0)).sum(2).mean(1),
            "itself": (weights * (offsets == 0)).sum(2).mean(1),
            "look_ahead": (weights * (offsets > 0)).sum(2).mean(1),
            "distance_bp": (weights * np.abs(offsets)).sum(2).mean(1),
            "entropy_bits": -(weights * logs).sum(2).mean(1),
        }
    )
