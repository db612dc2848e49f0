# docker build -t genint .
# docker run --rm -v "$PWD:/data" genint predict genome.fa regions.bed -o out
#
# Runs on CPUs. The PyTorch wheel comes from pip's default index; --build-arg TORCH_INDEX=URL takes another build, for
# example the smaller CPU-only one or the one for a given CUDA version (PyTorch's installation page lists the URLs).
# With a CUDA build: docker run --gpus all ...
FROM python:3.13.1-slim-bookworm

ARG TORCH_INDEX=""

WORKDIR /opt/genint
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY genint genint
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' constraints.txt)" \
    && pip install --no-cache-dir --constraint constraints.txt . \
    && useradd --create-home genint

USER genint
WORKDIR /data
ENTRYPOINT ["genint"]
