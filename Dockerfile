# docker build -t genint .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" genint predict genome.fa regions.bed -o out
#
# --user: the files are then yours, and may be written where you may. Any user will do: caches are in /tmp.
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

# PyTorch asks for the user's name, which a user of --user has not.
ENV HOME=/tmp USER=genint
USER genint
WORKDIR /data
ENTRYPOINT ["genint"]
