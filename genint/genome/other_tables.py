"""Tables of the field that are not BED, and yet hold whole numbers where BED does or are given in its place.

Read as BED, most would be off by one base or somewhere else altogether. They are recognised by their first lines or by
the shape of their rows, never by file name, and refused with a way to convert them.
"""

import re
from collections.abc import Callable, Sequence

from genint.errors import InputError

Fields = Sequence[str]

_AWK = "Convert it: awk -v OFS='\\t'"
_VCF = "a VCF, whose second column is a 1-based position. Convert it: bcftools query -f '%CHROM\\t%POS0\\t%END\\n'"
_GFF = f"GFF or GTF, whose 1-based start and end are columns 4 and 5. {_AWK} '!/^#/ {{print $1, $4 - 1, $5}}'"
_INTERVAL_LIST = (
    f"a Picard interval_list, whose starts are 1-based. {_AWK} '!/^@/ {{print $1, $2 - 1, $3, $5}}'. "
    "If it is BED, put a name into column 4"
)
_SAM_HEADER = f"a Picard interval_list, whose starts are 1-based, or SAM. {_AWK} '!/^@/ {{print $1, $2 - 1, $3, $5}}'"
_SAM = "SAM alignments. Convert them: bedtools bamtobed"
_PSL = f"PSL alignments, whose target is in columns 14, 16 and 17. {_AWK} '{{print $14, $16, $17}}'"
_SIZES = f"chromosome lengths. Give `whole_genome` or `chroms` for complete ones, or: {_AWK} '{{print $1, 0, $2}}'"
_FAI = f"a FASTA index. Give `whole_genome` or `chroms` for complete chromosomes, or: {_AWK} '{{print $1, 0, $2}}'"
_GENES = "a gene table (genePred or refFlat), whose chromosome is not in column 1. Convert it: genePredToBed"
_BIN = "a dump of a UCSC table, whose first column is an index (bin). Convert it: cut -f 2-4"
_WIGGLE = "wiggle, which is no table. Convert it: convert2bed -i wig"
_MAF = "MAF, which is not BED"
_LIST = f"1-based chrom:start-end. Give each as `region`, or: {_AWK} -F '[:-]' '{{print $1, $2 - 1, $3}}'"
_COMMAS = "values between commas or semicolons. Put tabs in their place"
_PILEUP = f"positions (pileup), which are 1-based. {_AWK} '{{print $1, $2 - 1, $2}}'"
_WIDTHS = f"1-based regions with their widths (GenomicRanges, MACS). {_AWK} '{{print $1, $2 - 1, $3}}'"

_FIRST_WORDS = (
    (r"##fileformat=VCF|#CHROM\s+POS\b", _VCF),
    (r"##(gff|gtf|sequence-region)", _GFF),
    (r"@(HD|SQ|RG|PG|CO)\t", _SAM_HEADER),
    (r"psLayout", _PSL),
    (r"(fixed|variable)Step\s+chrom=", _WIGGLE),
    (r"##maf|Hugo_Symbol\t", _MAF),
    (r"#bin\t", _BIN),
)
_VALUE = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_ROWS_TO_CHECK = 1_000


def describe_line(line: str) -> str:
    """What a line that is no row shows the file to be, "" where it shows nothing."""
    kind = next((kind for pattern, kind in _FIRST_WORDS if re.match(pattern, line)), "")
    return kind and f"looks like {kind}"


