/** Reads request bodies with a cap, so that nobody can fill the memory. */
import { HttpError } from "./http-error";

export const MAX_BODY = 1024 * 1024;

/**
 * The raw bytes, or null when there are more than `cap`; reading stops there.
 * @throws HttpError 400 where the client went away
 */
export async function readBody(request: Request, cap = MAX_BODY): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > cap) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > cap) return null;
      chunks.push(chunk);
    }
  } catch {
    // The client went away in the middle; nobody reads the answer.
    throw new HttpError(400, "incomplete_body", "The body ended before it was complete.");
  }
  return Buffer.concat(chunks);
}
