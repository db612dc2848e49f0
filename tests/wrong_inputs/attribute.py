"""genint attribute: regions, targets, motifs."""

from pathlib import Path

from tests.wrong_inputs.cases import CASES, GENOME, Arguments, written


def attribute_case(name: str, bed: str, options: Arguments, *words: str) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        return ["attribute", GENOME, written(folder / "a.bed", bed), "-m", model, *options], list(words)

    CASES[f"attribute: {name}"] = prepare


def motifs_case(name: str, content: str, *words: str) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        bed, motifs = written(folder / "a.bed", "chr1\t0\t100\n"), written(folder / "m.meme", content)
        return ["attribute", GENOME, bed, "-m", model, "--motifs", motifs], ["--motifs", "m.meme", *words]

    CASES[f"attribute: {name}"] = prepare


PLACE = "chr1\t5000\t5100\n"
attribute_case("a region longer than a window", "chr1\t0\t9000\n", [], "line 1", "9,088 bp", "--width")
attribute_case("a target too far away", PLACE, ["--target", "chr1:20001-20100"], "line 1", "Cut the region")
attribute_case("a target on another chromosome", PLACE, ["--target", "chr2:1-100"], "line 1", "--target chr2")
attribute_case("a target that is none", PLACE, ["--target", "here"], "--target here")
attribute_case("a region without bases", PLACE + "chr1\t7\t7\n", [], "line 2", "hold no base")
attribute_case("a target past its chromosome's end", PLACE, ["--target", "chr1:300001-300100"], "--target", "204,")
attribute_case("a region past its chromosome's end", "chr1\t300000\t300100\n", [], "line 1", "past the end", "chr1")
attribute_case("no such track", PLACE, ["-t", "H3K27ac"], "--tracks H3K27ac")
attribute_case("a fraction above 1", PLACE, ["--top", "2"], "--top 2.0")
attribute_case("no regions", "", [], "a.bed", "holds no regions")
motifs_case("motifs of another format", ">MA1\nA [1 2]\n", "line 1", "MEME version")
motifs_case("a file without motifs", "MEME version 4\n", "holds no motif")
MATRIX = "MEME version 4\nMOTIF a\nletter-probability matrix: w= 2\n"
motifs_case("rows that are no probabilities", MATRIX + "1 1 1 1\n", "line 4", "1 1 1 1")
motifs_case("a motif with too few rows", MATRIX + "1e-3 9.97e-1 1e-3 1e-3\n", "line 3", "1 row(s)", "w= says 2")
motifs_case("a motif without a matrix", "MEME version 4\nMOTIF a\n1 0 0 0\n", "line 2", "a has no")
