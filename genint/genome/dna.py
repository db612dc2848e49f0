"""DNA as numbers: one uint8 token per base, A C G T = 0 1 2 3, everything else = 4.

Tokens are what travels from disk to the model (1 byte per base, a sixteenth of a float32 one-hot).
The model turns them into one-hot columns on its own device; token 4 (N and the other IUPAC codes) becomes
the all-zero column. Lower case (soft-masked repeats) reads the same as upper case, and U of RNA as T.
"""

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.uint8]

UNKNOWN = 4
BASES = b"ACGTUacgtu"
ANY_BASE = b"NXnx"
IUPAC = BASES + ANY_BASE + b"RYSWKMBDHVryswkmbdhv"  # with the codes of two or three possible bases

_TOKENS = {base: b"ACGT".index(bytes([base]).upper().replace(b"U", b"T")) for base in BASES}
_TOKEN_OF_BYTE = bytes(_TOKENS.get(byte, UNKNOWN) for byte in range(256))
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)
_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN], dtype=np.uint8)


def tokens(sequence: bytes) -> Tokens:
    """Turn ASCII DNA or RNA into a uint8 array of the same length."""
    return np.frombuffer(sequence.translate(_TOKEN_OF_BYTE), dtype=np.uint8)


def to_text(tokens: Tokens) -> str:
    """Tokens as upper-case letters, N for unknown bases."""
    return bytes(_LETTERS[tokens]).decode()


def reverse_complement(dna: Tokens) -> Tokens:
    """Tokens of the other strand, read 5' to 3'. Works on the last axis of an array of any shape."""
    return _COMPLEMENT[dna[..., ::-1]]


def describe_other_letters(sequence: bytes) -> str:
    """What a sequence holds besides bases and IUPAC codes, and what to do, for messages; "" where it holds no such."""
    rest = "".join(dict.fromkeys(sequence.translate(None, IUPAC).decode("utf-8", "replace")))
    if "\ufeff" in rest:
        return "holds a byte order mark, which a file may only begin with. Remove these 3 bytes"
    letters = "".join(sorted({letter.upper() for letter in rest if letter.isalpha()}))
    if letters:
        return f"holds the letter(s) {', '.join(letters)}, which are no bases. Is it protein? Expected DNA or RNA"
    if any(letter.isdigit() for letter in rest):
        return "holds numbers, as GenBank's files do. Leave bases alone, without numbers and blanks"
    if "*" in rest:
        return "holds '*', a stop of a protein or the end mark of a record. Expected DNA or RNA, without it"
    if "-" in rest or "." in rest:
        return "holds gaps ('-' or '.'), so that its positions are an alignment's. Remove them, or write N for bases"
    if rest and not rest.strip():
        return f"holds white space ({rest!r}), which is no base. Remove it: sed '/^>/!s/[[:space:]]//g'"
    return f"holds {rest!r}, which is no base. Expected DNA or RNA" if rest else ""
