"""Chromosome names meet as they are, by alias, or by spelling; where two could be meant, none is taken."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.chromosome_names import (
    Advice,
    read_aliases,
    reconcile,
    reconcile_known,
    reconcile_rows,
    reconcile_some,
)


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "chromAlias.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def renamed(asked: str, known: list[str], aliases: list[list[str]] | None = None) -> str:
    return reconcile([asked], known, asked_by="regions.bed", known_by="genome.fa", aliases=aliases)[asked]


@pytest.mark.parametrize(
    ("asked", "known"), [("chr1", "1"), ("1", "chr1"), ("chrX", "X"), ("scaffold_7", "chrscaffold_7")]
)
def test_names_with_and_without_chr_meet(asked: str, known: str) -> None:
    assert renamed(asked, [known, "other"]) == known


@pytest.mark.parametrize("asked", ["M", "MT", "chrM", "chrMT", "Mito", "chrMito"])
@pytest.mark.parametrize("known", ["M", "MT", "chrM", "chrMT", "Mito", "chrMito"])
def test_every_name_of_the_mitochondrion_meets_every_other(asked: str, known: str) -> None:
    assert renamed(asked, [known, "chr1", "1"]) == known


@pytest.mark.parametrize("known", [["1", "chr1"], ["chr1", "1"]])
def test_the_exact_name_wins(known: list[str]) -> None:
    assert renamed("1", known) == "1"
    assert renamed("chr1", known) == "chr1"
    assert renamed("1", known, [["1", "chr1"]]) == "1"


def test_an_alias_wins_over_a_guess() -> None:
    assert renamed("chr1", ["1", "NC_000001.11"], [["chr1", "NC_000001.11"]]) == "NC_000001.11"


def test_the_example_aliases_lead_to_the_example_genome(example: Path) -> None:
    aliases = read_aliases(example / "chromAlias.txt")
    assert [renamed(f"SYN_00000{n}.1", ["chr1", "chr2", "chr3"], aliases) for n in (1, 2, 3)] == [
        "chr1",
        "chr2",
        "chr3",
    ]


def test_an_alias_table_may_spread_the_names_of_one_sequence_over_rows(tmp_path: Path) -> None:
    text = "NT_187361.1\tchr1_KI270706v1_random\trefseq\nKI270706.1\tchr1_KI270706v1_random\tgenbank\n"
    aliases = read_aliases(written(tmp_path, text))
    assert renamed("chr1_KI270706v1_random", ["1", "NT_187361.1"], aliases) == "NT_187361.1"
    assert renamed("chr1_KI270706v1_random", ["1", "KI270706.1"], aliases) == "KI270706.1"


def test_an_alias_table_without_two_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no row holds two tab-separated names\. Expected a UCSC chromAlias"):
        read_aliases(written(tmp_path, "# a b\nchr1\nchr2\n"))
    with pytest.raises(InputError, match=r"is not UTF-8 text \(byte 0x.*\)\. Expected a UCSC chromAlias"):
        read_aliases(written(tmp_path, b"\xff\xff"))


def test_a_name_on_one_side_alone_is_refused_and_both_sides_are_listed() -> None:
    with pytest.raises(InputError) as error:
        reconcile(["chr1", "chrQ", "chrR", "chrQ"], ["1", "10", "2"], asked_by="regions.bed", known_by="genome.fa")
    assert "regions.bed: chromosome(s) chrQ, chrR not in genome.fa, which has 1, 2, 10." in str(error.value)


def test_the_caller_chooses_what_is_advised() -> None:
    asked = {"asked_by": "a.bed", "known_by": "g.fa"}
    with pytest.raises(InputError, match=r"assembly\? Drop those rows, or give `aliases`, a UCSC chromAlias.txt$"):
        reconcile(["x"], ["1"], **asked)
    with pytest.raises(InputError, match=r"could be M, chrM of g\.fa\. Write it as it stands there, or give `aliases`"):
        reconcile_known(["MT"], ["chrM", "M"], **asked)
    advice = Advice("Give another", takes_aliases=False)
    for reconcile_names in (reconcile, reconcile_some):
        with pytest.raises(InputError, match=r"assembly\? Give another$"):
            reconcile_names(["x"], ["1"], **asked, advice=advice)
    with pytest.raises(InputError, match=r"assembly\? Give another$"):
        reconcile_rows(["x"], ["1"], **asked, advice=advice, report=print)
    with pytest.raises(InputError, match=r"could be M, chrM of g\.fa\. Write it as it stands there$"):
        reconcile(["MT"], ["chrM", "M"], **asked, advice=advice)


def test_rows_on_unknown_contigs_keep_their_name_and_are_reported_unless_all_are_unknown() -> None:
    notes: list[str] = []

    def rows(*requested: str) -> dict[str, str]:
        return reconcile_rows(requested, ["1", "2"], asked_by="a.bed", known_by="g.fa", report=notes.append)

    assert rows("chr1", "chrUn_2", "chr1", "chrUn_1", "chrUn_2") == {
        "chr1": "1",
        "chrUn_1": "chrUn_1",
        "chrUn_2": "chrUn_2",
    }
    assert notes == ["note: 3 of 5 region(s) are skipped: g.fa has no chromosome chrUn_1, chrUn_2"]
    assert rows("chr2") == {"chr2": "2"}
    assert len(notes) == 1
    with pytest.raises(InputError, match=r"a\.bed: chromosome\(s\) chrUn_1 not in g\.fa"):
        rows("chrUn_1", "chrUn_1")


def test_a_long_list_of_names_is_cut_in_the_message() -> None:
    with pytest.raises(InputError, match=r"chr1, chr2, .* chr8 and 17 more"):
        reconcile(["chrQ"], [f"chr{n}" for n in range(25, 0, -1)], asked_by="a.bed", known_by="g.fa")


@given(st.lists(st.text(min_size=1, max_size=5) | st.sampled_from(["chr1", "1", "M", "chrM", "²"]), max_size=8))
def test_known_names_are_themselves_whatever_they_look_like(names: list[str]) -> None:
    assert reconcile(names, reversed(names), asked_by="a.bed", known_by="g.fa") == {name: name for name in names}


def known(requested: list[str], names: list[str], aliases: list[list[str]] | None = None) -> dict[str, str]:
    return reconcile_known(requested, names, asked_by="a.bw", known_by="g.fa", aliases=aliases, one_to_one=True)


@pytest.mark.parametrize("requested", [["1", "chr1"], ["chr1", "1"]])
def test_a_name_whose_like_is_exact_is_left_out(requested: list[str]) -> None:
    assert known(requested, ["1", "2"]) == {"1": "1"}
    assert known([*requested, "chr2"], ["1", "2"]) == {"1": "1", "chr2": "2"}
    assert reconcile(requested, ["1"], asked_by="a.bed", known_by="g.fa") == {"1": "1", "chr1": "1"}


def test_a_name_of_the_mitochondrion_is_left_out_where_another_is_exact() -> None:
    assert known(["chrM", "MT"], ["MT"]) == {"MT": "MT"}
    assert known(["chrM", "chrMT"], ["chrM", "1"]) == {"chrM": "chrM"}


@pytest.mark.parametrize(
    ("requested", "names", "aliases"),
    [
        ("MT", ["chrM", "M"], None),
        ("chrMT", ["MT", "chrM"], None),
        ("chr1", ["NC_1", "CM_1"], [["chr1", "NC_1", "CM_1"]]),
    ],
)
def test_a_name_that_could_be_two_is_refused(requested: str, names: list[str], aliases: list[list[str]] | None) -> None:
    with pytest.raises(InputError, match=rf"a\.bw: chromosome {requested} could be .*, .* of g\.fa"):
        known([requested], names, aliases)


@pytest.mark.parametrize(
    ("requested", "names", "aliases"),
    [
        (["chrM", "MT"], ["Mito"], None),
        (["NC_1", "CM_1"], ["chr1"], [["chr1", "NC_1"], ["chr1", "CM_1"]]),
    ],
)
def test_two_names_that_could_be_one_are_refused(
    requested: list[str], names: list[str], aliases: list[list[str]] | None
) -> None:
    with pytest.raises(InputError, match=r"a\.bw: chromosomes .*, .* could both be .* of g\.fa"):
        known(requested, names, aliases)


def test_aliases_say_which_of_two_is_meant() -> None:
    assert known(["chrM", "MT"], ["Mito"], [["chrM", "Mito"]]) == {"chrM": "Mito"}
    assert known(["MT"], ["chrM", "M"], [["MT", "M"]]) == {"MT": "M"}


@given(
    st.lists(st.sampled_from(["1", "chr1", "2", "chr2", "M", "MT", "chrM", "chrchr1", "x"]), max_size=6),
    st.lists(st.sampled_from(["1", "chr1", "2", "chr2", "M", "MT", "chrM", "y"]), max_size=6),
)
def test_no_two_names_ever_meet_one_and_exact_names_are_themselves(requested: list[str], names: list[str]) -> None:
    try:
        mapping = known(requested, names)
    except InputError:
        return
    assert len(set(mapping.values())) == len(mapping)
    assert all(mapping[name] == name for name in requested if name in names)
    assert set(mapping) <= set(requested)
    assert set(mapping.values()) <= set(names)
