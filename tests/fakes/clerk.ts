/**
 * A fake Clerk instance. It signs session tokens as Clerk does, and has the keys that an installation is configured
 * with. It answers the Backend API's `GET /v1/users/:id`. It serves no keys, so the product must verify sessions
 * without a request.
 */
import http from "node:http";
import { type CryptoKey, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { listen, stop } from "./listen";

export interface FakeClerk {
  environment: Record<"CLERK_SECRET_KEY" | "CLERK_PUBLISHABLE_KEY" | "CLERK_JWT_KEY" | "CLERK_API_URL", string>;
  /** The requests to the Backend API, as "GET /v1/users/…", in order. */
  requests: string[];
  /** A session token; claims replace the usual ones. */
  token(userId: string, claims?: JWTPayload, options?: { expiresIn?: number; key?: CryptoKey }): Promise<string>;
  /** The cookies of a signed-in browser. */
  cookies(token: string): string;
  stop(): Promise<void>;
}

/** `.invalid` has no address: a request to it would fail. */
const HOST = "clerk.example.invalid";

export async function startFakeClerk(appUrl: string): Promise<FakeClerk> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true });
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const id = /^\/v1\/users\/([^/?]+)$/.exec(request.url ?? "")?.[1];
    response.writeHead(id ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(id ? userObject(id) : { errors: [] }));
  });
  const port = await listen(server);
  return {
    requests,
    stop: () => stop(server),
    environment: {
      CLERK_SECRET_KEY: "sk_test_of_the_fake",
      CLERK_PUBLISHABLE_KEY: `pk_test_${Buffer.from(`${HOST}$`).toString("base64")}`,
      // One line: the forms of many hosts accept no more.
      CLERK_JWT_KEY: (await exportSPKI(publicKey)).replaceAll("\n", "\\n"),
      CLERK_API_URL: `http://127.0.0.1:${port}`,
    },
    token(userId, claims = {}, { expiresIn = 60, key = privateKey } = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        sub: userId,
        sid: `sess_${userId}`,
        iss: `https://${HOST}`,
        azp: new URL(appUrl).origin,
        iat: now,
        nbf: now - 10,
        exp: now + expiresIn,
        sts: "active",
        fva: [0, -1],
        v: 2,
        ...claims,
      })
        .setProtectedHeader({ alg: "RS256", kid: "ins_fake", typ: "JWT" })
        .sign(key);
    },
    cookies: (token) =>
      `__session=${token}; __clerk_db_jwt=dvb_fake; __client_uat=${Math.floor(Date.now() / 1000) - 5}`,
  };
}

function userObject(id: string) {
  const address = { id: "idn_1", object: "email_address", email_address: `${id}@clerk.example`, linked_to: [] };
  return {
    id,
    object: "user",
    first_name: "Ada",
    last_name: "Lovelace",
    primary_email_address_id: "idn_1",
    email_addresses: [address],
  };
}
