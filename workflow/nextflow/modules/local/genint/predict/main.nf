process GENINT_PREDICT {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"

    input:
    tuple val(meta), path(fasta)
    tuple val(meta2), path(regions)
    tuple val(meta3), path(model)
    val chroms

    output:
    tuple val(meta), path("${prefix}")            , emit: predictions
    tuple val(meta), path("${prefix}/*.bw")       , emit: bigwig
    tuple val(meta), path("${prefix}/tracks.tsv") , emit: tracks
    tuple val(meta), path("${prefix}/regions.tsv"), emit: regions
    tuple val(meta), path("${prefix}/run.json")   , emit: report
    path "versions.yml"                           , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def where = chroms ? "${regions ?: ''} --chroms ${chroms}" : regions ?: '--whole-genome'
    def from = model ? "--model ${model}" : ''
    """
    genint predict \\
        ${fasta} \\
        ${where} \\
        ${from} \\
        --threads ${task.cpus} \\
        --out ${prefix} \\
        ${args}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        genint: \$(genint --version | sed 's/^genint //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir ${prefix}
    touch ${prefix}/stub.bw ${prefix}/tracks.tsv ${prefix}/regions.tsv ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        genint: \$(genint --version | sed 's/^genint //')
    END_VERSIONS
    """
}
