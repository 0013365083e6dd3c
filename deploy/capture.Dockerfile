# tcpdump, for the profile `capture` of docker-compose.yml.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update && \
    apt-get install --yes --no-install-recommends tcpdump && \
    rm -rf /var/lib/apt/lists/*
