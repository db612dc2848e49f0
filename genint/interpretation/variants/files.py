"""The files that scores are written to, made from parts of a table: .tsv, .parquet, and .vcf with INFO."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from genint.errors import InputError, OutputError
from genint.interpretation.variants.table import GENE_KEYS, INTEGERS, KEYS
from genint.interpretation.variants.vcf import COLUMNS, parse_row, read_body, read_header

_STANDARD = (*COLUMNS, "QUAL", "FILTER", "INFO")
_PREFIX = "GENINT_"  # of our keys of INFO
_OURS = ("##genint=", f"##INFO=<ID={_PREFIX}")  # lines of the header that a run writes anew
_MALFORMED = "##genint_malformed="
TEXTS = ("chrom", "id", "ref", "alt", "status", "scored_as", "gene")


class Table(NamedTuple):
    """A table to be written to `path`: its parts, text with a header each, and lines that say what is in it."""

    path: Path
    form: "TableWriter"
    parts: Sequence[Path]
    description: Sequence[str]


TableWriter = Callable[[Path, Table, Path | str], None]  # where to, what, and the VCF that it was made from


def variant_format(out: Path) -> TableWriter:
    """The format that a file's name asks for. OutputError for another, InputError where a package is missing."""
    if out.suffix not in _FORMATS:
        raise OutputError(f"{out}: ends in none of {', '.join(_FORMATS)}. Choose another `out`")
    if out.suffix == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise InputError(
                f"{out}: Parquet needs pyarrow. Run: pip install 'genint[parquet]', or choose .tsv"
            ) from None
    return _FORMATS[out.suffix]


def gene_file(out: Path) -> Path:
    """Beside `out`: scores.tsv -> scores.genes.tsv, scores.parquet -> scores.genes.parquet.

    That of scores.vcf is scores.vcf.genes.tsv, as scores.genes.tsv is that of scores.tsv.
    """
    return out.with_name(f"{out.name}.genes.tsv") if out.suffix == ".vcf" else out.with_suffix(f".genes{out.suffix}")


def is_gene_table(path: Path) -> bool:
    """Whether a file is there, can be read, and is a table of genes by its columns."""
    try:
        columns = _columns_of_parquet(path) if path.suffix == ".parquet" else _columns_of_text(path)
    except OSError:
        return False
    return tuple(columns[: len(GENE_KEYS)]) == GENE_KEYS


def _columns_of_parquet(path: Path) -> list[str]:
    import pyarrow
    from pyarrow import parquet

    try:
        return list(parquet.read_schema(path).names)
    except pyarrow.ArrowInvalid:  # no Parquet
        return []


def _columns_of_text(path: Path) -> list[str]:
    with open(path, encoding="utf-8", errors="replace") as file:
        return next((line for line in file if not line.startswith("#")), "").rstrip("\n").split("\t")


def read_part(part: Path) -> pd.DataFrame:
    """A part as a DataFrame: integers with gaps, text, and numbers."""
    with open(part, encoding="utf-8") as file:
        columns = file.readline().rstrip("\n").split("\t")
    kinds = {name: "str" if name in TEXTS else "Int64" if name in INTEGERS else "float64" for name in columns}
    numbers = {name: [""] for name in columns if name not in TEXTS}
    return pd.read_csv(part, sep="\t", dtype=kinds, keep_default_na=False, na_values=numbers, quoting=3)


def _lines(parts: Sequence[Path]) -> Iterator[str]:
    """The rows of all parts, with their ends."""
    for part in parts:
        with open(part, encoding="utf-8", newline="\n") as file:
            yield from islice(file, 1, None)


def write_text(new: Path, table: Table, vcf: Path | str) -> None:
    """Lines of description that begin with #, the names of the columns, the rows."""
    with open(new, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"# {line}\n" for line in table.description)
        with open(table.parts[0], encoding="utf-8") as first:
            file.write(first.readline())
        file.writelines(_lines(table.parts))


