"""The text of a track hub, held against the rules that UCSC's hubCheck holds hubs to."""

from hypothesis import given
from hypothesis import strategies as st

from genint.reporting.browser_tracks import Assay
from genint.reporting.track_hub import HubDescription, write_hub
from tests.reporting.hubs import (
    HUB,
    assembly,
    check_genome,
    check_hub_head,
    check_one_file_hub,
    check_tracks,
    hub_text,
    pair,
    run,
    single,
    stanzas,
    tracks_of,
)

ATAC = Assay(label="ATAC", rows=[single("atac")])
RNA = Assay(label="RNA", rows=[pair("rna"), single("both")])


def test_an_assay_is_a_composite_and_one_with_strands_a_super_track_of_mirrored_multiwigs() -> None:
    text = hub_text(run(ATAC, RNA))
    check_one_file_hub(text)
    tracks = tracks_of(text)
    assert list(tracks) == ["ATAC", "atac_2", "RNA", "rna_2", "rna_plus", "rna_minus", "RNA_unstranded", "both"]
    assert tracks["ATAC"]["compositeTrack"] == "on"
    assert tracks["RNA"]["superTrack"] == "on show"
    assert tracks["rna_2"] | {"container": "multiWig", "parent": "RNA", "viewLimits": "-2:2"} == tracks["rna_2"]
    assert [tracks[name].get("negateValues") for name in ("rna_plus", "rna_minus")] == [None, "on"]
    assert tracks["both"]["parent"] == "RNA_unstranded on"


def test_one_assembly_is_one_file_and_several_are_three_files() -> None:
    one = write_hub(HUB, [assembly(run(ATAC), name="sacCer3", is_known=True)])
    assert list(one) == ["hub.txt"]
    assert stanzas(one["hub.txt"])[1] == {"genome": "sacCer3"}
    two = write_hub(HUB, [assembly(run(ATAC), name="sacCer3", is_known=True), assembly(run(RNA, name="b"))])
    assert list(two) == ["hub.txt", "genomes.txt", "trackDb_sacCer3.txt", "trackDb_mine.txt"]
    check_hub_head(*stanzas(two["hub.txt"]))
    known, mine = stanzas(two["genomes.txt"])
    assert known == {"genome": "sacCer3", "trackDb": "trackDb_sacCer3.txt"}
    check_genome(mine)
    assert mine["twoBitPath"] == "mine.2bit"
    for name in ("trackDb_sacCer3.txt", "trackDb_mine.txt"):
        check_tracks(stanzas(two[name]))


def test_two_runs_on_an_assembly_have_tracks_of_their_own() -> None:
    text = hub_text(run(ATAC, name="first"), run(ATAC, name="second"))
    check_one_file_hub(text)
    leaves = [track["bigDataUrl"] for track in stanzas(text) if "bigDataUrl" in track]
    assert leaves == ["first/x.bw", "second/x.bw"]


def test_of_thousands_of_tracks_the_first_are_shown() -> None:
    text = hub_text(run(Assay(label="CAGE", rows=[single(f"t{number}") for number in range(100)])))
    check_one_file_hub(text)
    assert [track["parent"] for track in stanzas(text) if "bigDataUrl" in track] == 40 * ["CAGE on"] + 60 * ["CAGE off"]


def test_standard_deviations_are_hidden_until_somebody_asks() -> None:
    text = hub_text(run(ATAC, Assay(label="sd", rows=[single("atac")], is_shown=False)))
    check_one_file_hub(text)
    assert tracks_of(text)["sd"]["visibility"] == "hide"


words = st.text(max_size=30) | st.sampled_from(
    ["\\", "a\\", "a b\tc", "1", "_", "a\nparent b", "Ä", "\u2028", "a\x85b"]
)
rows = st.lists(st.builds(single, words, words) | st.builds(pair, words, words), min_size=1, max_size=4)
assays = st.lists(st.builds(Assay, label=words, rows=rows, is_shown=st.booleans()), min_size=1, max_size=3)


@given(first=assays, second=assays, label=words)
def test_any_identifiers_and_descriptions_make_a_hub_that_keeps_the_rules(
    first: list[Assay], second: list[Assay], label: str
) -> None:
    runs = [run(*first, name="first"), run(*second, name="second")]
    check_one_file_hub(write_hub(HubDescription(label, label, "me@here.org"), [assembly(*runs)])["hub.txt"])
    check_one_file_hub(hub_text(run(*first)))
