/** Reads request bodies with a size limit and a deadline, so that a caller cannot occupy the memory. */
import { BODY_MS } from "@/lib/core/deadlines";
import { DomainError } from "@/lib/core/domain-error";

export const MAX_BODY_BYTES = 1024 * 1024;

/** Closes the connection after the response: the unread rest of a body would keep it open. */
export const CLOSE_CONNECTION = { connection: "close" };

interface BodyLimits {
  maxBytes?: number;
  /** For the whole body. */
  deadlineMs?: number;
}

/**
 * The raw bytes, or null if there are more than `maxBytes`; reading stops there.
 * @throws DomainError bad_input if the client disconnected, too_slow if the body is incomplete at the deadline
 */
export async function readBody(
  request: Request,
  { maxBytes = MAX_BODY_BYTES, deadlineMs = BODY_MS }: BodyLimits = {},
): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return null;
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, deadlineMs, "late");
  });
  try {
    const body = await readAll(reader, maxBytes, late);
    if (body !== "late") return body;
  } finally {
    clearTimeout(timer);
  }
  throw new DomainError("too_slow", "body_too_slow", "The body did not arrive in time.");
}

/**
 * The raw bytes of a body of at most 1 MiB.
 * @throws DomainError bad_input, too_slow, too_large
 */
export async function requireBody(request: Request): Promise<Uint8Array> {
  const raw = await readBody(request);
  if (raw === null) throw new DomainError("too_large", "too_large", "The body is larger than 1 MiB.");
  return raw;
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  late: Promise<"late">,
): Promise<Uint8Array | null | "late"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const read = await Promise.race([late, reader.read().catch(disconnected)]);
    if (read === "late") return stop(reader, "late");
    if (read.done) return Buffer.concat(chunks);
    size += read.value.length;
    if (size > maxBytes) return stop(reader, null);
    chunks.push(read.value);
  }
}

/** Cancels without waiting: a stream that stalls may never confirm it. */
function stop<T>(reader: ReadableStreamDefaultReader<Uint8Array>, result: T): T {
  reader.cancel().catch(() => {});
  return result;
}

function disconnected(): never {
  throw new DomainError("bad_input", "incomplete_body", "The body ended before it was complete.");
}