def write_parquet(new: Path, table: Table, vcf: Path | str) -> None:
    """A row group per part; the description is the schema's metadata."""
    import pyarrow
    from pyarrow import parquet

    columns = read_part(table.parts[0]).columns
    kinds = {**dict.fromkeys(TEXTS, pyarrow.string()), **dict.fromkeys(INTEGERS, pyarrow.int64())}
    schema = pyarrow.schema(
        [(name, kinds.get(name, pyarrow.float64())) for name in columns],
        metadata={"description": "\n".join(table.description)},
    )
    with parquet.ParquetWriter(new, schema) as writer:
        for part in table.parts:
            writer.write_table(pyarrow.Table.from_pandas(read_part(part), schema=schema, preserve_index=False))


def write_vcf(new: Path, table: Table, vcf: Path | str) -> None:
    """The VCF as it was, with a value for each ALT in INFO; a malformed row, which a VCF cannot hold, in the header.

    What an earlier run added is left out, but for its malformed rows.
    """
    with open(table.parts[0], encoding="utf-8") as first:
        columns = first.readline().rstrip("\n").split("\t")[len(KEYS) :]
    names = [info_name(column) for column in columns]
    *header, titles = read_header(vcf)
    with open(new, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in header if line.strip() and not line.startswith((*_OURS, _MALFORMED)))
        file.writelines(f"##genint={line}\n" for line in table.description)
        for column, name in zip(columns, names, strict=True):
            kind = "String" if column in TEXTS else "Integer" if column in INTEGERS else "Float"
            file.write(f'##INFO=<ID={name},Number=A,Type={kind},Description="{column} of genint variants">\n')
        file.writelines(f"{line}\n" for line in header if line.startswith(_MALFORMED))
        bad = ((n, line) for n, line in read_body(vcf) if parse_row(n, line).fault)
        file.writelines(f"{_MALFORMED}line {number}: {line}\n" for number, line in bad)
        names_of_columns = titles.split("\t")
        file.write("\t".join([*names_of_columns, *_STANDARD[len(names_of_columns) :]]) + "\n")
        file.writelines(_annotated(vcf, table.parts, names))


def info_name(column: str) -> str:
    """A column's name as a key of INFO: letters, digits, _ and . alone, GENINT_ before it.

    Strands are words there: x+ is x_plus, and x- is x_minus, but x-y is x_y.
    """
    words = re.sub(r"-(?![A-Za-z0-9])", "_minus", column.replace("+", "_plus"))
    return _PREFIX + re.sub(r"[^A-Za-z0-9_.]", "_", words)


def check_info_names(out: Path, columns: Sequence[str]) -> None:
    """InputError where two columns have one key in the INFO of a .vcf; other formats have the columns' own names."""
    found: dict[str, str] = {}
    for column in columns if out.suffix == ".vcf" else ():
        other = found.setdefault(info_name(column), column)
        if other != column:
            raise InputError(
                f"{out}: columns {other} and {column} have one key in INFO, {info_name(column)}. "
                "Choose one with `tracks`, or an `out` that ends in .tsv or .parquet"
            )


def _annotated(vcf: Path | str, parts: Sequence[Path], names: Sequence[str]) -> Iterator[str]:
    scored = groupby((line.rstrip("\n").split("\t") for line in _lines(parts)), key=lambda cells: int(cells[0]))
    for (number, line), (_, rows) in zip(read_body(vcf), scored, strict=True):
        cells = line.split("\t")
        alternatives = zip(*(row[len(KEYS) :] for row in rows), strict=True)  # a column's values for each ALT
        if parse_row(number, line).fault:
            continue
        cells += ["."] * (len(_STANDARD) - len(cells))
        texts = (",".join(value or "." for value in values) for values in alternatives)
        added = [f"{name}={text}" for name, text in zip(names, texts, strict=True)]
        present = [] if cells[7] in (".", "") else cells[7].split(";")
        kept = [entry for entry in present if not entry.startswith(_PREFIX)]
        cells[7] = ";".join([*kept, *added])
        yield "\t".join(cells) + "\n"


_FORMATS: dict[str, TableWriter] = {".tsv": write_text, ".parquet": write_parquet, ".vcf": write_vcf}
