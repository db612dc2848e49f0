"""The example data is what its README says, and its script makes it again."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pyBigWig
import pytest

EXAMPLE = Path(__file__).parent.parent / "example_data"
TEXTS = (
    "genome.fa",
    "regions.bed",
    "variants.vcf",
    "exclude.bed",
    "chromAlias.txt",
    "tracks.tsv",
    "sites.bed",
    "transcripts.bed",
)
SIZES = {"chr1": 204_800, "chr2": 60_003, "chr3": 35_073}
N_RUN = slice(20_011, 22_050)  # on chr2
PILE_UP = slice(90_100, 90_612)  # on chr1
BIN_BP = 128
Counts = npt.NDArray[np.float64]


def make_again(out: Path) -> Path:
    subprocess.run([sys.executable, EXAMPLE / "make.py", "--out", out], check=True)
    return out


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_again(tmp_path_factory.mktemp("remade"))


@pytest.fixture(scope="module")
def genome() -> dict[str, bytes]:
    records = (EXAMPLE / "genome.fa").read_bytes().split(b">")[1:]
    return {lines[0].split()[0].decode(): b"".join(lines[1:]) for lines in map(bytes.splitlines, records)}


@pytest.fixture
def grammar(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLE)
    return importlib.import_module("grammar")


def rows(name: str) -> list[list[str]]:
    lines = (EXAMPLE / name).read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith(("#", "track"))]


def track_table() -> list[dict[str, str]]:
    header, *body = (line.split("\t") for line in (EXAMPLE / "tracks.tsv").read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in body]


def coverage(track: str, chrom: str) -> Counts:
    with pyBigWig.open(str(EXAMPLE / "tracks" / f"{track}.bw")) as bigwig:
        values: Counts = np.nan_to_num(bigwig.values(chrom, 0, SIZES[chrom], numpy=True)).astype(np.float64)
    return values


def in_bins(counts: Counts) -> Counts:
    padded = np.pad(counts, (0, -len(counts) % BIN_BP))
    sums: Counts = padded.reshape(-1, BIN_BP).sum(axis=1)
    return sums


def centres(motif: str, chrom: str) -> list[int]:
    found = [(int(row[1]) + int(row[2])) // 2 for row in rows("sites.bed") if row[0] == chrom and row[3] == motif]
    return [centre for centre in found if 1_000 < centre < SIZES[chrom] - 1_000]


def transcripts(chrom: str, strand: str) -> list[tuple[int, int, int]]:
    found = [row for row in rows("transcripts.bed") if row[0] == chrom and row[5] == strand]
    return [(int(start), int(end), int(strength)) for _, start, end, _, strength, _ in found]


# ---------------------------------------------------------------- made again


@pytest.mark.parametrize("name", TEXTS)
def test_making_it_again_gives_the_same_text(remade: Path, name: str) -> None:
    assert (remade / name).read_bytes() == (EXAMPLE / name).read_bytes()


@pytest.mark.parametrize("row", track_table(), ids=lambda row: row["identifier"])
def test_making_it_again_gives_the_same_bigwig_values(remade: Path, row: dict[str, str]) -> None:
    with pyBigWig.open(str(EXAMPLE / row["file"])) as kept, pyBigWig.open(str(remade / row["file"])) as made:
        assert made.chroms() == kept.chroms()
        assert [made.intervals(chrom) for chrom in made.chroms()] == [kept.intervals(chrom) for chrom in kept.chroms()]


def test_two_runs_on_one_machine_write_the_same_bytes(remade: Path, tmp_path: Path) -> None:
    first, second = (sorted(folder.rglob("*.*")) for folder in (remade, make_again(tmp_path)))
    assert [path.relative_to(remade) for path in first] == [path.relative_to(tmp_path) for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_script_makes_these_files_and_no_others(remade: Path) -> None:
    made = {path.relative_to(remade).as_posix() for path in remade.rglob("*.*")}
    assert made == {*TEXTS, *(row["file"] for row in track_table())}


def test_it_is_small() -> None:
    data = [EXAMPLE / name for name in TEXTS] + list((EXAMPLE / "tracks").glob("*.bw"))
    assert sum(path.stat().st_size for path in data) < 1_500_000


# ---------------------------------------------------------------- the genome


def test_chromosomes_end_on_a_bin_within_a_bin_and_one_base_into_a_bin(genome: dict[str, bytes]) -> None:
    assert {chrom: len(dna) for chrom, dna in genome.items()} == SIZES
    assert [size % BIN_BP for size in SIZES.values()] == [0, 99, 1]


def test_the_genome_has_the_composition_of_yeast(genome: dict[str, bytes]) -> None:
    dna = b"".join(genome.values()).upper()
    assert 0.37 < (dna.count(b"G") + dna.count(b"C")) / len(dna) < 0.40


def test_the_n_run_lies_where_the_readme_says(genome: dict[str, bytes]) -> None:
    dna = genome["chr2"]
    assert set(dna[N_RUN]) == {ord("N")}
    assert ord("N") not in (dna[N_RUN.start - 1], dna[N_RUN.stop])
    assert N_RUN.start % BIN_BP
    assert N_RUN.stop % BIN_BP


def test_there_are_lone_unknown_letters(genome: dict[str, bytes]) -> None:
    assert genome["chr1"][7_777:7_778] + genome["chr1"][40_960:40_961] + genome["chr1"][150_016:150_017] == b"NRn"
    assert genome["chr2"][10_000:10_001] + genome["chr3"][12_345:12_347] == b"YNN"
    outside = genome["chr1"] + genome["chr2"][: N_RUN.start] + genome["chr2"][N_RUN.stop :] + genome["chr3"]
    assert sum(letter not in b"ACGTacgt" for letter in outside) == 6


def test_telomeres_and_repeats_are_soft_masked(genome: dict[str, bytes]) -> None:
    for dna in genome.values():
        assert dna[:300].islower()
        assert dna[-300:].islower()
        assert dna[300:301].isupper()
        assert dna[-301:-300].isupper()
    assert sum(letter in b"acgt" for letter in genome["chr1"][300:-300]) > 5 * 300


def test_fasta_lines_hold_60_letters() -> None:
    lengths = {len(line) for line in (EXAMPLE / "genome.fa").read_bytes().split(b"\n") if not line.startswith(b">")}
    assert lengths == {60, 0, *(size % 60 for size in SIZES.values())}


# ---------------------------------------------------------------- the tables


def test_regions_have_every_awkward_row() -> None:
    text = (EXAMPLE / "regions.bed").read_text()
    regions = [(chrom, int(start), int(end)) for chrom, start, end, _ in rows("regions.bed")]
    assert text.startswith("#")
    assert "\ntrack " in text
    assert regions != sorted(regions)
    assert len(set(regions)) == len(regions) - 1
    assert any(start == 0 for _, start, _ in regions)
    assert any(end == SIZES[chrom] for chrom, _, end in regions)
    assert any(end - start == 1 for _, start, end in regions)
    assert ("chr1", 120_000, 136_384) in regions
    assert ("chr1", 130_000, 140_001) in regions
    assert any(chrom == "chr2" and start < N_RUN.start and end > N_RUN.stop for chrom, start, end in regions)
    assert any(chrom == "chr2" and start > N_RUN.start and end < N_RUN.stop for chrom, start, end in regions)
    assert all(0 <= start < end <= SIZES[chrom] for chrom, start, end in regions)
    assert 60_000 <= sum(end - start for _, start, end in regions) <= 120_000


def test_strand_pairs_point_at_each_other() -> None:
    partner = {row["identifier"]: row["strand_pair"] for row in track_table()}
    assert all(partner[partner[track]] == track for track in partner)
    assert partner["cage_plus"] == "cage_minus"
    assert partner["atac"] == "atac"


def test_chr3_was_not_measured_for_one_track() -> None:
    for row in track_table():
        with pyBigWig.open(str(EXAMPLE / row["file"])) as bigwig:
            measured = dict(bigwig.chroms())
        missing = {"chr3"} if row["identifier"] == "chip_orc" else set()
        assert measured == {chrom: size for chrom, size in SIZES.items() if chrom not in missing}


def test_aliases_name_every_chromosome_once() -> None:
    assert (EXAMPLE / "chromAlias.txt").read_text().startswith("# ucsc\tassembly\trefseq\n")
    names = [name for row in rows("chromAlias.txt") for name in row]
    assert [row[0] for row in rows("chromAlias.txt")] == list(SIZES)
    assert len(set(names)) == 9


@pytest.mark.parametrize("row", track_table(), ids=lambda row: row["identifier"])
def test_squashed_targets_have_mean_about_one(row: dict[str, str]) -> None:
    measured = [chrom for chrom in SIZES if (row["identifier"], chrom) != ("chip_orc", "chr3")]
    sums = np.concatenate([in_bins(coverage(row["identifier"], chrom)) for chrom in measured])
    squashed = np.sqrt(1 + sums * float(row["scale"])) - 1
    soft = float(row["clip_soft"])
    squashed = np.where(squashed > soft, soft - 1 + np.sqrt(np.maximum(squashed - soft, 0) + 1), squashed)
    assert 0.8 < np.minimum(squashed, float(row["clip"])).mean() < 1.25


# ---------------------------------------------------------------- the signal


@pytest.mark.parametrize("factor", ["Reb1", "Abf1", "Rap1"])
def test_chromatin_is_open_around_factor_sites(factor: str) -> None:
    atac = coverage("atac", "chr1")
    around = np.mean([atac[centre - 100 : centre + 100].mean() for centre in centres(factor, "chr1")])
    assert around > 5 * np.median(in_bins(atac)) / BIN_BP


def test_reb1_fragments_lie_over_reb1_sites_and_not_over_abf1_sites() -> None:
    chip = coverage("chip_reb1", "chr1")
    reb1 = centres("Reb1", "chr1")
    abf1_alone = [centre for centre in centres("Abf1", "chr1") if min(abs(centre - other) for other in reb1) > 300]
    assert len(abf1_alone) >= 10
    assert np.median(chip[reb1]) > 10 * np.median(chip[abf1_alone])


@pytest.mark.parametrize(("strand", "sense", "antisense"), [("+", "plus", "minus"), ("-", "minus", "plus")])
def test_capped_ends_lie_at_starts_on_the_right_strand(strand: str, sense: str, antisense: str) -> None:
    starts = [start if strand == "+" else end for start, end, _ in transcripts("chr1", strand)]
    right, wrong = (
        sum(coverage(f"cage_{side}", "chr1")[start - 45 : start + 45].sum() for start in starts)
        for side in (sense, antisense)
    )
    assert right > 20 * wrong


def test_stronger_promoters_have_more_capped_ends() -> None:
    cage = coverage("cage_plus", "chr1")
    found = transcripts("chr1", "+")
    tags = [cage[start - 45 : start + 85].sum() for start, _, _ in found]
    assert np.corrcoef(np.sqrt(tags), np.sqrt([strength for _, _, strength in found]))[0, 1] > 0.8


def test_rna_is_level_to_the_end_of_the_transcript_and_stops_there() -> None:
    rna = coverage("rna_plus", "chr1")
    found = transcripts("chr1", "+")
    own_end = [(start, end) for start, end, _ in found if 1_000 < end - start < 4_000 and end < SIZES["chr1"] - 500]
    alone = [(start, end) for start, end in own_end
             if sum(other < end + 500 and start < other_end for other, other_end, _ in found) == 1]  # fmt: skip
    first = np.mean([rna[start + 200 : start + 400].mean() for start, _ in alone])
    last = np.mean([rna[end - 400 : end - 200].mean() for _, end in alone])
    behind = np.mean([rna[end + 10 : end + 210].mean() for _, end in alone])
    assert len(alone) >= 5
    assert 0.8 < last / first < 1.25
    assert behind < 0.2 * last


def test_nothing_aligns_to_the_n_run() -> None:
    assert not any(coverage(row["identifier"], "chr2")[N_RUN].any() for row in track_table())


def test_the_excluded_pile_up_has_no_cause_in_the_dna(grammar: ModuleType, genome: dict[str, bytes]) -> None:
    opened = grammar.openness(genome["chr1"])
    atac = coverage("atac", "chr1")
    assert ["chr1", str(PILE_UP.start), str(PILE_UP.stop), "pile_up"] in rows("exclude.bed")
    assert atac[PILE_UP].mean() > 20 * np.median(in_bins(atac)) / BIN_BP
    assert opened[PILE_UP].mean() < opened.max() / 4


# ---------------------------------------------------------------- the grammar


def tata_promoter(activator: bytes = b"") -> bytes:
    """A factor site, perhaps an activator's, a TATA box, start sites, and a terminator 1 kb on."""
    spacer = b"GC" * 25
    return activator + spacer + b"TTACCCG" + spacer + b"TATAAAAG" + b"TGGCC" * 200 + b"TATATAGCGCGCAATAAA" + b"GC" * 100


