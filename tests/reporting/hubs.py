"""Hubs for tests: made of tracks without files, read, and held against the rules that UCSC's hubCheck holds them to."""

import re
from pathlib import Path

from genint.genome.region import Region
from genint.reporting.browser_tracks import Assay, Row, Run, Signal
from genint.reporting.hub_layout import HubAssembly
from genint.reporting.track_hub import HubDescription, write_hub

Stanza = dict[str, str]
HUB = HubDescription("a hub", "a hub of tests", "me@here.org")


def signal(label: str, description: str = "", *, low: float = 0, high: float = 2, negate: bool = False) -> Signal:
    colour = (0, 114, 178)
    return Signal(label=label, description=description, file="x.bw", colour=colour, low=low, high=high, negate=negate)


def single(label: str, description: str = "") -> Row:
    return Row(label=label, description=description, signals=[signal(label, description)])


def pair(label: str, description: str = "") -> Row:
    signals = [signal(f"{label}_plus", description), signal(f"{label}_minus", low=-2, high=0, negate=True)]
    return Row(label=label, description=description, signals=signals)


def run(*assays: Assay, name: str = "run", assembly: str = "mine") -> Run:
    return Run(
        name=name,
        folder=Path(name),
        models=["model"],
        genome={"assembly": assembly, "digest": assembly},
        sizes={"chr1": 1_000},
        locus=Region("chr1", 0, 100),
        assays=assays,
    )


def assembly(*runs: Run, name: str = "mine", is_known: bool = False) -> HubAssembly:
    return HubAssembly(name=name, is_known=is_known, runs=runs)


def hub_text(*runs: Run, is_known: bool = False) -> str:
    return write_hub(HUB, [assembly(*runs, is_known=is_known)])["hub.txt"]


def stanzas(text: str) -> list[Stanza]:
    """Settings by name, a dictionary per stanza. Every line is a setting and a value, and none is there twice."""
    found = []
    for block in text.split("\n\n"):
        lines = [line.split(" ", 1) for line in block.rstrip("\n").split("\n")]
        assert all(len(line) == 2 and line[1].strip() and not line[1].endswith("\\") for line in lines), block
        assert len({name for name, _ in lines}) == len(lines), block
        found.append(dict(lines))
    return found


def tracks_of(text: str) -> dict[str, Stanza]:
    return {each["track"]: each for each in stanzas(text) if "track" in each}


def check_hub_head(head: Stanza) -> None:
    assert {"hub", "shortLabel", "longLabel", "email"} <= head.keys()
    assert ("useOneFile" in head) != ("genomesFile" in head)
    assert re.fullmatch(r"\w+", head["hub"])
    assert "@" in head["email"]
    check_labels(head)


def check_genome(genome: Stanza) -> None:
    """An assembly hub brings its own DNA; other genomes are UCSC's."""
    assert re.fullmatch(r"[A-Za-z]\w*", genome["genome"])
    if "twoBitPath" in genome:
        assert {"organism", "defaultPos", "description"} <= genome.keys()
        assert re.fullmatch(r"\S+:[1-9]\d*-\d+", genome["defaultPos"])


def check_labels(stanza: Stanza) -> None:
    assert 0 < len(stanza["shortLabel"]) <= 17
    assert 0 < len(stanza["longLabel"]) <= 80
    assert (stanza["shortLabel"] + stanza["longLabel"]).isprintable()


def kind(track: Stanza) -> str:
    kinds = [name for name in ("superTrack", "compositeTrack", "container") if name in track]
    assert len(kinds) <= 1
    return kinds[0] if kinds else "leaf"


def check_tracks(found: list[Stanza]) -> None:
    names = [track["track"] for track in found]
    assert len({name.lower() for name in names}) == len(names)
    before: dict[str, Stanza] = {}
    for track in found:
        assert re.fullmatch(r"[A-Za-z]\w*", track["track"], re.ASCII)
        check_labels(track)
        _check_parent(track, before)
        if kind(track) == "leaf":
            assert {"bigDataUrl", "type", "color", "parent"} <= track.keys()
            assert not re.match(r"\w+:|/", track["bigDataUrl"])
            assert ".." not in track["bigDataUrl"]
            assert [0 <= int(part) <= 255 for part in track["color"].split(",")] == [True] * 3
        else:
            assert "bigDataUrl" not in track
        if kind(track) == "container":
            assert track["container"] == "multiWig"
        if "viewLimits" in track:
            low, high = map(float, track["viewLimits"].split(":"))
            assert low < high
        before[track["track"]] = track
    parents = {track["parent"].split()[0] for track in found if "parent" in track}
    assert parents == {track["track"] for track in found if kind(track) != "leaf"}


def _check_parent(track: Stanza, before: dict[str, Stanza]) -> None:
    """Super tracks hold composites and multiWigs, these hold bigWigs, and no level is left out or added."""
    if "parent" not in track:
        assert kind(track) in ("superTrack", "compositeTrack")
        return
    name, *is_on = track["parent"].split()
    above = before[name]
    if kind(track) == "leaf":
        assert kind(above) in ("compositeTrack", "container")
        assert above["type"].split()[0] == track["type"].split()[0] == "bigWig"
        assert bool(is_on) == (kind(above) == "compositeTrack")
    else:
        assert kind(above) == "superTrack"
        assert not is_on


def check_one_file_hub(text: str) -> None:
    head, genome, *found = stanzas(text)
    check_hub_head(head)
    check_genome(genome)
    check_tracks(found)
