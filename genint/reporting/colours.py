"""Okabe and Ito's colours, which differ for any colour vision, and which assay is drawn in which."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

_OF_ASSAY = {"ATAC": 0, "DNASE": 0, "CAGE": 1, "RNA": 2, "CHIP": 3, "MNASE": 4}  # all others take turns with the rest

Rgb = tuple[int, int, int]


def colour_assays(assays: list[str]) -> dict[str, Rgb]:
    """A colour for each assay: the same in every figure for the usual ones, in upper or lower case."""
    others = [assay for assay in dict.fromkeys(assays) if assay.upper() not in _OF_ASSAY]
    turns = {assay: 5 + number % (len(COLOURS) - 5) for number, assay in enumerate(others)}
    return {assay: _to_rgb(COLOURS[_OF_ASSAY.get(assay.upper(), turns.get(assay, 0))]) for assay in assays}


def darken(colour: Rgb) -> Rgb:
    """A darker shade, for the other strand."""
    red, green, blue = (channel * 3 // 5 for channel in colour)
    return red, green, blue


def write_hex(colour: Rgb) -> str:
    """#0072B2 for 0, 114, 178."""
    return "#{:02X}{:02X}{:02X}".format(*colour)


def _to_rgb(text: str) -> Rgb:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue
