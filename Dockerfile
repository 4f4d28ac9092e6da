# One image for every service: the command names the service. All of them run as the same unprivileged user on a read-only root.
#   docker build -t audital .            docker build --build-arg BASE_IMAGE=… -t audital .
ARG BASE_IMAGE=node:24-bookworm-slim

# What npm needs to know and nothing else, so that a change of a source file does not install the packages anew.
FROM ${BASE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests && cp package.json package-lock.json .npmrc /manifests/ \
 && find apps libs -name package.json -exec cp --parents {} /manifests/ \;

# No install script of any package runs: nothing that is needed has one.
FROM ${BASE_IMAGE} AS build
WORKDIR /src
COPY --from=manifests /manifests ./
RUN npm ci --ignore-scripts --omit=optional --no-audit --no-fund
COPY . .
RUN npx tsc -b tsconfig.build.json \
 && find apps libs \( -name src -o -name fixtures \) -prune -exec rm -rf {} + \
 && find apps libs -name node_modules -prune -o \( -name '*.tsbuildinfo' -o -name '*.d.ts' -o -name '*.d.ts.map' -o -name 'tsconfig*.json' \) -exec rm {} + \
 && rm -rf libs/testing

FROM ${BASE_IMAGE} AS packages
WORKDIR /src
COPY --from=manifests /manifests ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund \
 && rm -rf node_modules/@audital/testing node_modules/@audital/e2e

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="Audital" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production HEALTH_HOST=0.0.0.0 HEALTH_PORT=8081
WORKDIR /app
COPY --from=packages /src/node_modules node_modules
COPY --from=build /src/package.json ./
COPY --from=build /src/libs libs
COPY --from=build /src/apps apps
COPY --from=packages /src/apps apps
COPY deploy/healthy.mjs deploy/
# A new volume takes over the owner of the folder that it is mounted on.
RUN cd /var/lib && mkdir -p audital && cd audital \
 && mkdir ledger checkpoints index pins nats simulator organisation && chown -R 1000:1000 . && chmod -R go-rwx .
USER 1000:1000
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 CMD ["node", "deploy/healthy.mjs"]
ENTRYPOINT ["node", "--enable-source-maps", "--disable-warning=ExperimentalWarning"]
CMD ["apps/gateway/dist/main.js"]
