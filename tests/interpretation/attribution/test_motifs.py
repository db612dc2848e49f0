import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.arrays import F64
from genint.errors import InputError
from genint.interpretation.attribution.motifs import SEQLET_BP, find_seqlets, name_seqlets, read_meme
from tests.interpretation.attribution.test_attribution import make_attribution

HEADER = "MEME version 4\n\nALPHABET= ACGT\n\n"
LETTERS = {
    "A": "0.97 0.01 0.01 0.01",
    "C": "0.01 0.97 0.01 0.01",
    "G": "0.01 0.01 0.97 0.01",
    "T": "0.01 0.01 0.01 0.97",
}
REVERSE = str.maketrans("ACGT", "TGCA")


def motif(name: str, consensus: str) -> str:
    rows = "\n".join(LETTERS[letter] for letter in consensus)
    return f"MOTIF {name}\nletter-probability matrix: alength= 4 w= {len(consensus)}\n{rows}\n\n"


def many_motifs() -> str:
    """TOMTOM needs some to know what is usual."""
    draw = np.random.default_rng(0)
    others = [motif(f"other{k}", "".join(draw.choice(list("ACGT"), 8))) for k in range(60)]
    return HEADER + motif("MA1 REB1", "TTACCCGG") + "".join(others)


def written(folder: Path, text: str) -> Path:
    path = folder / "motifs.meme"
    path.write_text(text)
    return path


def test_motifs_are_read_with_their_names(tmp_path: Path) -> None:
    first, second = read_meme(written(tmp_path, HEADER + motif("MA1 REB1", "TTAC") + motif("alone", "GG")))
    assert (first.identifier, first.name, second.name) == ("MA1", "REB1", "alone")
    assert first.probabilities.shape == (4, 4)
    assert list(second.probabilities.argmax(0)) == [2, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chr1\t1\t2\n", "line 1: does not begin with 'MEME version'"),
        (HEADER, "holds no motif"),
        (HEADER + "MOTIF x\nletter-probability matrix:\n0.5 0.5 0.5 0.5\n", "line 7: 0.5 0.5 0.5 0.5 are not four"),
        (HEADER + "MOTIF x\nletter-probability matrix:\n0.5 0.5 0.x 0\n", "line 7"),
        (HEADER + "MOTIF x\nletter-probability matrix:\n0.5 0.5 0\n", "line 7: 0.5 0.5 0 are not four"),
        (HEADER + "MOTIF x\nletter-probability matrix:\nnan 0.5 0.5 0\n", "line 7: nan 0.5 0.5 0 are not four"),
        (HEADER + "MOTIF x\nletter-probability matrix:\nA C G T\n0 1 0 0\n", "line 7: A C G T are not four"),
        (HEADER + "MOTIF x\nletter-probability matrix: w= 2\n0 1 0 0\n", "line 6: 1 row.s. follow, and w= says 2"),
        (HEADER + "MOTIF x\nletter-probability matrix: w= 1\n0 1 0 0\n\n0 1 0 0\n", "line 6: 2 row.s. follow"),
        (HEADER + "MOTIF x\nletter-probability matrix:\nURL here\n", "line 6: 0 row.s. follow. Expected one for each"),
        (HEADER + "MOTIF x\nURL here\n" + motif("y", "AC"), "line 5: x has no letter-probability matrix"),
        (HEADER + motif("y", "AC") + "MOTIF\n", "line 10: the motif has no name"),
    ],
)
def test_another_file_gets_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_meme(written(tmp_path, text))


@given(
    weights=st.lists(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any), min_size=1, max_size=9),
    form=st.sampled_from(["{:.8f}", "{:.8e}", "{:.8E}", "+{:.8f}", "{!r}"]),
    says_width=st.booleans(),
)
def test_every_row_is_read_however_its_numbers_are_written(
    tmp_path_factory: pytest.TempPathFactory, weights: list[list[int]], form: str, says_width: bool
) -> None:
    probabilities = np.array(weights) / np.sum(weights, 1, keepdims=True)
    rows = "\n".join("  " + "\t".join(form.format(float(value)) for value in row) for row in probabilities)
    head = (
        f"letter-probability matrix: alength= 4 w= {len(weights)} E= 1e-9"
        if says_width
        else "letter-probability matrix:"
    )
    text = f"{HEADER}MOTIF MA1 REB1\n{head}\n{rows}\nURL http://1.2.3.4/\n{motif('next', 'AC')}"
    first, second = read_meme(written(tmp_path_factory.mktemp("motifs"), text))
    np.testing.assert_allclose(first.probabilities, probabilities.T, atol=1e-6)
    assert (first.name, second.name) == ("REB1", "next")


def test_other_tables_of_a_report_of_meme_are_no_rows(tmp_path: Path) -> None:
    other = "log-odds matrix: alength= 4 w= 2\n1 -1081 202 3\n-12 0 0 9\n"
    text = motif("x", "AC").replace("letter-prob", other + "letter-prob") + "-----\n1 2 3 4\nTime 0.35 secs.\n"
    (only,) = read_meme(written(tmp_path, HEADER + text))
    assert only.probabilities.shape == (4, 2)


@pytest.mark.filterwarnings("ignore:Cannot cache compiled")
def test_a_strong_stretch_is_found_where_it_is_and_named_on_its_strand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_OPT", "0")  # memelite compiles itself, in half of the time like this
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    motifs = read_meme(written(tmp_path, many_motifs()))
    draw = np.random.default_rng(1)
    around = ["".join(draw.choice(list("ACGT"), 60)) for _ in range(2)]
    for strand, site in (("+", "TTACCCGG"), ("-", "TTACCCGG"[::-1].translate(REVERSE))):
        attribution = make_attribution(site.join(around), strong=slice(60, 68))
        assert attribution.contributions[60:68].min() > 0
        table = name_seqlets([attribution], motifs)
        row = table.iloc[0]
        assert 160 - SEQLET_BP <= row.start <= 168 <= row.end + SEQLET_BP
        assert (row["name"], row.strand) == ("REB1", strand)
        assert row.p < 1e-3


def quick_tomtom(seqlets: Sequence[object], motifs: Sequence[object], n_jobs: int) -> tuple[F64, ...]:
    """A stand-in that warns as memelite does, which would compile itself first. The first motif is everybody's."""
    warnings.warn(f"tomtom was given {len(motifs)} target motifs. Its p-values ...", stacklevel=2)
    return tuple(np.zeros((len(seqlets), len(motifs))) for _ in range(5))


def test_few_motifs_are_compared_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memelite.tomtom", quick_tomtom)
    motifs = read_meme(written(tmp_path, HEADER + motif("MA1 REB1", "TTACCCGG")))
    with warnings.catch_warnings(action="error"):
        table = name_seqlets([make_attribution("ACGTTGCA" * 30, strong=slice(90, 130))], motifs)
    assert set(table.motif) == {"MA1"}


def test_seqlets_neither_overlap_nor_hold_unknown_bases() -> None:
    attribution = make_attribution("ACGTTGCANN" * 30, strong=slice(90, 130))
    assert not list(find_seqlets(attribution))  # no 11 bases without N
    found = list(find_seqlets(make_attribution("ACGTTGCA" * 30, strong=slice(90, 130))))
    starts = sorted(seqlet.region.start for seqlet in found)
    assert len(starts) > 1
    assert np.diff(starts).min() >= SEQLET_BP


def test_without_strong_stretches_the_table_is_empty(tmp_path: Path) -> None:
    assert name_seqlets([make_attribution("ACGT")], read_meme(written(tmp_path, many_motifs()))).empty