def describe_row(fields: Fields) -> str:
    """What a row without coordinates in columns 2 and 3 belongs to, "" where nothing is known."""
    kinds: tuple[tuple[Callable[[Fields], object], str], ...] = (
        (lambda f: len(f) == 1 and re.fullmatch(r"[^\s,]+:[\d,]+-[\d,]+", f[0]), _LIST),
        (lambda f: len(f) < 3 and len(re.findall(r"[,;]", " ".join(f))) > 1, _COMMAS),
        (lambda f: len(f) == 2 and f[1].isdigit(), _SIZES),
        (_is_gff, _GFF),
        (lambda f: _is_number(f, 1) and _has_alleles(f), _VCF),
        (_is_sam, _SAM),
        (lambda f: f[0].isdigit() and _is_number(f, 2) and _is_number(f, 3), _BIN),
        (_is_gene_table, _GENES),
        (lambda f: _is_number(f, 1) and re.fullmatch(r"[ACGTNacgtn]", f[2]) and _is_number(f, 3), _PILEUP),
    )
    for is_kind, kind in kinds:
        if is_kind(fields):
            return f"It looks like {kind}"
    pairs = (i for i in range(2, len(fields) - 1) if _is_number(fields, i) and _is_number(fields, i + 1))
    column = next(pairs, None)
    return f"Columns {column + 1} and {column + 2} hold whole numbers: is it another table than BED?" if column else ""


def is_header(fields: Fields) -> bool:
    """Whether a line names columns: a start and an end among them, and no number."""
    return (
        len(fields) > 2
        and not any(field.isdigit() for field in fields)
        and any(map(_names_start, fields))
        and any(map(_names_end, fields))
    )


def refuse_header(place: str, fields: Fields) -> None:
    """Raise InputError for a header whose columns 2 and 3 are not start and end, or whose starts are 1-based."""
    words = {_normalize(field) for field in fields}
    if "abssummit" in words or {"seqnames", "width"} <= words:
        raise InputError(f"{place}: looks like {_WIDTHS}")
    if not (_names_start(fields[1]) and _names_end(fields[2])):
        raise InputError(
            f"{place}: is a header whose columns 2 and 3 are {fields[1]!r} and {fields[2]!r}. "
            "Expected columns chrom<TAB>start<TAB>end"
        )


class TableCheck:
    """Looks at rows that could be BED's, and raises InputError where they are another table's.

    Some shapes show in any one row; others might be chance in one and are none where all of the first 1,000 have them.
    """

    def __init__(self, path: str, header: Fields) -> None:
        self._path, self._header = path, header
        self._rows, self._first = 0, ""
        widths = len(header) > 3 and _normalize(header[3]) in ("width", "length", "size")
        self._shapes: dict[str, Callable[[Fields], bool]] = {
            _INTERVAL_LIST: _is_interval,
            _WIDTHS: lambda f: _is_width(f) and (widths or (len(f) > 4 and f[4] in ("+", "-", "*"))),
            _FAI: _is_index,
        }

    def check(self, place: str, fields: Fields) -> None:
        """Look at the next row, which has whole numbers in columns 2 and 3."""
        if self._rows >= _ROWS_TO_CHECK:
            return
        self._rows += 1
        if self._rows == 1:
            self._first = place
            if self._header and len(fields) == len(self._header) + 1 and fields[-1]:
                raise InputError(
                    f"{self._path}, {place}: has one column more than the header, as R writes with row names. "
                    "Write the table without them (row.names = FALSE)"
                )
        if len(fields) < 4:
            self._shapes.clear()
            return
        for is_kind, kind in _SURE_SHAPES:
            if is_kind(fields):
                raise InputError(f"{self._path}, {place}: looks like {kind}")
        self._shapes = {kind: is_shape for kind, is_shape in self._shapes.items() if is_shape(fields)}

    def close(self) -> None:
        """After the last row."""
        for kind in self._shapes:
            raise InputError(f"{self._path}, {self._first}: looks like {kind}")


def _normalize(field: str) -> str:
    return re.sub(r"[^a-z]", "", field.lower())


def _names_start(field: str) -> bool:
    word = _normalize(field)
    return word in ("from", "left") or bool(re.match(r"(start|begin)|.*(start|begin)$", word))


def _names_end(field: str) -> bool:
    word = _normalize(field)
    return word in ("to", "right") or bool(re.match(r"(end|stop)|.*(end|stop)$", word))


def _is_number(fields: Fields, column: int) -> bool:
    return len(fields) > column and fields[column].isdigit()


