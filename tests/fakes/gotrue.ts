/**
 * A fake Supabase Auth (GoTrue): passwords, refresh, user, logout and public keys, as the real SDK calls them. A refresh
 * token can be used once, and again within GoTrue's reuse interval; tokens are ES256, as in new projects.
 */
import { randomBytes, randomUUID } from "node:crypto";
import http from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { listen, stop } from "./listen";

export interface FakeUser {
  id: string;
  email: string;
  password: string;
  name: string;
}

export interface FakeGoTrue {
  /** The address of the project, as SUPABASE_URL. */
  url: string;
  /** The requests, as "POST /token?grant_type=…", in order. */
  requests: string[];
  addUser(user: Partial<FakeUser>): FakeUser;
  /** A token with the project's key; claims replace the usual ones. */
  token(user: FakeUser, claims?: JWTPayload, options?: { expiresIn?: number; key?: CryptoKey }): Promise<string>;
  /** The cookie value of a session, in the format of the SDK. */
  session(user: FakeUser, options?: { expiresIn?: number }): Promise<string>;
  /** The `token_hash` of an e-mail to this user; it confirms once. */
  emailedToken(user: FakeUser): string;
  stop(): Promise<void>;
}

/** How long the same refresh token may be used again, as GoTrue's default. */
const REUSE_MS = 10_000;
const KEY_ID = "fake-key";

interface Options {
  reuseMs?: number;
  /** Answers the requests outside /auth/v1: the project's database API. */
  rest?: http.RequestListener;
}

export async function startFakeGoTrue({ reuseMs = REUSE_MS, rest }: Options = {}): Promise<FakeGoTrue> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: "ES256", use: "sig" };
  const users: FakeUser[] = [];
  const refreshTokens = new Map<string, { user: FakeUser; usedAt: number | null }>();
  const emailed = new Map<string, FakeUser>();
  const requests: string[] = [];
  let url = "";

  const token: FakeGoTrue["token"] = (user, claims = {}, { expiresIn = 3600, key = privateKey } = {}) =>
    new SignJWT({
      role: "authenticated",
      email: user.email,
      user_metadata: { full_name: user.name },
      session_id: randomUUID(),
      is_anonymous: false,
      iss: `${url}/auth/v1`,
      aud: "authenticated",
      sub: user.id,
      iat: now(),
      exp: now() + expiresIn,
      ...claims,
    })
      .setProtectedHeader({ alg: "ES256", kid: KEY_ID, typ: "JWT" })
      .sign(key);

  const sessionOf = async (user: FakeUser, expiresIn = 3600) => {
    const refreshToken = randomBytes(8).toString("hex");
    refreshTokens.set(refreshToken, { user, usedAt: null });
    return {
      access_token: await token(user, {}, { expiresIn }),
      token_type: "bearer",
      expires_in: expiresIn,
      expires_at: now() + expiresIn,
      refresh_token: refreshToken,
      user: publicUser(user),
    };
  };

  const routes: Record<string, (body: Record<string, string>) => Promise<[number, unknown]>> = {
    "POST /token?grant_type=password": async ({ email, password }) => {
      const user = users.find((each) => each.email === email && each.password === password);
      return user ? [200, await sessionOf(user)] : refused(400, "invalid_credentials", "Invalid login credentials");
    },
    "POST /token?grant_type=refresh_token": async ({ refresh_token: given = "" }) => {
      const known = refreshTokens.get(given);
      if (!known) return refused(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
      if (known.usedAt !== null && Date.now() - known.usedAt > reuseMs)
        return refused(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
      known.usedAt ??= Date.now();
      return [200, await sessionOf(known.user)];
    },
    "POST /signup": async ({ email = "", password = "", data }) => {
      if (users.some((each) => each.email === email))
        return refused(422, "user_already_exists", "User already registered");
      const name = (data as unknown as { full_name?: string } | undefined)?.full_name ?? "";
      return [200, await sessionOf(addUser({ email, password, name }))];
    },
    "POST /verify": async ({ token_hash: hash = "" }) => {
      const user = emailed.get(hash);
      if (!user) return refused(403, "otp_expired", "Email link is invalid or has expired");
      emailed.delete(hash);
      return [200, await sessionOf(user)];
    },
    "POST /logout?scope=local": async () => [204, null],
    "GET /.well-known/jwks.json": async () => [200, { keys: [jwk] }],
  };

  const addUser = (user: Partial<FakeUser>): FakeUser => {
    const id = randomUUID();
    const added = { id, email: `${id}@example.com`, password: "correct horse", name: "Grace Hopper", ...user };
    users.push(added);
    return added;
  };

  const server = http.createServer(async (request, response) => {
    const parsed = new URL(request.url ?? "/", "http://x");
    if (rest && !parsed.pathname.startsWith("/auth/v1/")) return rest(request, response);
    const known = ["grant_type", "scope"].filter((name) => parsed.searchParams.has(name));
    const query = known.map((name) => `${name}=${parsed.searchParams.get(name)}`).join("&");
    const route = `${request.method} ${parsed.pathname.replace("/auth/v1", "")}${query && `?${query}`}`;
    requests.push(route);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const [status, body] = (await routes[route]?.(JSON.parse(Buffer.concat(chunks).toString() || "{}"))) ?? [404, {}];
    response.writeHead(status, { "content-type": "application/json", "x-supabase-api-version": "2024-01-01" });
    response.end(body === null ? "" : JSON.stringify(body));
  });
  url = `http://localhost:${await listen(server)}`;

  return {
    url,
    requests,
    addUser,
    token,
    emailedToken(user) {
      const hash = randomBytes(16).toString("hex");
      emailed.set(hash, user);
      return hash;
    },
    session: async (user, { expiresIn } = {}) => {
      const session = await sessionOf(user, expiresIn);
      return `base64-${Buffer.from(JSON.stringify(session)).toString("base64url")}`;
    },
    stop: () => stop(server),
  };
}

function refused(status: number, code: string, message: string): [number, unknown] {
  return [status, { code, message }];
}

function publicUser({ id, email, name }: FakeUser) {
  return {
    id,
    email,
    aud: "authenticated",
    role: "authenticated",
    user_metadata: { full_name: name },
    app_metadata: {},
  };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
