/** Requests to an app over kept connections. */
import http from "node:http";

/** Longer than the server takes for any answer. */
const ANSWER_MS = 60_000;

interface Sent {
  method: string;
  path: string;
  body?: string;
  headers?: Readonly<Record<string, string>>;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
}

export interface Client {
  /** Sends one request over the agent's connections and reads the answer to its end. */
  send(agent: http.Agent, sent: Sent): Promise<Answer>;
}

export function clientOf(port: number): Client {
  return {
    send(agent, { method, path, body, headers }) {
      const all = {
        origin: `http://localhost:${port}`,
        ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...headers,
      };
      return new Promise((resolve, reject) => {
        const request = http.request({ agent, host: "localhost", port, path, method, headers: all }, (response) => {
          response.resume();
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
          response.on("error", reject);
        });
        request.setTimeout(ANSWER_MS, () => request.destroy(new Error(`${path} did not answer.`)));
        request.on("error", reject);
        request.end(body);
      });
    },
  };
}

/** The cookie of a user who signs in at the local identity. */
export async function signIn({ send }: Client, agent: http.Agent, userId: string): Promise<string> {
  const { headers } = await send(agent, { method: "POST", path: "/api/auth/local", body: JSON.stringify({ userId }) });
  return (headers["set-cookie"] ?? []).map((each) => each.split(";")[0]).join("; ");
}
