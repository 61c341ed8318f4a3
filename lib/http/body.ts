/** Reads request bodies with a cap, so that nobody can fill the memory. */

export const MAX_BODY = 1024 * 1024;

/** The raw bytes, or null when there are more than `cap`; reading stops there. */
export async function readBody(request: Request, cap = MAX_BODY): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > cap) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > cap) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
