"""Predictions as people look at them."""


rule hub:
    input:
        genome=genome,
        predictions=expand("results/predictions/{{sample}}/{model}", model=config["models"]),
    output:
        directory("results/hubs/{sample}"),
    log:
        "logs/hub/{sample}.log",
    params:
        email=["--email", config["email"]] if config["email"] else [],
    conda:
        "../envs/genint.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    shell:
        "genint hub {input.predictions:q} -o {output:q} --genome {input.genome:q} {params.email:q} > {log:q} 2>&1"


rule report:
    input:
        genome=genome,
        predictions="results/predictions/{sample}/{model}",
    output:
        "results/reports/{sample}/{model}.html",
    log:
        "logs/report/{sample}.{model}.log",
    conda:
        "../envs/genint.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    shell:
        "genint report {input.predictions:q} -o {output:q} --genome {input.genome:q} > {log:q} 2>&1"
