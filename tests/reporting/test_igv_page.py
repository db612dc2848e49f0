"""What igv.js is told."""

import base64
import gzip

from genint.genome.dna_source import SequenceSource
from genint.genome.region import Region
from genint.reporting.igv_page import Drawn, draw_one, draw_overlay, draw_row, write_config, write_reference

BLUE = Drawn(name="plus", content=b"bigWig", colour=(0, 114, 178))
DARK = Drawn(name="minus", content=b"bigWig", colour=(0, 68, 106))


def fasta(reference: dict[str, str]) -> str:
    return gzip.decompress(base64.b64decode(reference["fastaURL"].split(",")[1])).decode()


def test_a_genome_is_the_lengths_of_the_shown_chromosomes_with_letters_where_they_are_known() -> None:
    sizes, views = {"chr1": 40, "chr2": 50}, [Region("chr1", 4, 8), Region("chr1", 6, 12)]
    assert fasta(write_reference("g", sizes, views, None)) == ">chr1:1-1 @len=40\nN\n"
    letters = write_reference("g", sizes, views, SequenceSource("ACGTT" * 8, "chr1"))
    assert fasta(letters) == ">chr1:1-1 @len=40\nN\n>chr1:5-12 @len=40\nTACGTTAC\n"
    apart = write_reference(
        "g", sizes, [Region("chr1", 0, 2), Region("chr1", 4, 6)], SequenceSource("ACGTT" * 8, "chr1")
    )
    assert fasta(apart).count(">") == 3


def test_two_strands_share_a_row_and_one_has_its_own() -> None:
    assert draw_row("a", [BLUE])["type"] == "wig"
    pair = draw_row("a", [BLUE, DARK])
    assert [pair["type"], pair["alpha"], pair["autoscale"]] == ["merged", 1, True]
    assert [(each["name"], each["color"]) for each in pair["tracks"]] == [("plus", "#0072B2"), ("minus", "#00446A")]
    assert draw_overlay("a", [BLUE, DARK])["alpha"] < 1


def test_letters_are_drawn_where_they_are_wanted() -> None:
    assert draw_one("a", BLUE, letters=True)["graphType"] == "dynseq"
    assert "graphType" not in draw_one("a", BLUE)


def test_nothing_in_the_configuration_is_on_a_network() -> None:
    views = [Region("chr1", 4, 8)]
    config = write_config(write_reference("g", {"chr1": 40}, views, None), views, [draw_one("a", BLUE)])
    assert config["locus"] == "chr1:5-8"
    assert "http" not in str(config)
    assert (config["loadDefaultGenomes"], config["search"]) == (False, False)


def test_names_are_no_html() -> None:
    evil, safe = "<img src=x onerror=alert(1)> & co", "&lt;img src=x onerror=alert(1)&gt; &amp; co"
    drawn = Drawn(name=evil, content=b"bigWig", colour=(0, 0, 0))
    reference = write_reference(evil, {"chr1": 40}, [Region("chr1", 4, 8)], None)
    assert [reference["id"], reference["name"], draw_one(evil, drawn)["name"]] == [safe] * 3
    merged = draw_row(evil, [drawn, drawn])
    assert [merged["name"], *(each["name"] for each in merged["tracks"])] == [safe] * 3