def _has_alleles(fields: Fields) -> bool:
    """Bases in column 4, and in column 5 other bases, a symbol, a breakend, or nothing, as in a VCF of 8 columns."""
    if len(fields) < 5 or not re.fullmatch(r"(?i)-|[ACGTN]+", fields[3]):
        return False
    if fields[4] == ".":
        return len(fields) > 7 and fields[5] not in ("+", "-") and not fields[7].isdigit()
    return fields[4] not in ("*", fields[3]) and bool(
        re.fullmatch(r"(?i)-|(([ACGTN]+|\*|<[^<>]+>|[^,\[\]]*[\[\]][^,]*)(,|$))+", fields[4])
    )


def _is_numeric_vcf(fields: Fields) -> bool:
    """Alleles that do not fill [start, end): a VCF whose ID is a number, or a 1-based table."""
    bases = 0 if fields[3] == "-" else len(fields[3])
    return _has_alleles(fields) and int(fields[2]) - int(fields[1]) != bases


def _has_vcf_columns(fields: Fields) -> bool:
    """Alleles, QUAL, FILTER and INFO where BED has name, score, strand, thickStart and thickEnd, or two values."""
    return (
        len(fields) > 7
        and _has_alleles(fields)
        and bool(re.fullmatch(rf"\.|{_VALUE}", fields[5]))
        and not re.fullmatch(_VALUE, fields[6])
        and not re.fullmatch(_VALUE, fields[7])
    )


def _is_gff(fields: Fields) -> bool:
    return (
        len(fields) > 7
        and _is_number(fields, 3)
        and _is_number(fields, 4)
        and 1 <= int(fields[3]) <= int(fields[4])
        and fields[5] not in ("+", "-")
        and fields[6] in ("+", "-", ".", "?")
        and fields[7] in (".", "0", "1", "2")
    )


def _is_sam(fields: Fields) -> bool:
    return (
        len(fields) > 10
        and _is_number(fields, 1)
        and _is_number(fields, 3)
        and bool(re.fullmatch(r"\*|(\d+[MIDNSHPX=])+", fields[5]))
        and bool(re.fullmatch(r"\*|[A-Za-z=.]+", fields[9]))
    )


def _is_psl(fields: Fields) -> bool:
    return len(fields) == 21 and fields[0].isdigit() and bool(re.fullmatch(r"[+-]{1,2}", fields[8]))


def _is_gene_table(fields: Fields) -> bool:
    return any(
        strand in ("+", "-") and _is_number(fields, column + 1) and _is_number(fields, column + 2)
        for column, strand in enumerate(fields[:4])
    )


def _is_interval(fields: Fields) -> bool:
    """A strand in column 4, and not in column 6, where BED has it."""
    return fields[3] in ("+", "-") and not (len(fields) > 5 and fields[5] in ("+", "-", "."))


def _is_width(fields: Fields) -> bool:
    return _is_number(fields, 3) and int(fields[3]) == int(fields[2]) - int(fields[1]) + 1


def _is_index(fields: Fields) -> bool:
    """Length, offset, and bases and bytes of a line, which a newline or two are longer."""
    if len(fields) != 5 or not (_is_number(fields, 3) and _is_number(fields, 4)):
        return False
    length, line_bases, line_bytes = int(fields[1]), int(fields[3]), int(fields[4])
    return 0 < line_bases <= length and line_bytes - line_bases in (1, 2)


def _is_index_of_long_sequence(fields: Fields) -> bool:
    """Its length is more than its offset, which no BED row can be."""
    return _is_index(fields) and int(fields[1]) > int(fields[2])


_SURE_SHAPES = (
    (_is_numeric_vcf, _VCF),
    (_has_vcf_columns, f"{_VCF}. If it is BED, give its first three columns: cut -f 1-3"),
    (_is_gff, _GFF),
    (_is_sam, _SAM),
    (_is_psl, _PSL),
    (_is_index_of_long_sequence, _FAI),
)
