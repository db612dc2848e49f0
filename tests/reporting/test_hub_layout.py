"""Names of a hub's files and tracks."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from genint.reporting.hub_layout import in_one_line, make_name, name_runs, path_of, sort_by_assembly
from tests.reporting.hubs import run, signal


@given(texts=st.lists(st.text(max_size=8)))
def test_names_are_safe_and_differ_in_more_than_case(texts: list[str]) -> None:
    taken: set[str] = set()
    names = [make_name(text, taken) for text in texts]
    assert all(re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) for name in names)
    assert len({name.lower() for name in names}) == len(texts)


def test_a_good_name_stays_as_it_is() -> None:
    assert make_name("rna_pool_plus", set()) == "rna_pool_plus"


def test_folders_of_one_name_get_folders_of_their_own() -> None:
    assert name_runs([Path("a/out"), Path("b/out"), Path("2024 run")]) == ["out", "out_2", "t2024_run"]
    assert path_of(run(name="out_2"), signal("a")) == "out_2/x.bw"


def test_runs_are_sorted_by_the_digest_of_their_genome_and_named_for_ucsc_where_it_has_it() -> None:
    yeast, mine, again = run(assembly="yeast"), run(assembly="mine"), run(assembly="yeast")
    for each in (yeast, again):
        each.sizes.update({"chrI": 230_218})
    first, second = sort_by_assembly([yeast, mine, again], {})
    assert (first.name, first.is_known, first.runs) == ("sacCer3", True, [yeast, again])
    assert (second.name, second.is_known, second.runs) == ("mine", False, [mine])


def test_two_genomes_of_one_name_are_told_apart() -> None:
    first, second = run(assembly="genome"), run(assembly="genome")
    second.genome["digest"] = "another"
    assert [each.name for each in sort_by_assembly([first, second], {})] == ["genome", "genome_2"]


def test_control_characters_become_blanks() -> None:
    assert in_one_line(" a\x00b\n\u2028 c ") == "a b c"
