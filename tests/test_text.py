"""Tables are written one way."""

from pathlib import Path

import pandas as pd

from genint.text import write_tsv


def test_a_table_is_written_as_it_is_with_empty_cells_for_what_is_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ['say "hi"', None], "value": [0.1, float("nan")], "bins": [3, 4]})
    write_tsv(tmp_path / "a.tsv", table)
    assert (tmp_path / "a.tsv").read_text() == 'name\tvalue\tbins\nsay "hi"\t0.1\t3\n\t\t4\n'


def test_rows_are_added_below_a_header(tmp_path: Path) -> None:
    table = pd.DataFrame({"value": [1 / 3]})
    write_tsv(tmp_path / "a.tsv", table)
    write_tsv(tmp_path / "a.tsv", table, append=True, float_format="%.2f")
    assert (tmp_path / "a.tsv").read_text() == f"value\n{1 / 3!r}\n0.33\n"
