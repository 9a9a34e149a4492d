# The image of Croft: the program, its broker and the libraries that both load, and nothing else. One image is the whole platform
# (croft serve), any one service of it (croft serve --target data) and the broker (croft broker).
# SPDX-License-Identifier: Apache-2.0
#
#   docker build -t croft .
#   docker buildx build --platform linux/arm64 -t croft .       # built on this machine's processor: no emulation
ARG DEBIAN=bookworm

FROM --platform=$BUILDPLATFORM debian:${DEBIAN}-slim AS build
# Of --platform; without, the processor of this machine. How many compilers at once; without, as many as memory carries.
ARG TARGETARCH
ARG CROFT_JOBS
WORKDIR /croft
# In steps, so that a change of the code downloads nothing again and compiles only what changed.
COPY tools/packages tools/setup.sh tools/cross.sh tools/
COPY tools/cross tools/cross
RUN tools/cross.sh "${TARGETARCH:-native}" compilers sysroot
COPY . .
RUN --mount=type=cache,target=/root/.cache/ccache tools/cross.sh "${TARGETARCH:-native}" program install /image root /image

FROM scratch
COPY --from=build /image /
LABEL org.opencontainers.image.title="Croft" \
      org.opencontainers.image.description="IoT platform: readings, commands and live graphs from nodes that speak MQTT" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/bin:/usr/sbin \
    CROFT_STATE_DIR=/var/lib/croft
USER 10001:10001
WORKDIR /var/lib/croft
VOLUME /var/lib/croft
EXPOSE 8080 1883 8883
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["croft", "health"]
ENTRYPOINT ["croft"]
CMD ["serve"]
