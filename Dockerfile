# The operator. Build it with `node images/build.ts operator [BASE]`: that assembles a context with production packages only
# (chosen by package-lock.json out of node_modules, which npm has checked against the lock's digests), so the build needs no
# network and two builds from one lock file hold the same files. `docker build .` works too, with development packages in
# the image. BASE: any Debian-like image with Node 24 in its PATH.
ARG BASE=jtel-sandbox/node:24
FROM ${BASE}
LABEL org.opencontainers.image.title="jtel-operator" \
      org.opencontainers.image.description="Runs jtel contact-centre stacks on remote docker compose hosts" \
      org.opencontainers.image.vendor="jtel"
RUN echo 'jtel-operator:x:65532:65532:jtel operator:/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'jtel-operator:x:65532:' >> /etc/group \
 && ln -s /opt/jtel-operator/operator/bin/jtel-operator /usr/local/bin/jtel-operator
WORKDIR /opt/jtel-operator
COPY package.json ./
COPY node_modules ./node_modules
COPY model ./model
COPY crds ./crds
COPY release ./release
COPY blob-store ./blob-store
COPY host-driver ./host-driver
COPY controllers ./controllers
COPY operator ./operator
COPY cli ./cli
ENV NODE_ENV=production
# Nothing is written to the file system: it can be read-only.
USER 65532:65532
ENTRYPOINT ["jtel-operator"]
CMD ["run"]
