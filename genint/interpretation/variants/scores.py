"""What a variant does to the tracks, in numbers that go by the names and formulas of the field.

r and a are a bin's coverage (mean per base, its size where a strand is stored below 0) with the reference and the
alternative; w is the share of the bin inside the stretch of bases around the allele, wr and wa where an indel makes
them differ.

    logSUM     sum of wa log2(a + 1) - sum of wr log2(r + 1)          baskerville (hound_snp)
    SUM        bin_bp (sum of wa a - sum of wr r)                     baskerville; basenji: SAD
    SAX        a - r in the bin of the stretch where its size is largest    basenji
    D1         sum of |a - r| over the bins that the stretch touches  basenji, baskerville
    D2         sqrt of the sum of (a - r)^2 over these                basenji, baskerville
    logSED     log2(Sa + 1) - log2(Sr + 1), S = coverage summed over the gene's bases in both windows  baskerville

SAX, D1 and D2 compare bin with bin, which behind an indel hold other bases: they are NaN for indels. Basenji and
baskerville sum over all bins of a window.
"""

import numpy as np

from genint.arrays import F64

SCORES = ("logSUM", "SUM", "SAX", "D1", "D2")
FORMULAS = {
    "logSUM": "sum of log2(alt + 1) - sum of log2(ref + 1) over bins, partial bins weighted by their share",
    "SUM": "sum of alt - sum of ref over bases",
    "SAX": "alt - ref in the bin where its size is largest; empty for indels",
    "D1": "sum of |alt - ref| over the bins touched; empty for indels",
    "D2": "square root of the sum of (alt - ref)^2 over the bins touched; empty for indels",
    "quantile": "2 q - 1, q the share of background variants whose logSUM is smaller, ties half; never quite -1 or 1",
    "logSED": "log2(sum of alt + 1) - log2(sum of ref + 1) over the gene's bases in both alleles' windows",
}


def score_stretch(ref: F64, alt: F64, ref_share: F64, alt_share: F64, bin_bp: int, *, is_indel: bool) -> F64:
    """Coverage (T, bins) twice, shares of bins (bins,) twice -> (T, 5): SCORES."""
    log_sum = np.log2(alt + 1) @ alt_share - np.log2(ref + 1) @ ref_share
    total = bin_bp * (alt @ alt_share - ref @ ref_share)
    if is_indel:
        binwise = [np.full(len(ref), np.nan)] * 3
    else:
        change = (alt - ref)[:, ref_share > 0]  # (T, bins touched)
        largest = np.abs(change).argmax(axis=1)
        sax = change[np.arange(len(change)), largest]
        binwise = [sax, np.abs(change).sum(axis=1), np.sqrt((change**2).sum(axis=1))]
    return np.stack([log_sum, total, *binwise], axis=1)


def score_gene(ref: F64, alt: F64, ref_share: F64, alt_share: F64, bin_bp: int) -> F64:
    """Coverage (T, bins) twice, shares of bins in the gene twice -> (T,): logSED."""
    change: F64 = np.log2(bin_bp * (alt @ alt_share) + 1) - np.log2(bin_bp * (ref @ ref_share) + 1)
    return change


def signed_quantiles(scores: F64, background: F64) -> F64:
    """Scores (N, T) among those of a background (M, T), sorted along its first axis -> (N, T) from -1 to 1.

    q is (smaller + half the equal + 1/2) / (M + 1), so a score beyond all others gets less than 1. NaN stays NaN.
    """
    ranks = np.empty(scores.shape)
    for track, column in enumerate(background.T):
        below, upto = (np.searchsorted(column, scores[:, track], side) for side in ("left", "right"))
        ranks[:, track] = (below + upto) / 2
    quantiles = 2 * (ranks + 0.5) / (len(background) + 1) - 1
    return np.where(np.isnan(scores), np.nan, quantiles)
