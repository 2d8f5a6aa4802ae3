# The operator's image: `docker build .` here, for the machine's own platform or any other that Node runs on.
#   BASE      any Debian-like image with Node 24 and npm; by its digest (node:24-trixie-slim@sha256:…), it is the same each time
#   VERSION, REVISION   of the sources, for the labels
# The build stage fetches packages from the npm registry and bundles. The sandbox builds with this file, too, but from a context that
# holds in `ready/` what the build stage would have made (images/contexts.ts): its builds need no network and no npm.
ARG BASE=node:24-trixie-slim

FROM ${BASE} AS build
WORKDIR /src
# For networks with a registry or a certificate of their own; proxies are known to Docker.
ARG NPM_CONFIG_REGISTRY
ARG NODE_EXTRA_CA_CERTS
COPY Dockerfile package*.json .npmrc* ./
RUN [ ! -e package-lock.json ] || npm ci --ignore-scripts
COPY . .
RUN if [ -d ready ]; then mv ready /out; else node images/contexts.ts operator /out; fi

FROM ${BASE}
RUN echo 'jtel-operator:x:65532:65532:jtel operator:/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'jtel-operator:x:65532:' >> /etc/group \
 && ln -s /opt/jtel-operator/jtel-operator.js /usr/local/bin/jtel-operator
WORKDIR /opt/jtel-operator
COPY --from=build /out ./
# docker-modem still calls url.parse(); Node's warning of that would be a line of the log that is no JSON.
ENV NODE_ENV=production \
    NODE_OPTIONS="--enable-source-maps --disable-warning=DEP0169"
ARG VERSION=0.2.0-dev
ARG REVISION
LABEL org.opencontainers.image.title="jtel-operator" \
      org.opencontainers.image.description="Runs jtel contact-centre stacks on remote docker compose hosts" \
      org.opencontainers.image.vendor="jtel" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing is written to the file system: it can be read-only.
USER 65532:65532
# V8's optimizing compilers, for JavaScript and for the HTTP parser of undici, which is WebAssembly, take 14 MB and win nothing that
# could be measured: docs/decisions/0036-flags-of-the-image.md.
# Without --disable-sigusr1, whoever can send the process a signal opens a debugger in it, with every secret that it holds.
ENTRYPOINT ["node", "--max-opt=2", "--liftoff-only", "--disable-sigusr1", "/opt/jtel-operator/jtel-operator.js"]
CMD ["run"]
