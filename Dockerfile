# One image, one binary, every role: the role is the first argument.
#
#   docker build --tag framecast .                          compiles in the public Rust image
#   docker build --tag framecast --target prebuilt .        takes target/release/framecast of this machine
#
# BASE_IMAGE needs glibc and libgcc_s, no older than what the binary was linked with, and nothing else.
ARG BASE_IMAGE=debian:bookworm-slim
ARG RUST_IMAGE=rust:1-slim-bookworm

FROM ${BASE_IMAGE} AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Framecast" \
      org.opencontainers.image.description="Live pictures and sound over UDP: producers, a broker, and clients in the terminal" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# A new volume takes its owner from here.
COPY --chown=65532:65532 deploy/state /var/lib/framecast
# Where relative folders count from: media is mounted at /srv/media.
WORKDIR /srv
USER 65532:65532
# Docker passes nothing of the terminal but its size; nearly all take UTF-8. `--env LANG=C` for one that does not.
ENV LANG=C.UTF-8
EXPOSE 5000/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/bin/framecast", "health"]
ENTRYPOINT ["/usr/bin/framecast"]
CMD ["--help"]

# Before the stage that compiles: builders that run every stage up to their target then need no Rust image.
FROM base AS prebuilt
ARG BINARY=target/release/framecast
COPY ${BINARY} /usr/bin/framecast

FROM ${RUST_IMAGE} AS compile
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package framecast

FROM base AS build
COPY --from=compile /source/target/release/framecast /usr/bin/framecast
