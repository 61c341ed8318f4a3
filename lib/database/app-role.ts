/** The role of the app's own connection; migrations use the owner. Its rights: supabase/schemas/app_role.sql. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { withClient } from "./migrate";

export const APP_ROLE = "tollgate_app";

/** Sets the role's password. The server gets a verifier, so no log or statistic contains the password. */
export async function setAppPassword(ownerUrl: string, password: string): Promise<void> {
  // ALTER ROLE takes no parameters, and a verifier contains no quote.
  await withClient(ownerUrl, (client) =>
    client.query(`alter role ${APP_ROLE} login password '${scramVerifier(password)}'`),
  );
}

/** The URL of the same database for the app's role. */
export function appUrl(ownerUrl: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = APP_ROLE;
  url.password = encodeURIComponent(password);
  return url.href;
}

const ITERATIONS = 4096;

/** SCRAM-SHA-256 as Postgres stores it (RFC 5803). The password is printable ASCII, which SASLprep does not change. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const keyed = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(keyed("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${storedKey}:${keyed("Server Key").toString("base64")}`;
}
