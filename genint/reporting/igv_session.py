"""A session of IGV desktop as XML text: the genome, where to look, and a row per bigWig with its colour and range."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from genint.reporting.browser_tracks import Run, Signal
from genint.reporting.hub_layout import HubAssembly, in_one_line, path_of

_ROW = {"clazz": "org.broad.igv.track.DataSourceTrack", "renderer": "BAR_CHART", "windowFunction": "mean"}


def write_igv_session(assembly: HubAssembly) -> str:
    """The session of one assembly. Paths are relative to its file; the genome is IGV's own, or the hub's .2bit."""
    locus = assembly.runs[0].locus
    genome = assembly.name if assembly.is_known else assembly.two_bit
    place = f"{locus.chrom}:{locus.start + 1}-{locus.end}"
    session = Element("Session", genome=genome, locus=place, version="8")
    resources, panel = SubElement(session, "Resources"), SubElement(session, "Panel", name="DataPanel")
    for run in assembly.runs:
        for assay in run.assays:
            for row in assay.rows if assay.is_shown else []:
                for signal in row.signals:
                    SubElement(resources, "Resource", path=path_of(run, signal))
                    _add_track(panel, run, signal, several=len(assembly.runs) > 1)
    indent(session)
    return tostring(session, encoding="unicode", xml_declaration=True) + "\n"


def _add_track(panel: Element, run: Run, signal: Signal, *, several: bool) -> None:
    name = f"{signal.label} {run.name}" if several else signal.label
    colour = ",".join(map(str, signal.colour))
    look = {"color": colour, "altColor": colour, "autoScale": "false", "height": "40", "visible": "true"}
    mirrored = {"negateValues": "true"} if signal.negate else {}
    track = SubElement(
        panel, "Track", {"id": path_of(run, signal), "name": in_one_line(name), **_ROW, **look, **mirrored}
    )
    limits = {"minimum": f"{signal.low:g}", "baseline": "0", "maximum": f"{signal.high:g}"}
    SubElement(track, "DataRange", {**limits, "type": "LINEAR", "drawBaseline": "true", "flipAxis": "false"})
