"""The tracks of one variant: what the model predicts with it and without it, at the reference's coordinates."""

from pathlib import Path
from typing import Any

import pyBigWig
import pytest

from genint.errors import InputError, OutputError
from genint.genome.dna_source import SequenceSource
from genint.genome.fasta import Genome
from genint.interpretation.variants.alleles import letters
from genint.interpretation.variants.tracks import variant_tracks
from tests.conftest import EXAMPLE, Run
from tests.interpretation.variants.motif_counter import MOTIF, counter_model
from tests.interpretation.variants.test_vcf import bgzipped

DNA = "ACGATCGGTA" * 150 + MOTIF + "GATCGGTAAC" * 20 + MOTIF + "GATCGGTAAC" * 200
SOURCE, MODEL = SequenceSource(DNA, "chr1"), counter_model()
FIRST, SECOND = 1_500, 1_707  # where the motifs begin
HEAD = "#CHROM\tPOS\tID\tREF\tALT\n"


def tracks_of(folder: Path, name: str, *rows: str) -> dict[str, list[int]]:
    """For each file: the starts of the bins with a motif."""
    (folder / "a.vcf").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    found = {}
    for file in variant_tracks(SOURCE, folder / "a.vcf", name, MODEL, folder / "out", tracks="plus", device="cpu"):
        with pyBigWig.open(str(file)) as opened:
            found[file.name] = [start for start, _, value in opened.intervals("chr1") if value > 0.5]
    return found


def bin_of(base: int) -> int:
    return base // 64 * 64


def test_a_lost_motif_is_missing_in_the_alternative(tmp_path: Path) -> None:
    both = [bin_of(FIRST + 3), bin_of(SECOND + 3)]
    assert tracks_of(tmp_path, "x", "chr1\t1502\tx\tT\tG", "chr1\t1503\ty\tA\tG") == {
        "plus.ref.bw": both,
        "plus.alt.bw": both[1:],
    }


@pytest.mark.parametrize(("lost", "gained"), [(0, 129), (65, 0), (0, 3)])
def test_what_lies_behind_an_indel_stays_in_its_place(tmp_path: Path, lost: int, gained: int) -> None:
    place = FIRST + 40
    ref, alt = DNA[place - 1 : place + lost], DNA[place - 1] + "ACGT" * 32 + "A"
    found = tracks_of(tmp_path, "x", f"chr1\t{place}\tx\t{ref}\t{alt[: gained + 1]}")
    assert found["plus.alt.bw"] == found["plus.ref.bw"]


def test_every_alternative_of_a_row_has_files_and_one_can_be_named(tmp_path: Path) -> None:
    row = "chr1\t1502\tx\tT\tG,*,C"
    (tmp_path / "one").mkdir()
    assert sorted(tracks_of(tmp_path, "x", row)) == ["plus.alt.bw", "plus.alt3.bw", "plus.ref.bw"]
    assert sorted(tracks_of(tmp_path / "one", "chr1:1502:T:C", row)) == ["plus.alt3.bw", "plus.ref.bw"]


def test_of_an_alternative_that_is_left_out_it_is_said_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first base of REF is the last whose window is the chromosome's first."""
    assert DNA[1_535:1_537] == "AC"
    row = "chr1\t1536\tx\tAC\t*,TC,AG"
    assert sorted(tracks_of(tmp_path, "x", row)) == ["plus.alt2.bw", "plus.ref.bw"]
    assert capsys.readouterr().err.splitlines() == [
        "genint: warning: line 2: ALT 1, *, is left out: its status is alt_star",
        "genint: warning: line 2: ALT 3, AG, is left out: its window is another, give chr1:1536:AC:AG",
    ]


def test_a_vcf_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    whole = bgzipped(HEAD + "chr1\t1502\tx\tT\tG\n")
    (tmp_path / "a.vcf.gz").write_bytes(whole)
    with pytest.raises(InputError, match="end mark is missing"):
        variant_tracks(SOURCE, tmp_path / "a.vcf.gz", "x", MODEL, tmp_path / "out", device="cpu")


@pytest.mark.parametrize("setting", [{"width": 100}, {"genes": "genes.bed"}])
def test_a_setting_that_tracks_have_no_use_for_is_refused(tmp_path: Path, setting: Any) -> None:
    with pytest.raises(InputError, match=f"`{next(iter(setting))}`: tracks have no use for it"):
        variant_tracks(SOURCE, tmp_path / "a.vcf", "x", MODEL, tmp_path / "out", **setting)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("z", "`tracks_of` z: no row of .*a.vcf has this ID"),
        ("y", "lines 3 and 4 of .*a.vcf have it. Give CHROM:POS:REF:ALT"),
        ("x", "its status is ref_mismatch"),
        (".", "no row of"),
    ],
)
def test_a_variant_that_cannot_be_drawn_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        tracks_of(tmp_path, name, "chr1\t1502\tx\tA\tC", "chr1\t9\ty\tT\tC", "chr1\t99\ty\tT\tC", "chr1\t5\t.\tA\tC")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(OutputError, match="is there already"):
        tracks_of(tmp_path, "x", "chr1\t1502\tx\tT\tG")


def test_the_command_writes_what_the_model_predicts(tmp_path: Path, tiny_model: Path, genint: Run) -> None:
    """The window of a variant in the middle half of a tile is that tile."""
    genome, tile = EXAMPLE / "genome.fa", (53_248, 55_296)
    with Genome(genome) as opened:
        base = letters(opened, "chr1", 54_300, 54_301)
    (tmp_path / "a.vcf").write_text(HEAD + f"chr1\t54301\tx\t{base}\t{'A' if base != 'A' else 'C'}\n")
    common = ("-m", tiny_model, "-t", "atac", "-q")
    command = ("variants", genome, tmp_path / "a.vcf", "--tracks-of", "x", *common)
    done = genint(*command, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert done.out.split() == [str(tmp_path / "out" / f"atac.{kind}.bw") for kind in ("alt", "ref")]
    genint("predict", genome, "-r", "chr1:53,249-55,296", "-o", tmp_path / "p", *common)
    with pyBigWig.open(str(tmp_path / "out/atac.ref.bw")) as ours, pyBigWig.open(str(tmp_path / "p/atac.bw")) as theirs:
        assert ours.chroms() == theirs.chroms()
        assert ours.intervals("chr1")[0][0] == tile[0]
        assert ours.values("chr1", *tile) == theirs.values("chr1", *tile)
    for option in (("--genes", "g.bed"), ("--width", 200), ("--overwrite",)):
        refused = genint(*command, *option, "-o", tmp_path / "o")
        assert (refused.code, option[0] in refused.err) == (2, True)
