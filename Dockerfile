# The operator. Build it with `node images/images.ts operator [BASE]`, which bundles the sources and what they use of their
# packages (chosen by package-lock.json) into a context of a few files, so that the build needs no network and two builds
# from one commit hold the same files. BASE: any Debian-like image with Node 24 in its PATH.
ARG BASE=jtel-sandbox/node:24
FROM ${BASE}
LABEL org.opencontainers.image.title="jtel-operator" \
      org.opencontainers.image.description="Runs jtel contact-centre stacks on remote docker compose hosts" \
      org.opencontainers.image.vendor="jtel"
RUN echo 'jtel-operator:x:65532:65532:jtel operator:/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'jtel-operator:x:65532:' >> /etc/group \
 && ln -s /opt/jtel-operator/jtel-operator.js /usr/local/bin/jtel-operator
WORKDIR /opt/jtel-operator
# Named, so that a build from the repository itself, without the bundle, fails here.
COPY jtel-operator.js package.json ./
COPY . ./
# One malloc arena instead of one per thread, and no TurboFan, also not for the HTTP parser of undici, which is WebAssembly:
# docs/decisions/0006-bundle-in-the-image.md and 0032-client-on-client-node.md have the figures.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    NODE_OPTIONS=--enable-source-maps
# Nothing is written to the file system: it can be read-only.
USER 65532:65532
ENTRYPOINT ["node", "--max-opt=2", "--liftoff-only", "/opt/jtel-operator/jtel-operator.js"]
CMD ["run"]
