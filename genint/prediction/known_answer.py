"""What the bundled model predicts for a sequence that anyone can make again: a test of a machine."""

import hashlib
import time
from typing import NamedTuple

import numpy as np
import torch

from genint.arrays import F32
from genint.choices import Dtype
from genint.models.bundled import BUNDLED, DEFAULT_MODEL
from genint.prediction.in_memory import predict_sequence

KNOWN_ANSWER = BUNDLED / DEFAULT_MODEL / "known_answer.tsv"
SEQUENCE_BP = 16_384
EVERY_BINS = 4  # of the bins are in the file
# Largest differences that are rounding, in the model's scale, whose values here go from 0.03 to 13.
ALLOWED: dict[Dtype, float] = {"float32": 1e-3, "bfloat16": 0.25}
_SITES = {0: "TTACCCGG", 60: 25 * "A", 110: "TATAAAAG", 200: "ATGGCTAAA"}  # of a yeast promoter, by offset in bp
_PROMOTERS = range(1_000, 16_000, 2_000)


class Comparison(NamedTuple):
    """How far a prediction is from the known answer: the largest difference, in the model's scale, and what is allowed.

    `seconds` include loading the model.
    """

    device: str
    dtype: Dtype
    seconds: float
    difference: float
    allowed: float

    @property
    def agrees(self) -> bool:
        """Whether the difference is rounding; a NaN is none."""
        return self.difference <= self.allowed


def known_sequence() -> str:
    """Random DNA with eight promoters in it, the same on any machine: two bits a base of SHA-256 over a counter."""
    digests = b"".join(hashlib.sha256(b"genint %d" % block).digest() for block in range(SEQUENCE_BP // 128))
    codes = np.frombuffer(digests, np.uint8)[:, None] >> np.arange(0, 8, 2) & 3
    dna = bytearray(np.frombuffer(b"ACGT", np.uint8)[codes].tobytes())
    for promoter in _PROMOTERS:
        for offset, site in _SITES.items():
            dna[promoter + offset : promoter + offset + len(site)] = site.encode()
    return dna.decode()


def predict_known(device: str, dtype: Dtype) -> F32:
    """The bundled model's prediction of the known sequence in the model's scale, (bins of the file, tracks)."""
    tracks = predict_sequence(DEFAULT_MODEL, known_sequence(), scale="model", device=device, dtype=dtype)
    return tracks.values[::EVERY_BINS]


def compare_with_known_answer(device: torch.device, dtype: Dtype) -> Comparison:
    """Predict the known sequence on a device and compare. Errors are those of predict_sequence."""
    started = time.monotonic()
    predicted = predict_known(str(device), dtype)
    expected = np.loadtxt(KNOWN_ANSWER, skiprows=1, ndmin=2)
    difference = float(np.abs(predicted - expected).max())
    return Comparison(str(device), dtype, time.monotonic() - started, difference, ALLOWED[dtype])
