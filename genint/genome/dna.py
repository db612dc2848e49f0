"""DNA as numbers: one uint8 token per base, A C G T = 0 1 2 3, everything else = 4.

Tokens are what travels from disk to the model (1 byte per base, a sixteenth of a float32 one-hot).
The model turns them into one-hot columns on its own device; token 4 (N, IUPAC codes, gaps) becomes
the all-zero column. Lower case (soft-masked repeats) reads the same as upper case.
"""

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.uint8]

UNKNOWN = 4
_TOKEN_OF_BYTE = bytes({65: 0, 67: 1, 71: 2, 84: 3}.get(ord(chr(byte).upper()[0]), UNKNOWN) for byte in range(256))
_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN], dtype=np.uint8)


def tokens(sequence: bytes) -> Tokens:
    """Turn ASCII DNA into a uint8 array of the same length."""
    return np.frombuffer(sequence.translate(_TOKEN_OF_BYTE), dtype=np.uint8)


def reverse_complement(dna: Tokens) -> Tokens:
    """Tokens of the other strand, read 5' to 3'. Works on the last axis of an array of any shape."""
    return _COMPLEMENT[dna[..., ::-1]]
