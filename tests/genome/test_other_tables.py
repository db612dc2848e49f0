"""Tables that are not BED are refused by what they are; tables that are BED and more are read."""

import gzip
from pathlib import Path

import pytest

from genint.errors import InputError
from genint.genome.bed import read_bed

VCF_HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
VCF_ROWS = "1\t100\t5000\tA\tG\t50\tPASS\t.\n1\t200\t6000\tAT\tA\t.\t.\tAC=1\n"
SAM_ROW = "read1\t0\t1\t100\t60\t4M\t*\t0\t0\tACGT\tIIII\n"
PSL_ROW = "59\t9\t100\t0\t1\t823\t1\t96\t+-\tq\t500\t0\t99\t1\t9000\t10\t109\t1\t99,\t0,\t10,\n"

OTHER = {
    "VCF": (VCF_HEAD + VCF_ROWS, "line 1: looks like a VCF"),
    "VCF from its column names": (VCF_HEAD.split("\n", 1)[1] + VCF_ROWS, "line 1: looks like a VCF"),
    "VCF of numeric IDs without a header": (VCF_ROWS, "line 1: looks like a VCF"),
    "VCF of five columns": ("1\t100\t5000\tA\tG\n", "looks like a VCF"),
    "VCF of an allele that is a symbol": ("1\t100\t5000\tA\t<DEL>\t.\tPASS\tEND=5\n", "looks like a VCF"),
    "VCF of a breakend": ("1\t100\t5000\tA\tA[2:321[\t.\tPASS\t.\n", "looks like a VCF"),
    "VCF of two alleles": ("1\t100\t5000\ta\tg,T\t.\tPASS\t.\n", "looks like a VCF"),
    "VCF without alternatives": ("1\t100\t5000\tA\t.\t50\tPASS\t.\n", "looks like a VCF"),
    "VCF of IDs that are POS + the length of REF": (
        "1\t100\t101\tA\tG\t50\tPASS\tX\n1\t200\t202\tAT\tA\t.\t.\t.\n",
        "line 1: looks like a VCF.* If it is BED",
    ),
    "VCF of such IDs without QUAL": ("1\t100\t101\tA\tG\t.\tq10;s50\tDP=9\tGT\t0/1\n", "line 1: looks like a VCF"),
    "VCF of rs numbers": ("1\t100\trs50\tA\tG\t50\tPASS\t.\n", "line 1: start '100' and end 'rs50' .* like a VCF"),
    "VCF without IDs": ("1\t100\t.\tA\tG\t50\tPASS\t.\n", "looks like a VCF"),
    "ANNOVAR's 1-based alleles": ("1\t100\t100\tA\tG\n1\t5\t6\tAC\t-\n", "looks like a VCF"),
    "interval_list": ("@HD\tVN:1.6\n@SQ\tSN:1\tLN:9\n1\t1\t5\t+\tname\n", "line 1: looks like a Picard interval_list"),
    "interval_list without a header": ("1\t1\t5\t+\tname\n1\t6\t9\t-\tother\n", "line 1: looks like a Picard interval"),
    "interval_list of four columns": ("1\t1\t5\t+\n1\t6\t9\t+\n", "line 1: looks like a Picard interval_list"),
    "GFF": ("##gff-version 3\nI\tSGD\tgene\t5\t9\t.\t+\t.\tID=a\n", "line 1: looks like GFF"),
    "GTF of Ensembl": ("#!genome-build R64\nI\tsgd\tgene\t5\t9\t.\t+\t.\tgene_id\n", "line 2: start 'sgd' .* like GFF"),
    "GFF whose source and type are numbers": ("I\t1\t2\t5\t9\t.\t+\t.\tID=a\n", "line 1: looks like GFF"),
    "SAM": ("@SQ\tSN:1\tLN:9\n" + SAM_ROW, "line 1: looks like .* SAM"),
    "SAM without a header": (SAM_ROW, "line 1: looks like SAM"),
    "SAM on a chromosome of letters": (SAM_ROW.replace("\t1\t", "\tchrI\t", 1), "looks like SAM"),
    "PSL": ("psLayout version 3\n\nmatch\tmis-\n" + PSL_ROW, "line 1: looks like PSL"),
    "PSL without a header": (PSL_ROW, "line 1: looks like PSL"),
    "chromosome lengths": ("chrI\t230218\nchrII\t813184\n", r"line 1: found 2 column\(s\).* like chromosome lengths"),
    "FASTA index": ("chrI\t230218\t6\t60\t61\nchrII\t813184\t234067\t60\t61\n", "line 1: looks like a FASTA index"),
    "FASTA index of short records": ("a\t70\t80\t60\t61\nb\t70\t170\t60\t61\n", "line 1: looks like a FASTA index"),
    "wiggle": ("track type=wiggle_0\nfixedStep chrom=chrI start=1 step=1\n1\n", "line 2: looks like wiggle"),
    "wiggle of variable steps": ("variableStep chrom=chrI span=5\n1 5\n", "line 1: looks like wiggle"),
    "genePred": ("NM_1\tchrI\t+\t5\t9\t5\t9\t1\t5,\t9,\n", "line 1: start 'chrI' .* like a gene table"),
    "genePred on a chromosome of a number": ("NM_1\t1\t+\t5\t9\t5\t9\t1\t5,\t9,\n", "line 1: .* like a gene table"),
    "refFlat": ("GENE\tNM_1\tchrI\t+\t5\t9\t5\t9\t1\t5,\t9,\n", "line 1: .* like a gene table"),
    "dump with bins": ("#bin\tchrom\tchromStart\tchromEnd\n585\tchrI\t5\t9\n", "line 1: looks like a dump of a UCSC"),
    "dump with bins without a header": ("585\tchrI\t5\t9\n", "line 1: start 'chrI' .* like a dump of a UCSC table"),
    "alignment blocks": ("##maf version=1\na score=1\ns hg38.chr1 1 5 + 9 ACGTA\n", "line 1: looks like MAF"),
    "mutations": ("Hugo_Symbol\tEntrez_Gene_Id\tCenter\nTP53\t7157\tx\n", "line 1: looks like MAF"),
    "places as a browser prints them": (
        "chrI:1,001-2,000\nchrI:5-9\n",
        r"found 1 column\(s\).* like 1-based chrom:start",
    ),
    "commas": ("chrI,5,9\n", r"line 1: found 1 column\(s\).* between commas"),
    "commas with a header": ("chrom,start,end\nchrI,5,9\n", r"line 1: found 1 column\(s\).* between commas"),
    "semicolons": ("chrI;5;9\n", r"line 1: found 1 column\(s\).* between commas or semicolons"),
    "pileup": ("chrI\t5\tA\t30\t...\tIII\n", "line 1: .* like positions"),
    "GenomicRanges": (
        "seqnames\tstart\tend\twidth\tstrand\nI\t5\t9\t5\t*\n",
        "line 1: looks like 1-based regions with",
    ),
    "GenomicRanges without a header": ("I\t5\t9\t5\t*\nI\t11\t20\t10\t-\n", "line 1: looks like 1-based regions"),
    "widths under a header": (
        "chr\tstart\tend\tlength\nI\t5\t9\t5\nI\t11\t20\t10\n",
        "line 2: looks like 1-based regions",
    ),
    "MACS": (
        "# made by MACS\nchr\tstart\tend\tlength\tabs_summit\tpileup\nI\t5\t9\t5\t7\t3\n",
        "line 2: looks like 1-based regions with their widths",
    ),
    "Bismark coverage": (
        "I\t5\t5\t50\t1\t1\nI\t9\t9\t0\t0\t1\n",
        "line 1: start and end are the same, as in every row",
    ),
    "SAF": ("GeneID\tChr\tStart\tEnd\tStrand\ng1\tI\t5\t9\t+\n", "line 1: is a header whose columns 2 and 3 are 'Chr'"),
    "HOMER": ("peak-1\tchrI\t5\t9\t+\n", "line 1: start 'chrI' .* Columns 3 and 4 hold whole numbers"),
}


