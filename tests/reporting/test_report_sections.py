"""Attention, attribution and variants in a report."""

from pathlib import Path

from genint.reporting.found_results import Result
from genint.reporting.report_sections import MOST_COLUMNS, MOST_PICTURES, MOST_ROWS, Budget, make_section, read_head


def test_alleles_lie_over_each_other_and_layers_have_rows(all_results: Path) -> None:
    alleles = make_section(Result("variant tracks", all_results / "alleles"), Budget(10**7), letters=False)
    (track,) = alleles.tracks
    assert [each["name"] for each in track["tracks"]] == ["atac.ref", "atac.alt", "atac.alt2", "atac.alt3"]
    assert track["tracks"][0]["color"] == "#969696"
    attention = make_section(Result("attention", all_results / "attention"), Budget(10**7), letters=True)
    assert {each["type"] for each in attention.tracks} == {"wig"}
    assert not [each for each in attention.tracks if "graphType" in each]
    assert [head.name for head in attention.tables] == ["worth.tsv"]


def test_contributions_are_letters_where_there_is_dna(all_results: Path) -> None:
    why = Result("attribution", all_results / "why")
    assert make_section(why, Budget(10**7), letters=True).tracks[0]["graphType"] == "dynseq"
    assert "graphType" not in make_section(why, Budget(10**7), letters=False).tracks[0]


def test_what_does_not_fit_is_named(all_results: Path) -> None:
    budget = Budget(30_000)
    section = make_section(Result("attention", all_results / "attention"), budget, letters=False)
    assert budget.left >= 0
    assert section.pictures == []
    assert "layers.png" in section.left_out


def test_a_few_pictures_are_shown_and_all_others_named(tmp_path: Path) -> None:
    (tmp_path / "logos").mkdir()
    for number in range(MOST_PICTURES + 2):
        (tmp_path / "logos" / f"{number:02}.png").write_bytes(b"PNG")
    section = make_section(Result("attribution", tmp_path), Budget(10**6), letters=False)
    assert len(section.pictures) == MOST_PICTURES
    assert section.left_out == ["08.png", "09.png"]


def test_a_table_is_cut_to_its_head_and_says_of_how_much(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(MOST_COLUMNS + 3)]
    line = "\t".join(map(str, range(len(names))))
    (tmp_path / "t.tsv").write_text("# made by\n" + "\t".join(names) + "\n" + f"{line}\n" * (MOST_ROWS + 5))
    head = read_head(tmp_path / "t.tsv")
    assert head.columns == names[:MOST_COLUMNS]
    assert [len(head.rows), len(head.rows[0]), head.n_rows, head.n_columns] == [20, 12, 25, 15]
