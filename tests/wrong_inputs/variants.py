"""genint variants: the VCF, and the tables that go with it."""

from pathlib import Path

from tests.wrong_inputs.cases import CASES, GENOME, Arguments, written

HEAD = "#CHROM\tPOS\tID\tREF\tALT\n"
ROW = "chr1\t5000\tone\tA\t.\n"  # no variant, so that no model runs
TRUTH = "chrom\tpos\tref\talt\teffect\n"


def variants_case(name: str, vcf: str, options: Arguments, *words: str) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        return ["variants", GENOME, written(folder / "a.vcf", vcf), "-m", model, *options], list(words)

    CASES[f"variants: {name}"] = prepare


def table_case(name: str, option: str, content: str, *words: str) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        vcf, table = written(folder / "a.vcf", HEAD + ROW), written(folder / "table", content)
        return ["variants", GENOME, vcf, "-m", model, option, table], ["table", *words]

    CASES[f"variants: {name}"] = prepare


variants_case("a VCF without a header", ROW, [], "a.vcf, line 1", "#CHROM")
variants_case("a header between blanks", HEAD.replace("\t", " "), [], "a.vcf, line 1", "between tabs")
variants_case("an empty VCF", "", [], "a.vcf: is empty", "plain or gzipped")
variants_case("a stretch wider than a window", HEAD + ROW, ["--width", "9000"], "--width 9,000", "2,048 bp")
variants_case("no such track", HEAD + ROW, ["-t", "H3K27ac"], "--tracks H3K27ac")
variants_case("tracks of a variant that is not there", HEAD + ROW, ["--tracks-of", "two"], "--tracks-of two", "no row")
variants_case("tracks of one that is there twice", HEAD + 2 * ROW, ["--tracks-of", "one"], "lines 2 and 3")
variants_case("tracks of one without scores", HEAD + ROW, ["--tracks-of", "one"], "status is alt_missing")
table_case("genes of another genome", "--genes", "chrQ\t1\t9\n", "--genes", "none of its 1 row(s)")
table_case("a background without scores", "--background", HEAD + ROW, "--background", "none of its rows")
table_case("a truth without effects", "--truth", "chrom\tpos\tref\talt\n", "line 1", "no column named effect")
table_case(
    "a truth of words", "--truth", TRUTH + "chr1\t5\tA\tC\tmuch\n", "line 2", "effect 'much' is not a finite number"
)
table_case("a truth with another width", "--truth", TRUTH + "chr1\t5\tA\n", "line 2", "found 3 column(s)")
table_case("a truth without places", "--truth", TRUTH + "chr1\t-5\tA\tC\t1\n", "line 2", "pos '-5'")
table_case("a truth far away", "--truth", TRUTH + f"chr1\t{'9' * 5_000}\tA\tC\t1\n", "line 2", "is not a whole number")
table_case("a truth without an end", "--truth", TRUTH + "chr1\t5\tA\tC\tinf\n", "line 2", "not a finite number")
table_case("a truth of two effects", "--truth", TRUTH.replace("ref", "effect\tref"), "line 1", "more than one column")
table_case("a truth of other variants", "--truth", TRUTH + 3 * "chr1\t5\tA\tC\t1\n", "0 of its 3 measured")
table_case("a truth of one row", "--truth", TRUTH + "chr1\t5\tA\tC\t1\n", "1 row(s)", "at least 3")
