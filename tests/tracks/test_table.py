"""The track table is read in all the forms it is published in, and what cannot be meant is refused by line."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.tracks.table import COLUMNS, Track, TrackTable, read_tracks
from genint.tracks.transforms import STATISTICS

BASENJI = """index\tgenome\tidentifier\tfile\tclip\tscale\tsum_stat\tdescription
0\t0\tENCFF833POA\t/home/a.bw\t32\t2\tmean\tDNASE:cerebellum male adult (27 years)
1\t0\tCNhs11760\t/home/b.bw\t384\t1\tsum\tCAGE:aorta, adult, pool1
"""
BORZOI = """\tidentifier\tfile\tclip\tclip_soft\tscale\tsum_stat\tstrand_pair\tdescription
5313\tENCFF001+\ta.w5\t768\t384\t0.3\tsum_sqrt\t5314\tRNA:adrenal gland
5314\tENCFF001-\tb.w5\t768\t384\t0.3\tsum_sqrt\t5313\tRNA:adrenal gland
5315\tENCFF002\tc.w5\t\t\t\t\t5315\tATAC:liver
"""


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "targets.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes) -> TrackTable:
    return read_tracks(written(folder, content))


def table(*identifiers: str) -> TrackTable:
    return TrackTable(Track(identifier=name, description=f"ATAC:{name}", strand_pair=name) for name in identifiers)


def stranded(*pairs: tuple[str, str]) -> TrackTable:
    return TrackTable(Track(identifier=name, description="", strand_pair=pair) for name, pair in pairs)


def test_the_table_of_basenji_is_read_without_its_missing_columns(tmp_path: Path) -> None:
    dnase, cage = read(tmp_path, BASENJI)
    assert dnase == Track(
        identifier="ENCFF833POA",
        description="DNASE:cerebellum male adult (27 years)",
        clip=32,
        clip_soft=math.inf,
        scale=2,
        sum_stat="mean",
        strand_pair="ENCFF833POA",
        file="/home/a.bw",
    )
    assert (cage.clip, cage.sum_stat, cage.assay) == (384, "sum", "CAGE")


def test_the_table_of_borzoi_pairs_strands_by_an_index_that_starts_anywhere(tmp_path: Path) -> None:
    tracks = read(tmp_path, BORZOI)
    assert [track.strand_pair for track in tracks] == ["ENCFF001-", "ENCFF001+", "ENCFF002"]
    assert tracks.partners.tolist() == [1, 0, 2]
    assert (tracks[2].clip, tracks[2].clip_soft, tracks[2].scale, tracks[2].sum_stat) == (math.inf, math.inf, 1, "sum")


@pytest.mark.parametrize(
    "content",
    [
        "identifier\tstrand_pair\nplus\tminus\nminus\tplus\n",
        "identifier\tstrand_pair\nplus\t1\nminus\t0\n",
        "index\tidentifier\tstrand_pair\n7\tplus\t8\n8\tminus\t7\n",
        "\tidentifier\tstrand_pair\n1\tplus\t0\n0\tminus\t1\n",
        "strand_pair\tidentifier\r\n minus\tplus \r\n\r\nplus\tminus\r\n",
        "\ufeffidentifier\tstrand_pair\nplus\tminus\nminus\tplus",
    ],
    ids=["identifier", "position", "index", "unsorted index", "CRLF and blanks", "byte-order mark"],
)
def test_a_strand_pair_names_an_identifier_or_an_index(content: str, tmp_path: Path) -> None:
    assert [(t.identifier, t.strand_pair) for t in read(tmp_path, content)] == [("plus", "minus"), ("minus", "plus")]


def test_an_identifier_that_looks_like_an_index_is_an_identifier(tmp_path: Path) -> None:
    tracks = read(tmp_path, "identifier\tstrand_pair\n1\t1\n0\t2\n2\t0\n")
    assert [track.strand_pair for track in tracks] == ["1", "2", "0"]


def test_identifiers_alone_make_a_table(tmp_path: Path) -> None:
    assert list(read(tmp_path, "identifier\na\n")) == [Track(identifier="a", description="", strand_pair="a")]


@pytest.mark.parametrize("empty", ["", " ", "NA", "nan", "NaN", "."])
def test_an_empty_clip_is_no_clip(empty: str, tmp_path: Path) -> None:
    (track,) = read(tmp_path, f"identifier\tclip\tscale\na\t{empty}\t{empty}\n")
    assert (track.clip, track.scale) == (math.inf, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: no column named identifier. Expected a header with identifier, description"),
        ("\n\n", "line 1: no column named identifier"),
        ("a\tb\n1\t2\n", "line 1: no column named identifier"),
        ("identifier\n", "lists no tracks"),
        ("identifier\tfile\na\n", "line 2: found 1 column(s), the header has 2"),
        ("identifier\na\nb\tc\n", "line 3: found 2 column(s), the header has 1"),
        ("identifier\tfile\na\tx\n\ty\n", "line 3: the identifier is empty"),
        ("identifier\na\n\na\n", "line 4: the identifier a occurs twice"),
        ("identifier\n1\n0\n1\n", "line 4: the identifier 1 occurs twice"),
        ("identifier\tclip\na\tmany\n", "line 2: clip 'many' is not a number"),
        ("identifier\tclip\na\t0\n", "line 2: clip is 0. Expected a number above 0"),
        ("identifier\tclip_soft\na\t-1\n", "line 2: clip_soft is -1. Expected a number above 0"),
        ("identifier\tscale\na\t1,5\n", "line 2: scale '1,5' is not a number"),
        (
            "identifier\tscale\na\t0\n",
            "line 2: scale is 0. Expected a number other than 0; below 0 for a negative strand",
        ),
        ("identifier\tscale\na\t-inf\n", "line 2: scale is -inf. Expected a number other than 0"),
        ("identifier\tscale\na\tinf\n", "line 2: scale is inf. Expected a number other than 0"),
        ("identifier\tsum_stat\na\tmedian\n", "line 2: sum_stat 'median' is not one of sum, mean"),
        ("identifier\tstrand_pair\na\tb\n", "line 2: strand_pair 'b' names no track of this table"),
        ("identifier\tstrand_pair\na\t1\n", "line 2: strand_pair '1' names no track of this table"),
        ("index\tidentifier\tstrand_pair\n5313\ta\t0\n", "line 2: strand_pair '0' names no track"),
        (
            "identifier\tstrand_pair\na\tb\nb\tc\nc\tb\n",
            "line 2: strand_pair of a is b, whose own is c. The tracks of two strands must name each other",
        ),
        ("identifier\tstrand_pair\na\ta\nb\ta\n", "line 3: strand_pair of b is a, whose own is a"),
        ("identifier\na\n".encode("utf-16"), "line 1: is not UTF-8 text"),
        (b"identifier\n\xff\xfe\n", "line 2: is not UTF-8 text (byte 0xff). Expected a tab-separated track table"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_line_and_column(content: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"targets\.txt[,:] " + re.escape(message)):
        read(tmp_path, content)


def test_a_missing_table_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tsv: cannot read \(No such file"):
        read_tracks(tmp_path / "none.tsv")
    with pytest.raises(InputError, match=r"cannot read \(Is a directory\)"):
        read_tracks(tmp_path)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\r\n"), max_size=20).map(str.strip)
positives = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> TrackTable:
    names = draw(st.lists(cells.filter(bool), min_size=1, max_size=6, unique=True))
    turned = draw(st.permutations(range(len(names))))
    pairs = dict(zip(turned[::2], turned[1::2], strict=False))
    partner = {**{i: i for i in turned}, **pairs, **{b: a for a, b in pairs.items()}}
    return TrackTable(
        Track(
            identifier=name,
            description=draw(cells),
            clip=draw(positives | st.just(math.inf)),
            clip_soft=draw(positives | st.just(math.inf)),
            scale=draw(positives) * draw(st.sampled_from([1, -1])),
            sum_stat=draw(st.sampled_from(STATISTICS)),
            strand_pair=names[partner[i]],
            file=draw(cells),
        )
        for i, name in enumerate(names)
    )


@given(tables())
def test_a_written_table_is_read_back_the_same(tmp_path_factory: pytest.TempPathFactory, tracks: TrackTable) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.tsv"
    tracks.write(path)
    assert read_tracks(path) == tracks


def test_a_written_table_has_the_columns_of_the_field_and_the_extra_ones_last(tmp_path: Path) -> None:
    path = tmp_path / "tracks.tsv"
    table("a", "b").write(path, {"bigwig": ["a.bw", "b.bw"], "pearson": [np.float64(0.5), math.nan]})
    assert path.read_text().splitlines() == [
        "\t".join([*COLUMNS, "bigwig", "pearson"]),
        "a\tATAC:a\t\t\t1\tsum\ta\t\ta.bw\t0.5",
        "b\tATAC:b\t\t\t1\tsum\tb\t\tb.bw\tnan",
    ]
    assert read_tracks(path) == table("a", "b")


def test_a_written_table_keeps_quotes_as_they_are(tmp_path: Path) -> None:
    tracks = TrackTable([Track(identifier='5"', description="CHIP:'x' \"y\"", strand_pair='5"')])
    tracks.write(tmp_path / "tracks.tsv")
    assert (tmp_path / "tracks.tsv").read_text().splitlines()[1].startswith('5"\tCHIP:\'x\' "y"\t')
    assert read_tracks(tmp_path / "tracks.tsv") == tracks


@given(tables())
def test_a_data_frame_and_records_hold_what_the_tracks_hold(tracks: TrackTable) -> None:
    frame, records = tracks.to_pandas(), tracks.to_records()
    assert list(frame) == ["identifier", "assay", *COLUMNS[1:], "transform"]
    for track, row, record in zip(tracks, frame.to_dict("records"), records, strict=True):
        assert row == vars(track) | {"assay": track.assay}
        assert {name: math.inf if value is None else value for name, value in record.items()} == row
    json.dumps(records, allow_nan=False)


def test_the_example_table_is_read_and_written_back(example: Path, tmp_path: Path) -> None:
    tracks = read_tracks(example / "tracks.tsv")
    tracks.write(tmp_path / "tracks.tsv")
    assert read_tracks(tmp_path / "tracks.tsv") == tracks
    assert {track.assay for track in tracks} >= {"ATAC", "CAGE"}


def test_a_table_is_shown_in_one_line() -> None:
    assert repr(table("a", "b")) == "TrackTable(2 tracks: a, b)"
    assert repr(table("a", "b", "c", "d")) == "TrackTable(4 tracks: a, b, c, ...)"


def test_a_description_without_a_colon_names_no_assay() -> None:
    assert Track(identifier="a", description="liver", strand_pair="a").assay == "other"
    assert Track(identifier="a", description="CHIP:H3K27ac:K562", strand_pair="a").assay == "CHIP"


@given(tables())
def test_the_partner_of_the_partner_is_the_track_itself(tracks: TrackTable) -> None:
    assert tracks.partners[tracks.partners].tolist() == list(range(len(tracks)))


@given(tables(), st.data())
def test_any_choice_of_tracks_keeps_their_order_and_valid_partners(tracks: TrackTable, data: st.DataObject) -> None:
    columns = data.draw(st.lists(st.sampled_from(range(len(tracks))), unique=True, min_size=1))
    chosen = tracks.subset(columns)
    assert [track.identifier for track in chosen] == [tracks[column].identifier for column in columns]
    assert chosen.partners[chosen.partners].tolist() == list(range(len(chosen)))


def test_a_track_whose_partner_is_left_out_is_its_own_partner() -> None:
    tracks = stranded(("plus", "minus"), ("minus", "plus"), ("both", "both"))
    assert tracks.subset([2, 0]) == stranded(("both", "both"), ("plus", "plus"))
    assert tracks.subset([1, 0]) == stranded(("minus", "plus"), ("plus", "minus"))


TRACKS = TrackTable(
    Track(identifier=identifier, description=description, strand_pair=identifier)
    for identifier, description in [
        ("liver", "ATAC:liver"),
        ("liver2", "CAGE:liver, second donor"),
        ("k562+", "CAGE:K562, plus strand"),
        ("ctcf", "CHIP:CTCF:K562"),
    ]
)


@pytest.mark.parametrize(
    ("patterns", "columns"),
    [
        (["liver"], [0]),  # an identifier, so not liver2
        (["LIVER"], [0, 1]),
        (["k562+"], [2]),
        (["k562"], [2]),  # not the CHIP of K562, which is in a description
        (["^CAGE:"], [1, 2]),
        (["ATAC|CHIP"], [0, 3]),
        (["ctcf", "liver", "ATAC"], [0, 3]),
        (["donor"], [1]),  # in a description alone
    ],
)
def test_tracks_are_chosen_by_identifier_or_pattern_in_table_order(patterns: list[str], columns: list[int]) -> None:
    assert TRACKS.select(patterns) == columns


def test_an_assay_is_not_also_what_other_descriptions_mention() -> None:
    described = [("rna_wt", "RNA:wild type"), ("polii", "CHIP:RNA polymerase II"), ("slic", "CAGE:capped RNA")]
    tracks = TrackTable(Track(identifier=name, description=text, strand_pair=name) for name, text in described)
    assert [tracks.select(pattern) for pattern in ("RNA", "^rna", "polymerase", "ChIP|capped")] == [[0], [0], [1], [1]]


def test_patterns_may_stand_in_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, "k562+\r\n\r\n  liver  \r\n")
    assert TRACKS.select([f"@{path}", "ctcf"]) == [0, 2, 3]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("brain", "`tracks` brain: matches none of the 4 tracks (liver, liver2, k562+, ctcf, ...)"),
        ("liver(", "`tracks` liver(: not an identifier and not a regular expression"),
        ("", "`tracks` is empty"),
        ("@none.txt", "none.txt: cannot read (No such file or directory). Expected one identifier or pattern per line"),
        ("@", ".: cannot read (Is a directory)"),
    ],
)
def test_a_pattern_that_chooses_nothing_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        TRACKS.select(["ctcf", pattern])


def test_a_file_of_patterns_that_chooses_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no tracks"):
        TRACKS.select([f"@{written(tmp_path, chr(10))}"])
    with pytest.raises(InputError, match="`tracks` brain: matches none"):
        TRACKS.select([f"@{written(tmp_path, 'ctcf' + chr(10) + 'brain')}"])
    with pytest.raises(InputError, match="line 1: is not UTF-8 text"):
        TRACKS.select([f"@{written(tmp_path, bytes([255]))}"])


@given(tables())
@example(table("a", "A"))
@example(table("..", ".", "/", "-", "~"))
@example(table("x" * 300 + "1", "x" * 300 + "2"))
@example(table("0_a", "b", "B"))
def test_file_names_are_safe_and_differ_on_every_file_system(tracks: TrackTable) -> None:
    names = tracks.file_names()
    assert len({name.lower() for name in names}) == len(tracks)
    assert all(re.fullmatch(r"[A-Za-z0-9+][A-Za-z0-9._+-]{0,120}\.bw", name) for name in names)


def test_ordinary_identifiers_are_their_file_names() -> None:
    assert table("ENCFF001+", "ENCFF001-", "my track/2").file_names() == [
        "ENCFF001+.bw",
        "ENCFF001-.bw",
        "my_track_2.bw",
    ]


def test_identifiers_that_would_meet_are_all_numbered() -> None:
    assert table("a b", "a/b", "c").file_names(".bigWig") == ["0_a_b.bigWig", "1_a_b.bigWig", "2_c.bigWig"]


def test_the_table_says_how_each_track_is_squashed(tmp_path: Path) -> None:
    there = read(tmp_path, BASENJI).transform(128)
    assert there.apply(np.array([[20.0, 1.0], [1.0, 9.0]])).tolist() == [[32.0, 128.0], [2.0, 384.0]]


def test_the_old_recipe_travels_with_the_table_and_the_new_one_needs_no_column(tmp_path: Path) -> None:
    table = read(tmp_path, BORZOI)
    table.write(tmp_path / "new.tsv")
    assert "transform" not in (tmp_path / "new.tsv").read_text()
    aged = TrackTable(replace(track, transform="old") for track in table)
    aged.write(tmp_path / "old.tsv")
    again = read_tracks(tmp_path / "old.tsv")
    assert [track.transform for track in again] == ["old"] * len(table)
    coverage = np.full((1, len(table)), 3.0)
    assert (again.transform(128).apply(coverage) != table.transform(128).apply(coverage)).any()
