"""A report as HTML: what it says, put into report.html, with igv.js in it."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from math import isfinite
from typing import Any

import numpy as np

from genint.evaluation.metrics import mean_over_tracks
from genint.output.report import RunReport
from genint.reporting.browser_tracks import Run
from genint.reporting.colours import write_hex
from genint.reporting.igv_page import Json, write_locus
from genint.reporting.report_sections import Section, TableHead
from genint.reporting.shown_regions import Shown
from genint.reporting.track_summary import TrackSummary

MOST_LISTED = 500  # tracks, in the table
IGV = "igv.js 3.8.10 (MIT licence)"
_IGV_FILE = files("genint.reporting") / "igv" / "igv.min.js"
_START_FILE = files("genint.reporting") / "report.js"
# No network and no script but the page's own, whatever words of files turn out to be.
_POLICY = {
    "default-src": "'none'",
    "connect-src": "data: blob:",
    "img-src": "data: blob:",
    "style-src": "'unsafe-inline'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a report says. `run`, `report` and `rows` are of a run of predict, where there is one."""

    title: str
    made_by: str
    run: Run | None = None
    report: RunReport | None = None
    rows: TableHead | None = None
    summaries: Sequence[TrackSummary] = ()
    places: Sequence[Shown] = ()
    config: Json | None = None
    sections: Sequence[Section] = ()
    notes: Sequence[str] = field(default_factory=list)
    legend: Sequence[str] = field(default_factory=list)
    about_numbers: str = ""


def size_of_igv() -> int:
    """Bytes of igv.js in a page."""
    return len(_read_igv())


def write_page(page: Page) -> str:
    """One HTML file that needs no other, and no network."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("genint.reporting", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    scripts = [_read_igv(), _START_FILE.read_text(encoding="utf-8")] if page.config else []
    return environment.get_template("report.html").render(
        title=page.title,
        subtitle=_subtitle(page),
        made_by=page.made_by,
        notes=page.notes,
        facts=_facts(page.report) if page.report else [],
        statuses=page.report.get("regions", {}) if page.report else {},
        rows=page.rows,
        assays=list(_assays(page.run, page.summaries)) if page.run else [],
        has_observed=any(each.measured for each in page.summaries),
        about_numbers=page.about_numbers,
        places=[{"name": _name(each), "region": each.region, "locus": write_locus(each.view)} for each in page.places],
        config=Markup(_as_script(page.config)) if page.config else "",
        scripts=[Markup(script) for script in scripts],
        policy=_write_policy(scripts),
        legend=page.legend,
        sections=page.sections,
    )


def _read_igv() -> str:
    """Without its last line, which names a file that is not there."""
    return _IGV_FILE.read_text(encoding="utf-8").rsplit("//# sourceMappingURL", 1)[0]


def _write_policy(scripts: Sequence[str]) -> str:
    """The page's Content-Security-Policy: of scripts those alone, by their digests, and so no handler in any tag."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return "; ".join(f"{name} {value}" for name, value in {**_POLICY, "script-src": allowed}.items())


def _as_script(config: Json) -> str:
    """JSON that may stand in a <script>: nothing in it ends that."""
    return json.dumps(config, separators=(",", ":")).replace("<", "\\u003c")


def _name(shown: Shown) -> str:
    return str(shown.region) if shown.name in ("", ".") else f"{shown.name} · {shown.region}"


def _subtitle(page: Page) -> str:
    if not page.run or not page.report:
        return ", ".join(section.title for section in page.sections)
    genome = page.report["plan"]["genome"]
    tracks, models = f"{len(page.report['plan']['tracks']):,} tracks", " and ".join(page.run.models)
    return f"{tracks} predicted from {genome.get('file', genome['assembly'])} by {models}"


def _facts(report: RunReport) -> list[tuple[str, str]]:
    plan = report["plan"]
    options, genome = plan["options"], plan["genome"]
    models = [f"{model['name']} ({model['architecture']}, {model['digest'][:12]})" for model in plan["models"]]
    scale = "coverage: mean per base, in the units of the training data" if options["scale"] == "coverage" else "model"
    versions = ", ".join(f"{name} {version}" for name, version in report.get("versions", {}).items())
    unset: tuple[object, ...] = (None, False, [], [0], 0.0, "any")
    given = [f"{name} {value}" for name, value in options.items() if name != "scale" and value not in unset]
    seconds = report.get("seconds")
    return [
        ("command", report.get("command", "not recorded")),
        ("model", "; ".join(models)),
        ("genome", f"{genome.get('file', genome['assembly'])} (names and lengths {genome['digest'][:12]})"),
        ("predicted", f"{report.get('bins', 0):,} bins of {plan['bin_bp']} bp, {len(plan['tracks']):,} tracks"),
        ("scale", scale),
        ("options", ", ".join(given)),
        ("took", f"{seconds:,.1f} s" if seconds is not None else "not recorded"),
        ("versions", f"{versions}; {report.get('platform', '')}".strip("; ")),
    ]


def _assays(run: Run, summaries: Sequence[TrackSummary]) -> Iterator[dict[str, Any]]:
    """Means over all tracks of each assay, and the first of these tracks, as many as the table lists."""
    colours = {assay.label: write_hex(assay.rows[0].signals[0].colour) for assay in run.assays}
    by_assay: dict[str, list[TrackSummary]] = {}
    for each in summaries:
        by_assay.setdefault(each.track.assay, []).append(each)
    left = MOST_LISTED
    for label, members in by_assay.items():
        listed, left = members[:left], max(left - len(members), 0)
        yield {
            "label": label,
            "colour": colours[label],
            "count": len(members),
            "tracks": [_track(each) for each in listed],
            "mean": _digits(float(np.mean([each.mean for each in members]))),
            "r": _r(mean_over_tracks(np.array([each.r for each in members]))),
            "r_shown": _r(mean_over_tracks(np.array([each.r_shown for each in members]))),
        }


def _track(summary: TrackSummary) -> Mapping[str, str]:
    return {
        "name": summary.track.identifier,
        "description": summary.track.description,
        "bins": f"{summary.bins:,}",
        "mean": _digits(summary.mean),
        "highest": _digits(summary.highest),
        "peak": str(summary.peak or ""),
        "measured": f"{summary.measured:,}" if summary.measured else "",
        "r": _r(summary.r),
        "r_shown": _r(summary.r_shown),
    }


def _digits(value: float) -> str:
    return f"{value:.3g}" if isfinite(value) else ""


def _r(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else ""
