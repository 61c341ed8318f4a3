/** PgBouncer in transaction mode in front of the tests' Postgres, if it is installed (Debian: pgbouncer). */
import { spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serverAccount } from "@/lib/local/embedded-account";
import { freePort } from "@/lib/local/free-port";

export interface PgBouncer {
  /** Connects to the server's databases through the pooler, by their names. */
  url: string;
  stop(): Promise<void>;
}

const PROGRAMS = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];

export function findPgBouncer(): string | undefined {
  return PROGRAMS.find((file) => existsSync(file));
}

/** null if there is no PgBouncer on this machine. */
export async function startPgBouncer(serverUrl: string, directory: string): Promise<PgBouncer | null> {
  const program = findPgBouncer();
  if (program === undefined) return null;
  mkdirSync(directory, { recursive: true });
  const account = serverAccount(directory);
  const port = await freePort("127.0.0.1");
  const { hostname, port: serverPort, username, password } = new URL(serverUrl);
  const configuration = path.join(directory, "pgbouncer.ini");
  writeFileSync(
    configuration,
    [
      "[databases]",
      `* = host=${hostname} port=${serverPort} user=${username} password=${decodeURIComponent(password)}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = any",
      "pool_mode = transaction",
      "default_pool_size = 20",
      "max_client_conn = 500",
      "server_idle_timeout = 2",
      `logfile = ${path.join(directory, "pgbouncer.log")}`,
    ].join("\n"),
    { mode: 0o600 },
  );
  if (account.uid !== undefined && account.gid !== undefined)
    for (const file of [directory, configuration]) chownSync(file, account.uid, account.gid);
  const bouncer = spawn(program, ["-q", configuration], { ...account, stdio: "ignore" });
  bouncer.on("error", () => {});
  await untilItListens(port, () => bouncer.exitCode === null);
  return {
    url: `postgres://tollgate@127.0.0.1:${port}/postgres`,
    stop: async () => {
      bouncer.kill("SIGKILL");
      while (bouncer.exitCode === null && bouncer.signalCode === null) await sleep(20);
    },
  };
}

async function untilItListens(port: number, alive: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await accepts(port))) {
    if (!alive() || Date.now() > deadline) throw new Error("PgBouncer did not start.");
    await sleep(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => resolve(Boolean(socket.destroy())));
    socket.on("error", () => resolve(false));
  });
}
