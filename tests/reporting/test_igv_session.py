"""Sessions of IGV: XML that parses, whatever tracks are called."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from genint.reporting.browser_tracks import Assay
from genint.reporting.hub_layout import in_one_line
from genint.reporting.igv_session import write_igv_session
from tests.reporting.hubs import assembly, pair, run, single


def test_a_session_names_genome_place_and_every_shown_bigwig() -> None:
    rna = Assay(label="RNA", rows=[pair("rna"), single("both")])
    sd = Assay(label="sd", rows=[single("rna sd")], is_shown=False)
    session = ElementTree.fromstring(write_igv_session(assembly(run(rna, sd), name="sacCer3", is_known=True)))
    assert session.tag == "Session"
    assert session.attrib == {"genome": "sacCer3", "locus": "chr1:1-100", "version": "8"}
    tracks = session.findall("Panel/Track")
    assert [track.get("name") for track in tracks] == ["rna_plus", "rna_minus", "both"]
    assert [track.get("negateValues") for track in tracks] == [None, "true", None]
    assert {track.get("id") for track in tracks} == {each.get("path") for each in session.findall("Resources/Resource")}
    ranges = [(each.get("minimum"), each.get("maximum")) for each in session.findall("Panel/Track/DataRange")]
    assert ranges == [("0", "2"), ("-2", "0"), ("0", "2")]


def test_a_genome_that_igv_does_not_have_is_the_two_bit_file_beside_the_session() -> None:
    session = ElementTree.fromstring(write_igv_session(assembly(run(Assay(label="A", rows=[single("a")])))))
    assert session.get("genome") == "mine.2bit"


@given(label=st.text())
def test_any_identifier_makes_xml_that_parses(label: str) -> None:
    session = ElementTree.fromstring(write_igv_session(assembly(run(Assay(label="A", rows=[single(label)])))))
    (track,) = session.findall("Panel/Track")
    assert track.get("name") == in_one_line(label)
