"""A folder for genome browsers: bigWigs of finished runs, a UCSC track hub, IGV sessions, a JBrowse 2 config."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from genint.atomic import replacing
from genint.console import Console
from genint.errors import InputError, OutputError, cannot_write
from genint.genome.fasta import Genome
from genint.genome.two_bit import write_two_bit
from genint.output.made_of_run import HUB_FILE, JBROWSE_FILE, find_stranger
from genint.reporting.browser_tracks import Run, read_run
from genint.reporting.hub_layout import HubAssembly, name_runs, path_of, sort_by_assembly
from genint.reporting.igv_session import write_igv_session
from genint.reporting.jbrowse import write_jbrowse_config
from genint.reporting.track_hub import HubDescription, write_hub

NO_EMAIL = "nobody@example.org"  # example.org is nobody's (RFC 2606)


def make_hub(
    folders: Sequence[Path | str],
    out: Path | str,
    *,
    genomes: Sequence[Path | str] = (),
    email: str = NO_EMAIL,
    label: str = "",
    overwrite: bool = False,
    console: Console | None = None,
) -> list[Path]:
    """Make of the outputs of `predict` in `folders` a folder for genome browsers: what `genint hub` calls.

    `out` gets the bigWigs (links to the same data where the file system can, else copies), hub.txt for UCSC, a session
    for IGV per assembly and config.json for JBrowse 2; all paths in them are relative. Assemblies that UCSC does not
    have need their FASTA in `genomes`, for a .2bit. Returns the files that browsers open. Raises InputError for folders
    that hold no finished run with bigWigs or lie in `out`, for assemblies without DNA and `genomes` of none of them,
    and for an email or label that cannot be one; OutputError where `out` cannot be written or holds anything, unless
    with `overwrite` it holds a hub and nothing else.
    """
    console, out = console or Console(quiet=True), Path(out)
    paths = [Path(folder) for folder in folders]
    _check_arguments(paths, email)
    _check_out(out, [*paths, *map(Path, genomes)], overwrite)
    runs = [read_run(folder, name) for folder, name in zip(paths, name_runs(paths), strict=True)]
    with ExitStack() as stack:
        opened = [stack.enter_context(Genome(path, console)) for path in genomes]
        assemblies = sort_by_assembly(runs, _match(opened, runs))
        _check_dna(assemblies)
        hub = HubDescription(label or f"genint {assemblies[0].name}", _describe(runs), email)
        with _new_folder(out) as folder:
            return [out / name for name in _fill(folder, hub, assemblies, console)]


def _check_arguments(folders: Sequence[Path], email: str) -> None:
    seen: set[Path] = set()
    for folder in folders:
        if folder.resolve() in seen:
            raise InputError(f"{folder}: is given twice. Give every folder once")
        seen.add(folder.resolve())
    if len(email.split()) != 1 or email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise InputError(f"`email` {email}: is no address. Expected name@host, for those who find a fault in the hub")


def _match(genomes: Sequence[Genome], runs: Sequence[Run]) -> dict[str, Genome]:
    """Genomes by the digest of their chromosomes' names and lengths."""
    digests = {run.genome["digest"] for run in runs}
    for genome in genomes:
        if genome.assembly.digest not in digests:
            raise InputError(f"`genomes` {genome}: no run is on it, by names and lengths of chromosomes. Give theirs")
    return {genome.assembly.digest: genome for genome in genomes}


def _check_dna(assemblies: Sequence[HubAssembly]) -> None:
    for assembly in assemblies:
        if not assembly.is_known and assembly.genome is None:
            run = assembly.runs[0]
            raise InputError(
                f"{run.folder}: is on {run.genome['assembly']}, which UCSC does not have with these chromosomes. "
                f"Give `genomes`, the FASTA that was predicted ({run.genome.get('file', 'see run.json')})"
            )


def _describe(runs: Sequence[Run]) -> str:
    models = dict.fromkeys(model for run in runs for model in run.models)
    return f"Predictions from DNA by {' and '.join(models)}"


def _check_out(out: Path, sources: Sequence[Path], overwrite: bool) -> None:
    """Nothing but a hub may be replaced, and none that `sources` lie in."""
    try:
        if not out.is_dir() or not any(out.iterdir()):
            return
        if not (out / HUB_FILE).is_file():
            raise OutputError(f"{out}: holds files and no hub. Choose another `out`")
        if not overwrite:
            raise OutputError(f"{out}: holds a hub. Give `overwrite` to replace it, or choose another `out`")
        if inside := next((path for path in sources if path.resolve().is_relative_to(out.resolve())), None):
            raise InputError(f"{inside}: lies in `out` {out}, which `overwrite` would remove. Choose another `out`")
        if stranger := find_stranger(out):
            raise OutputError(f"{stranger}: is no file of the hub in {out}. Move it, or choose another `out`")
    except OSError as error:
        raise cannot_write(out, error) from None


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder that takes the place of `out`, or of what that links to, when everything is in it."""
    target = out.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as new:
            new.mkdir()
            yield new
            if target.is_dir():
                shutil.rmtree(target)
    except OSError as error:
        raise cannot_write(out, error) from None


def _fill(folder: Path, hub: HubDescription, assemblies: list[HubAssembly], console: Console) -> list[str]:
    """Returns the names of the files that browsers open."""
    runs = [run for assembly in assemblies for run in assembly.runs]
    signals = [(run, signal) for run in runs for signal in run.signals]
    for run in runs:
        (folder / run.name).mkdir()
    with console.progress("linking", len(signals), "bigWigs") as advance:
        for run, signal in signals:
            _link(run.folder / signal.file, folder / path_of(run, signal))
            advance(1)
    for assembly in assemblies:
        if assembly.genome:
            write_two_bit(folder / assembly.two_bit, assembly.genome)
        sizes = "".join(f"{chrom}\t{length}\n" for chrom, length in assembly.sizes.items())
        (folder / assembly.chrom_sizes).write_text(sizes, encoding="utf-8")
    sessions = {assembly.igv_session: write_igv_session(assembly) for assembly in assemblies}
    hub_texts, jbrowse = write_hub(hub, assemblies), {JBROWSE_FILE: write_jbrowse_config(assemblies)}
    for name, text in {**hub_texts, **sessions, **jbrowse}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [HUB_FILE, *sessions, JBROWSE_FILE]


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)
