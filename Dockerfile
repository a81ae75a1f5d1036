# railguard as an image: three stages, of which the last has Node, pgbouncer, tini and what runs, and nothing that builds.
# No scripts of packages run: the Node of the image is the one that is used.

FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/bundle.mjs \
 && node node_modules/typescript/bin/tsc -p tsconfig.build.json \
 && node scripts/executable.mjs \
 && node scripts/assets.mjs \
 && find dist -name '*.map' -delete \
 && find dist -name '*.d.ts' -delete

FROM node:24-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24-trixie-slim
LABEL org.opencontainers.image.title="railguard" \
      org.opencontainers.image.description="A hardening sidecar reverse proxy in front of an app nobody changes" \
      org.opencontainers.image.licenses="MIT"
# Versions are those of the Debian release that the tag names; a pinned one would miss its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends pgbouncer tini \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn*
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
ENV NODE_ENV=production
USER node
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s --retries=3 \
  CMD ["node", "dist/alive.js"]
# Process 1 passes signals on and takes in orphans; railguard reads PORT and all else from the environment.
ENTRYPOINT ["tini", "--", "node", "/app/dist/main.js"]
CMD ["serve"]