def test_a_promoter_needs_its_factor_site_and_its_tata_box(grammar: ModuleType) -> None:
    (transcript,) = grammar.transcripts(tata_promoter())
    assert transcript.strength == 12
    assert 40 <= transcript.start - transcript.tata <= 120
    assert grammar.transcripts(tata_promoter().replace(b"TTACCCG", b"TTAGCCG")) == []
    assert grammar.transcripts(tata_promoter().replace(b"TATAAAAG", b"TACAAAAG")) == []


def test_activators_multiply_the_strength(grammar: ModuleType) -> None:
    strengths = {site: grammar.transcripts(tata_promoter(site))[0].strength for site in (b"TGACTCA", b"CACGTG")}
    assert strengths == {b"TGACTCA": 12 * (1 + 3), b"CACGTG": 12 * (1 + 2)}


def test_a_transcript_ends_at_its_terminator_or_after_4_kb(grammar: ModuleType) -> None:
    dna = tata_promoter()
    assert grammar.transcripts(dna)[0].end == dna.index(b"AATAAA") + len("AATAAA") + 15
    (unending,) = grammar.transcripts(dna.replace(b"AATAAA", b"AAGAAA") + b"GC" * 4_000)
    assert unending.end - unending.start == 4_000


def test_the_other_strand_has_the_mirror_image(grammar: ModuleType) -> None:
    dna = tata_promoter(b"TGACTCA")
    assert grammar.transcripts(grammar.reverse_complement(dna)) == []
    assert grammar.reverse_complement(grammar.reverse_complement(dna)) == dna
    assert grammar.find_sites(b"CACGTG") == [grammar.Site(0, 6, "Cbf1", ".")]
    assert grammar.find_sites(b"cgggtaa") == [grammar.Site(0, 7, "Reb1", "-")]


def test_an_open_region_is_150_bp_wide_at_half_height(grammar: ModuleType) -> None:
    opened = grammar.openness(b"GC" * 200 + b"TTACCCG" + b"GC" * 200)
    assert opened.max() == 12 * grammar.UNIT
    assert 145 <= (opened >= opened.max() // 2).sum() <= 155
    assert (opened > 0).sum() <= 200


def test_the_bed_files_tell_the_grammars_truth(grammar: ModuleType, genome: dict[str, bytes]) -> None:
    dna = genome["chr3"]
    turned = grammar.transcripts(grammar.reverse_complement(dna))
    assert transcripts("chr3", "+") == sorted((t.start, t.end, t.strength) for t in grammar.transcripts(dna))
    assert transcripts("chr3", "-") == sorted((len(dna) - t.end, len(dna) - t.start, t.strength) for t in turned)
    for chrom, start, end, motif, _, strand in rows("sites.bed"):
        if motif == "Reb1":
            found = genome[chrom][int(start) : int(end)].upper()
            assert found == {"+": b"TTACCCG", "-": b"CGGGTAA"}[strand]
