"""From a genome to bigWigs: dealt to parts, predicted part by part, merged."""


checkpoint deal_parts:
    input:
        genome=genome,
        regions=regions,
    output:
        "results/parts/{sample}.tsv",
    log:
        "logs/deal_parts/{sample}.log",
    params:
        most=config["parts"],
    conda:
        "../envs/genint.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    script:
        "../scripts/deal_parts.py"


rule plan:
    input:
        genome=genome,
        regions=regions,
        model=model_files,
        options=option_files(),
    output:
        "results/plans/{sample}/{model}.json",
    log:
        "logs/plan/{sample}.{model}.log",
    params:
        where=lambda wildcards, input: input.regions or "--whole-genome",
        model=model,
        options=options(),
    conda:
        "../envs/genint.yaml"
    threads: config["threads"]
    resources:
        gpu=int(config["device"] == "cuda"),
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=30,
    shell:
        "genint predict {input.genome:q} {params.where:q} --model {params.model} {params.options} "
        "--threads {threads} --dry-run --json > {output:q} 2> {log:q}"


# A flag is the output and not the folder, which Snakemake would remove after a failure: what a killed job has done is
# in there, and the next attempt (`retries` of the profile) resumes from it. Logs grow: they tell how each attempt ended.
rule predict:
    input:
        genome=genome,
        regions=regions,
        model=model_files,
        options=option_files(),
        parts="results/parts/{sample}.tsv",
        plan="results/plans/{sample}/{model}.json",
    output:
        touch("results/parts/{sample}/{model}/{part}.done"),
    log:
        "logs/predict/{sample}.{model}.{part}.log",
    params:
        chroms=lambda wildcards: part(wildcards)["chroms"],
        model=model,
        options=options(),
        folder=lambda wildcards: run_folder(wildcards.sample, wildcards.model, part(wildcards)),
    conda:
        "../envs/genint.yaml"
    threads: config["threads"]
    resources:
        gpu=int(config["device"] == "cuda"),
        mem_mb=mem_mb,
        runtime=minutes,
    shell:
        "genint predict {input.genome:q} {input.regions:q} --chroms {params.chroms:q} --model {params.model} "
        "{params.options} --threads {threads} -o {params.folder:q} >> {log:q} 2>&1"


rule merge:
    input:
        done_flags,
    output:
        directory("results/predictions/{sample}/{model}"),
    log:
        "logs/merge/{sample}.{model}.log",
    params:
        folders=run_folders,
    conda:
        "../envs/genint.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    shell:
        "genint merge {params.folders:q} -o {output:q} > {log:q} 2>&1"