def written(folder: Path, content: bytes) -> Path:
    (folder / "regions.bed").write_bytes(content)
    return folder / "regions.bed"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", OTHER)
def test_another_table_is_refused_with_its_line_and_what_it_looks_like(kind: str, packed: bool, tmp_path: Path) -> None:
    text, message = OTHER[kind]
    content = gzip.compress(text.encode()) if packed else text.encode()
    with pytest.raises(InputError, match=message) as error:
        read_bed(written(tmp_path, content), {"I", "1", "chrI"})
    assert "regions.bed" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_refusal_says_how_to_convert_the_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Convert it: awk -v OFS='\\t' '!/\^@/ \{print \$1, \$2 - 1, \$3, \$5\}'"):
        read_bed(written(tmp_path, b"1\t1\t5\t+\tname\n"))


BED_AND_MORE = {
    "bedGraph": "track type=bedGraph\nI 0 5 1.5\nI 5 9 -2e3\n",
    "bedGraph of whole numbers": "I\t0\t5\t5\nI\t5\t9\t5\n",
    "bedGraph of widths by chance": "I\t0\t5\t6\nI\t5\t9\t1\n",
    "narrowPeak": "I\t0\t5\tpeak\t100\t.\t5.2\t3.1\t2.0\t2\nI\t5\t9\t.\t0\t.\t1\t-1\t-1\t-1\n",
    "broadPeak": "I\t0\t5\tpeak\t100\t.\t5.2\t3.1\t2.0\nI\t5\t9\tb\t1\t+\t1\t1\t1\n",
    "BED6 whose names are missing": "I\t0\t5\t-\t0\t+\nI\t5\t9\t-\t0\t-\n",
    "BED6 without names and scores": "I\t0\t5\t-\t-\t+\nI\t5\t9\t-\t-\t-\n",
    "BED6 of blanks": "I 0 5 a 0 +\nI 5 9 b 0 -\n",
    "a name that is missing once": "I\t0\t5\ta\nI\t5\t9\t-\n",
    "BED12": "I\t0\t5\tCAT\t0\t+\t0\t5\t0\t1\t5,\t0,\nI\t5\t9\tTAT\t.\t.\t5\t9\t0\t1\t4,\t0,\n",
    "genes named as bases": "I\t0\t5\tCAT\t7\nI\t5\t9\tGAA\t.\n",
    "alleles of BED": "I\t0\t5\tACGTA\tA\nI\t5\t9\tacgt\t-\n",
    "alleles of BED with values": "I\t0\t5\tACGTA\tA\t.\t5.2\t3e-1\nI\t5\t9\tACGT\tT\t50\t5\tx\n",
    "BED9 named as bases": "I\t0\t5\tACGTA\t.\t.\t0\t5\t0,0,0\nI\t5\t9\tACGT\t.\t+\t5\t9\t0\n",
    "BEDPE": "I\t0\t5\tI\t20\t25\tpair\t0\t+\t-\nI\t5\t9\tI\t30\t35\tpair\t0\t+\t-\n",
    "methylation": "I\t0\t5\t.\t30\t+\t0\t5\t0,0,0\t30\t97\nI\t5\t9\t.\t3\t-\t5\t9\t0,0,0\t3\t0\n",
    "bands": "I\t0\t5\tp36.33\tgneg\nI\t5\t9\tp36.32\tgpos25\n",
    "names that are numbers": "I\t0\t5\t7\t8\nI\t5\t9\t61\t62\n",
}


@pytest.mark.parametrize("kind", BED_AND_MORE)
def test_bed_with_columns_of_its_own_is_bed(kind: str, tmp_path: Path) -> None:
    rows = read_bed(written(tmp_path, BED_AND_MORE[kind].encode()), {"I"})
    assert [(row.region.chrom, row.region.start, row.region.end) for row in rows] == [("I", 0, 5), ("I", 5, 9)]


def test_a_shape_that_one_row_lacks_is_chance(tmp_path: Path) -> None:
    rows = "".join(f"I\t{start}\t{start + 5}\t+\n" for start in range(50))
    with pytest.raises(InputError, match="interval_list"):
        read_bed(written(tmp_path, rows.encode()))
    assert len(read_bed(written(tmp_path, (rows + "I\t0\t5\tname\n").encode()))) == 51
