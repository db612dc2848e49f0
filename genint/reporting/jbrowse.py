"""config.json of JBrowse 2: assemblies, tracks under their assays, and what is shown first.

Slots are those of JBrowse's configuration guide. Strands are the rows of one track. Without a .2bit an assembly is its
chromosome sizes, so that no file of another server is needed.
"""

import json
from typing import Any

from genint.reporting.browser_tracks import Assay, Row, Run, Signal
from genint.reporting.colours import write_hex
from genint.reporting.hub_layout import HubAssembly, make_name, path_of

_SHOWN_AT_FIRST = 12
Json = dict[str, Any]


def write_jbrowse_config(assemblies: list[HubAssembly]) -> str:
    """The configuration as text. URIs are relative to its file."""
    tracks, taken = list[Json](), set[str]()
    shown: list[Json] = []
    for assembly in assemblies:
        for run in assembly.runs:
            for assay in run.assays:
                added = [_track(assembly, run, assay, row, taken) for row in assay.rows]
                tracks += added
                shown += added if assay.is_shown and assembly is assemblies[0] else []
    config = {
        "assemblies": [_assembly(assembly) for assembly in assemblies],
        "tracks": tracks,
        "defaultSession": _session(assemblies[0], shown[:_SHOWN_AT_FIRST]),
    }
    return json.dumps(config, indent=1) + "\n"


def _assembly(assembly: HubAssembly) -> Json:
    if assembly.genome:
        adapter = {"type": "TwoBitAdapter", "twoBitLocation": _location(assembly.two_bit)}
        adapter["chromSizesLocation"] = _location(assembly.chrom_sizes)
    else:
        adapter = {"type": "ChromSizesAdapter", "chromSizesLocation": _location(assembly.chrom_sizes)}
    sequence = {"type": "ReferenceSequenceTrack", "trackId": f"{assembly.name}-reference", "adapter": adapter}
    return {"name": assembly.name, "sequence": sequence}


def _location(uri: str) -> Json:
    return {"uri": uri, "locationType": "UriLocation"}


def _track(assembly: HubAssembly, run: Run, assay: Assay, row: Row, taken: set[str]) -> Json:
    identifier = make_name(f"{assembly.name}_{run.name}_{row.label}", taken)
    parts = [run.name, assay.label] if len(assembly.runs) > 1 else [assay.label]
    common = {
        "trackId": identifier,
        "name": row.label,
        "description": row.description,
        "category": parts,
        "assemblyNames": [assembly.name],
    }
    limits = {"minScore": min(signal.low for signal in row.signals), "maxScore": row.high}
    if len(row.signals) == 1:
        kind, display = "QuantitativeTrack", "LinearWiggleDisplay"
        adapter = _adapter(run, row.signals[0])
        colour = write_hex(row.signals[0].colour)
        look = {"renderers": {"XYPlotRenderer": {"type": "XYPlotRenderer", "color": colour}}}
    else:
        kind, display, look = "MultiQuantitativeTrack", "MultiLinearWiggleDisplay", {}
        limits["minScore"] = 0.0 if any(signal.negate for signal in row.signals) else row.low
        adapter = {"type": "MultiWiggleAdapter", "subadapters": [_subadapter(run, each) for each in row.signals]}
    displays = [{"type": display, "displayId": f"{identifier}-{display}", **limits, **look}]
    return {"type": kind, **common, "adapter": adapter, "displays": displays}


def _adapter(run: Run, signal: Signal) -> Json:
    return {"type": "BigWigAdapter", "bigWigLocation": _location(path_of(run, signal))}


def _subadapter(run: Run, signal: Signal) -> Json:
    return _adapter(run, signal) | {"name": signal.label, "color": write_hex(signal.colour)}


def _session(assembly: HubAssembly, tracks: list[Json]) -> Json:
    locus = assembly.runs[0].locus
    view = {
        "id": "predictions",
        "type": "LinearGenomeView",
        "init": {
            "assembly": assembly.name,
            "loc": f"{locus.chrom}:{locus.start + 1}..{locus.end}",
            "tracks": [track["trackId"] for track in tracks],
        },
    }
    return {"name": "Predictions", "views": [view]}
