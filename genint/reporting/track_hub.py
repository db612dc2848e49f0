"""A UCSC track hub as text: what hub.txt, genomes.txt and the track databases hold.

The settings are those of UCSC's "Hub Track Database Definition". An assay is a composite track of its bigWigs. With
pairs of strands it is a super track instead, which holds a multiWig for each pair, and the composite of what is left:
below a super track UCSC allows one more level, and below the others none.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from genint.genome.region import Region
from genint.output.made_of_run import GENOMES_FILE, HUB_FILE
from genint.reporting.browser_tracks import Assay, Row, Run, Signal
from genint.reporting.colours import Rgb
from genint.reporting.hub_layout import HubAssembly, in_one_line, make_name, path_of

SHORT, LONG = 17, 76  # characters of a label that UCSC shows, and recommends at most
_SHOWN_AT_FIRST = 40  # rows of an assay; a browser stalls on thousands
_LOOK = {"visibility": "full", "maxHeightPixels": "100:40:8", "autoScale": "off", "alwaysZero": "on"}
_LOOK |= {"windowingFunction": "mean"}

Stanza = dict[str, str]


class HubDescription(NamedTuple):
    """Who publishes the hub and what it is called; UCSC requires all three."""

    label: str
    description: str
    email: str


def write_hub(hub: HubDescription, assemblies: Sequence[HubAssembly]) -> dict[str, str]:
    """File name -> text: hub.txt alone for one assembly; hub.txt, genomes.txt and a track database each for several."""
    head = {
        "hub": make_name(hub.label, set()),
        "shortLabel": _one_line(hub.label, SHORT),
        "longLabel": _one_line(hub.description, LONG),
    }
    email = {"email": hub.email}
    if len(assemblies) == 1:
        (assembly,) = assemblies
        stanzas = [head | {"useOneFile": "on"} | email, _genome(assembly), *_track_db(assembly)]
        return {HUB_FILE: _join(stanzas)}
    genomes = [_genome(assembly) | {"trackDb": assembly.track_db} for assembly in assemblies]
    texts = {HUB_FILE: _join([head | {"genomesFile": GENOMES_FILE} | email]), GENOMES_FILE: _join(genomes)}
    return texts | {assembly.track_db: _join(_track_db(assembly)) for assembly in assemblies}


def _genome(assembly: HubAssembly) -> Stanza:
    if assembly.is_known:
        return {"genome": assembly.name}
    return {
        "genome": assembly.name,
        "twoBitPath": assembly.two_bit,
        "chromSizes": assembly.chrom_sizes,
        "organism": assembly.name,
        "description": assembly.name,
        "defaultPos": _place(assembly.runs[0].locus),
    }


def _place(region: Region) -> str:
    return f"{region.chrom}:{region.start + 1}-{region.end}"


def _track_db(assembly: HubAssembly) -> Iterator[Stanza]:
    taken: set[str] = set()
    for run in assembly.runs:
        prefix = f"{run.name}_" if len(assembly.runs) > 1 else ""
        for assay in run.assays:
            yield from _assay(run, assay, prefix, taken)


def _assay(run: Run, assay: Assay, prefix: str, taken: set[str]) -> Iterator[Stanza]:
    pairs = [row for row in assay.rows if len(row.signals) > 1]
    single = [row for row in assay.rows if len(row.signals) == 1]
    long = f"{assay.label} predicted by {' and '.join(run.models)}" + (f", {run.name}" if prefix else "")
    name = make_name(f"{prefix}{assay.label}", taken)
    labels = {"shortLabel": _one_line(f"{assay.label} {run.name}" if prefix else assay.label, SHORT)}
    labels["longLabel"] = _one_line(long, LONG)
    parent: Stanza = {}
    if pairs:
        yield {"track": name, "superTrack": "on show" if assay.is_shown else "on", **labels}
        parent = {"parent": name}
        for number, row in enumerate(pairs):
            yield from _multi_wig(run, row, parent, prefix, taken, is_shown=_is_shown(assay, number))
    if single:
        composite = make_name(f"{prefix}{assay.label}_unstranded", taken) if pairs else name
        hidden = {} if assay.is_shown else {"visibility": "hide"}
        yield {"track": composite, **parent, "compositeTrack": "on", **labels, "type": "bigWig", **_LOOK, **hidden}
        for number, row in enumerate(single):
            on = "on" if _is_shown(assay, number) else "off"
            yield _leaf(run, row.signals[0], f"{composite} {on}", prefix, taken) | _limits(row)


def _is_shown(assay: Assay, number: int) -> bool:
    return assay.is_shown and number < _SHOWN_AT_FIRST


def _multi_wig(run: Run, row: Row, parent: Stanza, prefix: str, taken: set[str], *, is_shown: bool) -> Iterator[Stanza]:
    name = make_name(f"{prefix}{row.label}", taken)
    labels = {"shortLabel": _one_line(row.label, SHORT), "longLabel": _one_line(row.description, LONG)}
    together = {"aggregate": "transparentOverlay", "showSubtrackColorOnUi": "on", "type": "bigWig"}
    look = _LOOK if is_shown else _LOOK | {"visibility": "hide"}
    yield {"track": name, **parent, "container": "multiWig", **labels, **together, **look, **_limits(row)}
    for signal in row.signals:
        yield _leaf(run, signal, name, prefix, taken)


def _limits(row: Row) -> Stanza:
    return {"viewLimits": f"{row.low:g}:{row.high:g}"}


def _leaf(run: Run, signal: Signal, parent: str, prefix: str, taken: set[str]) -> Stanza:
    return {
        "track": make_name(f"{prefix}{signal.label}", taken),
        "parent": parent,
        "shortLabel": _one_line(signal.label, SHORT),
        "longLabel": _one_line(signal.description, LONG),
        "type": "bigWig",
        "bigDataUrl": path_of(run, signal),
        "color": _write_colour(signal.colour),
        **({"negateValues": "on"} if signal.negate else {}),
    }


def _write_colour(colour: Rgb) -> str:
    return ",".join(map(str, colour))


def _one_line(text: str, most: int) -> str:
    """Text as the value of a setting: a backslash at its end would join the next line to it."""
    return in_one_line(text)[:most].rstrip("\\ ") or "unnamed"


def _join(stanzas: Sequence[Mapping[str, str]] | Iterator[Stanza]) -> str:
    return "\n".join("".join(f"{setting} {value}\n" for setting, value in stanza.items()) for stanza in stanzas)
