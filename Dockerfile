# The same line of Node as in .nvmrc, with the known fixes (26.12.1 or later).
ARG NODE=26.12.1-bookworm-slim

# The build, which can also migrate: `docker build --target build`.
FROM node:${NODE} AS build
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN TOLLGATE_STANDALONE=1 npm run build

# The app: Next's standalone output, without sources, tests or development dependencies.
FROM node:${NODE}
WORKDIR /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0 PORT=3000
COPY --from=build /app/.next/standalone ./
COPY --from=build /app/.next/static ./.next/static
COPY --from=build /app/scripts/cron.mjs /app/vercel.json ./
USER node
EXPOSE 3000
# Healthy means that the database answers too.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.js"]
