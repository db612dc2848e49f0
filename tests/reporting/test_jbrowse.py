"""config.json of JBrowse 2."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genint.genome.fasta import Genome
from genint.reporting.browser_tracks import Assay
from genint.reporting.hub_layout import HubAssembly
from genint.reporting.jbrowse import write_jbrowse_config
from tests.conftest import EXAMPLE
from tests.reporting.hubs import assembly, pair, run, single

RNA = Assay(label="RNA", rows=[pair("rna"), single("both")])


def config(*assemblies: HubAssembly) -> Any:
    return json.loads(write_jbrowse_config(list(assemblies)))


def test_strands_are_rows_of_one_track_and_everything_else_has_its_own() -> None:
    rna, both = config(assembly(run(RNA)))["tracks"]
    assert (rna["type"], both["type"]) == ("MultiQuantitativeTrack", "QuantitativeTrack")
    strands = [(each["name"], each["bigWigLocation"]["uri"]) for each in rna["adapter"]["subadapters"]]
    assert strands == [("rna_plus", "run/x.bw"), ("rna_minus", "run/x.bw")]
    assert both["category"] == ["RNA"]
    assert (both["displays"][0]["minScore"], both["displays"][0]["maxScore"]) == (0, 2)
    assert both["displays"][0]["renderers"]["XYPlotRenderer"]["color"] == "#0072B2"


def test_an_assembly_is_its_two_bit_file_or_else_its_chromosome_sizes() -> None:
    with Genome(EXAMPLE / "genome.fa") as genome:
        with_dna = HubAssembly(name="own", is_known=False, runs=[run(RNA)], genome=genome)
        own, known = config(with_dna, assembly(run(RNA), name="sacCer3", is_known=True))["assemblies"]
    assert own["sequence"]["adapter"]["type"] == "TwoBitAdapter"
    assert known["sequence"]["adapter"]["chromSizesLocation"]["uri"] == "sacCer3.chrom.sizes"


def test_the_first_view_shows_tracks_that_there_are() -> None:
    many = Assay(label="CAGE", rows=[single(f"t{number}") for number in range(30)])
    found = config(assembly(run(Assay(label="sd", rows=[single("sd")], is_shown=False), many)))
    (view,) = found["defaultSession"]["views"]
    assert view["init"]["loc"] == "chr1:1..100"
    assert view["init"]["tracks"] == [f"mine_run_t{number}" for number in range(12)]
    assert {*view["init"]["tracks"]} < {track["trackId"] for track in found["tracks"]}


@given(labels=st.lists(st.text(max_size=10), min_size=1, max_size=5))
def test_identifiers_of_tracks_are_unique_whatever_the_tracks_are_called(labels: list[str]) -> None:
    assay = Assay(label="A", rows=[single(label) for label in labels])
    found = config(assembly(run(assay, name="a"), run(assay, name="b")))
    assert len({track["trackId"] for track in found["tracks"]}) == 2 * len(labels)
    assert [track["name"] for track in found["tracks"]] == 2 * labels
