"""genint data: make the data sets that train and eval read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint import choices
from genint.cli import options
from genint.cli.align import align

if TYPE_CHECKING:
    from genint.console import Console
    from genint.genome.fasta import Assembly

app = typer.Typer(
    help="Make, import, crop and verify data sets for training and evaluation; align relatives for them.",
    no_args_is_help=True,
)

SPLITS = "Splits"

Out = Annotated[
    Path,
    typer.Option("--out", "-o", help="Folder of the new data set.", show_default=False, rich_help_panel=options.OUTPUT),
]
TrackFile = Annotated[
    Path,
    typer.Argument(
        metavar="TRACKS",
        help="Track table; its column file names the bigWigs, relative to the table.",
        show_default=False,
    ),
]
Valid = Annotated[
    str,
    typer.Option(
        "--valid",
        help="Chromosomes to validate on, A,B; or a fraction, 0.1.",
        show_default=False,
        rich_help_panel=SPLITS,
    ),
]
Test = Annotated[
    str,
    typer.Option(
        "--test", help="Chromosomes to test on, A,B; or a fraction, 0.1.", show_default=False, rich_help_panel=SPLITS
    ),
]
SplitFile = Annotated[
    Path | None,
    typer.Option(
        "--split",
        help="BED whose fourth column is train, valid or test, instead of both.",
        show_default=False,
        rich_help_panel=SPLITS,
    ),
]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, help="Draws the blocks if --valid and --test are fractions.", rich_help_panel=SPLITS),
]
Exclude = Annotated[
    list[Path] | None,
    typer.Option(
        "--exclude",
        help="BED of regions to leave out of loss and metrics. Repeatable.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]
BinBp = Annotated[int, typer.Option("--bin-bp", min=1, help="Bases per bin.", rich_help_panel=options.OUTPUT)]


@app.command()
def make(
    genome: options.Genome,
    tracks_file: TrackFile,
    out: Out,
    valid: Valid = "",
    test: Test = "",
    split: SplitFile = None,
    seed: Seed = 1,
    exclude: Exclude = None,
    aliases: options.Aliases = None,
    relatives: Annotated[Path | None, options.relatives(options.WHERE)] = None,
    bin_bp: BinBp = 128,
    quiet: options.Quiet = False,
) -> None:
    """Bin the bigWigs of a track table, apply its transforms, and write a data set in three splits.

    A chromosome that a bigWig's header does not list was not measured: it is masked, not zero. All chromosomes that
    neither --valid nor --test names train. With fractions, contiguous blocks of chromosome are drawn for each.

    Example: genint data make genome.fa tracks.tsv -o dataset --valid chrXIII --test chrII --exclude exclude.bed
    """
    if split and (valid or test):
        raise typer.BadParameter("Give either --split or --valid and --test.")
    if not (split or valid):
        raise typer.BadParameter("Say what to validate on: --valid CHROMOSOMES, --valid FRACTION or --split BED.")
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {genome} ...")
    from genint.datasets.build import make_dataset
    from genint.genome.chromosome_names import read_aliases
    from genint.genome.fasta import Genome

    with Genome(genome, console) as opened:
        make_dataset(
            opened,
            tracks_file,
            out,
            valid=valid,
            test=test,
            split=split,
            seed=seed,
            exclude=exclude or [],
            bin_bp=bin_bp,
            aliases=read_aliases(aliases) if aliases else None,
            relatives=relatives,
            console=console,
        )
    print(out)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


imports = typer.Typer(help="Import data sets of other systems.", no_args_is_help=True)
app.add_typer(imports, name="import")


@imports.callback()
def _group() -> None:
    """Keeps `basenji` a word of its own while it is the only one."""


RecordFolder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Folder with statistics.json, targets.txt, sequences.bed and tfrecords/.",
        show_default=False,
    ),
]
AssemblyName = Annotated[
    str | None,
    typer.Option(
        "--assembly", help="Its name: hg38, mm10, ...", show_default="the genome's", rich_help_panel=options.WHERE
    ),
]
GenomeFile = Annotated[
    Path | None,
    typer.Option(
        "--genome",
        help="FASTA that gives chromosome names and sizes.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]
ValidLabels = Annotated[str, typer.Option("--valid", help="Labels to validate on: A,B.", rich_help_panel=SPLITS)]
TestLabels = Annotated[
    str, typer.Option("--test", help="Labels to test on: A,B. Every other label trains.", rich_help_panel=SPLITS)
]
PoolTo = Annotated[
    int | None,
    typer.Option(
        "--bin-bp",
        min=1,
        help="Pool to bins of this width.",
        show_default="as they are",
        rich_help_panel=options.OUTPUT,
    ),
]
Recipe = Annotated[
    choices.Recipe,
    typer.Option(
        "--transform",
        help="Recipe of the targets: new, or old as in Borzoi's weights.",
        rich_help_panel=options.OUTPUT,
    ),
]
HideUnmappable = Annotated[
    bool,
    typer.Option(
        "--hide-unmappable",
        help="Leave bins marked in umap out of loss and metrics.",
        rich_help_panel=options.OUTPUT,
    ),
]


@imports.command("basenji")
def import_basenji(
    folder: RecordFolder,
    out: Out,
    assembly: AssemblyName = None,
    genome: GenomeFile = None,
    valid: ValidLabels = "valid",
    test: TestLabels = "test",
    bin_bp: PoolTo = None,
    transform: Recipe = "new",
    hide_unmappable: HideUnmappable = False,
    quiet: options.Quiet = False,
) -> None:
    """Import the TFRecords of basenji, baskerville and related formats, without TensorFlow. A segment per record.

    Pooling undoes the transforms of targets.txt first and applies them again. Check it with genint data verify.

    Example: genint data import basenji human -o dataset --assembly hg38 --valid fold3 --test fold4 --bin-bp 128
    """
    from genint.console import Console
    from genint.datasets.basenji import import_basenji as run

    console = Console(quiet=quiet)
    run(
        folder,
        out,
        assembly=_assembly(assembly, genome, console),
        valid=_names(valid),
        test=_names(test),
        bin_bp=bin_bp,
        transform=transform,
        hide_unmappable=hide_unmappable,
        console=console,
    )
    print(out)


def _assembly(name: str | None, genome: Path | None, console: "Console") -> "Assembly":
    from genint.errors import InputError
    from genint.genome.fasta import Assembly, Genome

    if genome:
        with Genome(genome, console) as opened:
            return Assembly(name or opened.assembly.name, opened.sizes)
    if not name:
        raise InputError("Say which genome the records are of: --assembly NAME, or --genome FASTA")
    return Assembly(name, {})


@app.command()
def crop(
    dataset: options.Dataset,
    out: Out,
    core_bp: Annotated[int, typer.Option("--core-bp", min=1, help="Bases of bins to keep of each segment.")] = 16_384,
    context_bp: Annotated[int, typer.Option("--context-bp", min=0, help="DNA to keep on each side of them.")] = 512,
) -> None:
    """Keep the centre of every segment: the paper's BasenjiSmall, of Basenji2's records.

    Example: genint data crop basenji2 -o basenji-small --core-bp 16384 --context-bp 512
    """
    from genint.datasets.crop import crop_dataset as run
    from genint.datasets.dataset import TrackDataset

    run(TrackDataset(dataset), out, core_bp=core_bp, context_bp=context_bp)
    print(out)


@app.command()
def verify(
    dataset: options.Dataset,
    genome: options.Genome,
    aliases: options.Aliases = None,
    quiet: options.Quiet = False,
) -> None:
    """Compare the DNA of every segment with the genome, and check every chunk's checksum.

    Prints a row per segment that differs or is damaged, and then exits with 1.

    Example: genint data verify dataset hg38.fa
    """
    from dataclasses import astuple

    from genint.console import Console
    from genint.datasets.dataset import TrackDataset
    from genint.datasets.verify import verify as run
    from genint.errors import InputError
    from genint.genome.chromosome_names import read_aliases
    from genint.genome.fasta import Genome

    console, opened = Console(quiet=quiet), TrackDataset(dataset)
    count = 0
    with Genome(genome, console) as fasta:
        for finding in run(opened, fasta, aliases=read_aliases(aliases) if aliases else None, console=console):
            if not count:
                print("line\tchrom\tstart\tend\tstatus\tbases\tnote")
            print("\t".join(str(value) for value in astuple(finding)))
            count += 1
    if count:
        raise InputError(
            f"{dataset}: {count} of {len(opened.segments)} segments are damaged or differ from {genome}, as listed"
        )
    console.say(f"{dataset}: all {len(opened.segments)} segments are {genome.name}'s, every chunk is intact")


app.command()(align)
