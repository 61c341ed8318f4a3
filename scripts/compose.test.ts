/** compose.yml without Docker: no service has more rights than it needs. The test reads it as indented text. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { APP_ROLE } from "@/lib/database/app-role";

const text = readFileSync("compose.yml", "utf8");
const uncommented = text.replace(/^\s*#.*\n/gm, "");
/** The lines of each entry below a top-level key. */
function entriesOf(key: string): Record<string, string> {
  const [, block = ""] = new RegExp(`^${key}:\\n((?:(?: .*)?\\n)*)`, "m").exec(uncommented) ?? [];
  const parts = block.split(/^ {2}(?=\w)/m).filter((each) => each.trim() !== "");
  return Object.fromEntries(parts.map((each) => [each.slice(0, each.indexOf(":")), each]));
}

const services = entriesOf("services");
const names = Object.keys(services);

test("the services are those of the deployment page", () => {
  expect(names.sort()).toEqual(["app", "cron", "migrate", "postgres", "redis"]);
  const [, line = ""] = /docker compose ps +# (.*)/.exec(readFileSync("docs/deploy.md", "utf8")) ?? [];
  for (const name of names) expect(line).toContain(name);
});

test("the common settings are a read-only root, no capabilities and no new privileges", () => {
  const hardened = /^x-hardened: &hardened\n((?: .*\n)+)/m.exec(uncommented)?.[1];
  expect(hardened).toMatch(/^ {2}read_only: true$/m);
  expect(hardened).toMatch(/^ {2}cap_drop: \[ALL\]$/m);
  expect(hardened).toMatch(/^ {2}security_opt: \["no-new-privileges:true"\]$/m);
  expect(uncommented).not.toMatch(/privileged:|cap_add:|network_mode:|pid:|ipc:|docker\.sock|read_only: false|seccomp/);
});

describe.each(Object.entries(services))("%s", (name, service) => {
  test("has the common settings, an ordinary user and limits", () => {
    expect(service).toMatch(/^ {4}<<: \*hardened$/m);
    expect(service).toMatch(/^ {4}user: (postgres|redis|node)$/m);
    expect(service).toMatch(/deploy: \{ resources: \{ limits: \{ cpus: "[\d.]+", memory: \d+[MG], pids: \d+ \} \} \}/);
    expect(service).not.toMatch(/^ {4}(security_opt|cap_drop):/m);
  });

  test("has a health check, unless it ends by itself", () => {
    expect(service).toMatch(/^ {4}healthcheck:/m);
    if (name !== "migrate") expect(service).not.toContain("disable: true");
  });

  test("publishes no port but the app's, on loopback", () => {
    const ports = /^ {4}ports: (.*)$/m.exec(service)?.[1];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Docker Compose replaces it.
    expect(ports).toBe(name === "app" ? '["127.0.0.1:${PORT:-3000}:3000"]' : undefined);
  });
});

test("the app connects as its own role, and none of its variables has the owner's password", () => {
  expect(services.app).toMatch(new RegExp(`^ {6}DATABASE_URL: postgres://${APP_ROLE}:`, "m"));
  for (const variable of ["POSTGRES_PASSWORD", "DATABASE_APP_PASSWORD"])
    expect(services.app).toMatch(new RegExp(`^ {6}${variable}: ""$`, "m"));
  expect(names.filter((name) => services[name]?.includes("{POSTGRES_PASSWORD")).sort()).toEqual([
    "migrate",
    "postgres",
  ]);
});

test("Postgres and Redis are in networks without access to the internet", () => {
  const networks = entriesOf("networks");
  const internal = Object.keys(networks).filter((name) => networks[name]?.includes("internal: true"));
  expect(internal.sort()).toEqual(["cache", "database"]);
  const networksOf = (name: string) => /^ {4}networks: \[(.*)\]$/m.exec(services[name] ?? "")?.[1]?.split(", ") ?? [];
  for (const name of ["postgres", "redis", "migrate"])
    expect(
      networksOf(name).every((each) => internal.includes(each)),
      name,
    ).toBe(true);
  expect(networksOf("cron")).toEqual(["front"]);
});
