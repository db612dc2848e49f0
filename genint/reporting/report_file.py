"""make_report: a folder of results as one page."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from genint.atomic import replacing
from genint.console import Console
from genint.errors import InputError, OutputError, cannot_write
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.output.made_of_run import REPORT_FILE, write_title
from genint.prediction.settings import AnyRegions, find_rows
from genint.provenance import provenance
from genint.reporting.found_results import Chromosomes, Result, check_genome, find_places, find_results, find_sizes
from genint.reporting.igv_page import Json, write_config, write_reference
from genint.reporting.report_page import IGV, MOST_LISTED, Page, size_of_igv, write_page
from genint.reporting.report_run import ReportedRun
from genint.reporting.report_sections import Budget, make_section
from genint.reporting.shown_regions import MOST_BP, Shown, note_hidden, place_views
from genint.reporting.track_summary import TrackSummary

MOST_BYTES = 10_000_000  # of a page
_TEXT_BYTES = 600_000  # of it, for all that is no igv.js, bigWig or picture


class Report(NamedTuple):
    """Where the page is, its size in bytes, its tracks in numbers, and what it does not show, in words."""

    path: Path
    size: int
    tracks: Sequence[TrackSummary]
    notes: Sequence[str]


def make_report(
    folder: Path | str,
    out: Path | str | None = None,
    *,
    regions: AnyRegions | None = None,
    observed: Sequence[str] = (),
    tracks: str | Sequence[str] | None = None,
    genome: Path | str | None = None,
    overwrite: bool = False,
    console: Console | None = None,
) -> Report:
    """Write a page of what genint has put into `folder`, `folder`/report.html by default: what `genint report` calls.

    The folder is the output of `predict`, `attribute`, `attention` or `variants`, or holds such folders, one of
    `predict` at most. The page needs no other file and no network, and has at most 10 MB. `regions`: what its genome
    browser shows, by default the first few that were predicted and what other results are about. `observed`: track
    tables, whose column file names measured bigWigs, or IDENTIFIER=BIGWIG; they are drawn below the predicted tracks,
    with Pearson's r. `tracks`: as in `predict`. `genome`: the FASTA, for letters.

    Raises InputError for a folder without results, and for regions, tracks, bigWigs and a genome that do not fit;
    OutputError where the page is there already (`overwrite` replaces it) or cannot be written.
    """
    console, folder = console or Console(quiet=True), Path(folder)
    path = folder / REPORT_FILE if out is None else Path(out)
    if path.is_dir() or (path.exists() and not overwrite):
        raise OutputError(f"{path}: is there already. Give `overwrite` to replace it, or choose another `out`")
    results = find_results(folder)
    with ExitStack() as stack:
        page = _make_page(folder, results, regions, observed, tracks, genome, stack, console)
    text = write_page(page)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as new:
            new.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from None
    return Report(path, path.stat().st_size, page.summaries, page.notes)


def _make_page(
    folder: Path,
    results: Sequence[Result],
    regions: AnyRegions | None,
    observed: Sequence[str],
    tracks: str | Sequence[str] | None,
    genome: Path | str | None,
    stack: ExitStack,
    console: Console,
) -> Page:
    others = [each for each in results if each.kind != "predictions"]
    run = next((ReportedRun(each.path, tracks, observed, stack) for each in results if each not in others), None)
    if run is None and (observed or tracks):
        given = "observed" if observed else "tracks"
        raise InputError(f"`{given}`: {folder} holds no run of genint predict. Leave it out, or report such a run")
    known = Chromosomes(str(folder), run.sizes if run else find_sizes(others))
    for each in others:
        check_genome(each, known.sizes)
    rows = _choose_rows(regions, run, others, known)
    places = place_views(rows, known.sizes, run.most_bp if run else MOST_BP)
    if regions is not None:
        _check_places(places, rows, known, run, folder)
    letters = _open_genome(genome, known, stack, console)
    drawn = _draw(run, places)
    budget = Budget(MOST_BYTES - _TEXT_BYTES - size_of_igv() - sum(len(json.dumps(track)) for track in drawn))
    sections = [make_section(each, budget, letters=letters is not None) for each in others]
    all_tracks = [*drawn, *(track for section in sections for track in section.tracks)]
    views = [place.view for place in places]
    reference = write_reference(folder.resolve().name, known.sizes, views, letters)
    summaries = list(run.summarize(run.shown_bins(places), console)) if run else []
    return Page(
        title=write_title(folder),
        made_by=f"Made by genint {provenance()['versions']['genint']}; tracks are drawn by {IGV}.",
        run=run.run if run else None,
        report=run.report if run else None,
        rows=run.rows() if run else None,
        summaries=summaries,
        places=places,
        config=write_config(reference, views, all_tracks) if all_tracks and views else None,
        sections=sections,
        notes=[*(run.notes() if run else ()), *note_hidden(rows, known.sizes), *_notes(places, summaries)],
        legend=list(run.legend()) if run else [],
        about_numbers=run.about_numbers() if run else "",
    )


def _choose_rows(
    regions: AnyRegions | None, run: ReportedRun | None, others: Sequence[Result], known: Chromosomes
) -> list[BedRow]:
    if regions is not None:
        return find_rows(regions, known)
    predicted = run.predicted_rows() if run else []
    return [*predicted, *(row for each in others for row in find_places(each, known.sizes))]


def _check_places(
    places: Sequence[Shown], rows: Sequence[BedRow], known: Chromosomes, run: ReportedRun | None, folder: Path
) -> None:
    some = ", ".join(str(row.region) for row in (run.predicted_rows() if run else [])[:3]) or "those of the run"
    if not places:
        why = " ".join(note_hidden(rows, known.sizes))
        raise InputError(f"`regions`: {why} Expected regions such as {some}")
    if run and not run.is_predicted(places):
        raise InputError(f"`regions`: nothing is predicted there in {folder}. Expected regions such as {some}")


def _open_genome(genome: Path | str | None, known: Chromosomes, stack: ExitStack, console: Console) -> Genome | None:
    if genome is None:
        return None
    opened = stack.enter_context(Genome(genome, console))
    if opened.sizes != known.sizes:
        raise InputError(f"`genome` {genome}: has other chromosomes than {known}. Give the FASTA that was predicted")
    return opened


def _draw(run: ReportedRun | None, places: Sequence[Shown]) -> list[Json]:
    return list(run.draw(run.shown_bins(places))) if run and places else []


def _notes(places: Sequence[Shown], summaries: Sequence[TrackSummary]) -> Iterator[str]:
    """What is not shown of long regions, and of the tracks in numbers."""
    if cut := [str(place.region) for place in places if place.is_cut]:
        yield f"Of {len(cut)} long region(s) the browser shows the middle alone: {', '.join(cut[:3])}."
    if len(summaries) > MOST_LISTED:
        yield f"The table lists {MOST_LISTED} of {len(summaries):,} tracks; an assay's line is over all of its own."
