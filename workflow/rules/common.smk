"""What the rules ask: which parts there are, what belongs to a job, what it will take."""

import csv
import json
import math
import shlex
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path


def targets():
    """Everything that `snakemake` without a target makes."""
    pairs = [f"{sample}/{model}" for sample in config["samples"] for model in config["models"]]
    return [
        *(f"results/predictions/{pair}" for pair in pairs),
        *(f"results/hubs/{sample}" for sample in config["samples"]),
        *(f"results/reports/{pair}.html" for pair in pairs if config["report"]),
    ]


def genome(wildcards):
    return config["samples"][wildcards.sample]["genome"]


def regions(wildcards):
    """The sample's BED, in a list that is empty where the whole genome is predicted."""
    return [bed for bed in [config["samples"][wildcards.sample].get("regions")] if bed]


def folder_files(name):
    """The files of a model folder, so that another model in the same folder is noticed; none for names and addresses."""
    files = ("config.json", "model.safetensors", "tracks.tsv")
    return [str(Path(name, file)) for file in files] if Path(name).is_dir() else []


def model_files(wildcards):
    return folder_files(config["models"][wildcards.model])


def option_files():
    """The files that options name, which jobs wait for and which count as much as the options."""
    given = config["options"]
    files = [given[name] for name in ("blacklist", "relatives") if name in given]
    files += [given["tracks"][1:]] if given.get("tracks", "").startswith("@") else []
    return files + (folder_files(given["ensemble"]) if "ensemble" in given else [])


def model(wildcards):
    return shlex.quote(config["models"][wildcards.model])


def options():
    """As words of a command line. A flag is what is true."""
    words = ["--device", config["device"]]
    for name, value in config["options"].items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return shlex.join(words)


def parts(sample):
    """Rows of the sample's table of parts: part, chroms, bp."""
    with open(checkpoints.deal_parts.get(sample=sample).output[0], newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def part(wildcards):
    return next(row for row in parts(wildcards.sample) if row["part"] == wildcards.part)


@cache
def content(file):
    with open(file, "rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def run_folder(sample, model, row):
    """Where a part is predicted. genint refuses to go on with another run, so what tells runs apart is in the name: the
    configuration and the content of all files but the genome, which is too large to be read for every job."""
    about, name = config["samples"][sample], config["models"][model]
    files = [*filter(None, [about.get("regions")]), *folder_files(name), *option_files()]
    run = [about, name, options(), row["chroms"], [content(file) for file in files]]
    digest = sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()[:8]
    return f"results/parts/{sample}/{model}/{row['part']}.{digest}"


def run_folders(wildcards):
    """Of all parts."""
    return [run_folder(wildcards.sample, wildcards.model, row) for row in parts(wildcards.sample)]


def done_flags(wildcards):
    return [f"results/parts/{wildcards.sample}/{wildcards.model}/{row['part']}.done" for row in parts(wildcards.sample)]


def minutes(wildcards, input, attempt):
    """Twice a part's share of what the dry run measured, with time to start; more at every attempt."""
    share = int(part(wildcards)["bp"]) / sum(int(row["bp"]) for row in parts(wildcards.sample))
    return attempt * math.ceil(5 + 2 * share * json.loads(Path(input.plan).read_text())["minutes"])


def mem_mb(wildcards, input, attempt):
    """A quarter more than the dry run measured, and what Snakemake itself needs in a job; more at every attempt."""
    return attempt * math.ceil(500 + 1.25 * json.loads(Path(input.plan).read_text())["memory_bytes"] / 2**20)
