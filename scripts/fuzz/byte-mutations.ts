/** Changes a body's bytes; most results are not JSON. */
import { MAX_BODY_BYTES } from "@/lib/http";
import type { Random } from "./random";

type Change = (body: Buffer, random: Random) => Buffer;

const CHANGES: readonly Change[] = [
  (body, { below }) => body.subarray(0, below(body.length + 1)),
  (body, random) => flipped(body, random),
  (body, { below, bytes }) => spliced(body, below(body.length + 1), 0, bytes(1 + below(8))),
  (body, { below }) => spliced(body, below(body.length + 1), 1 + below(20), Buffer.alloc(0)),
  (body, { below, pick }) =>
    spliced(body, below(body.length + 1), 0, Buffer.from(pick([[0], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]]))),
  (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
  (body) => Buffer.from(body.toString(), "utf16le"),
  (body) => Buffer.concat([body, body]),
  (body) => Buffer.concat([Buffer.from("["), body, Buffer.from("]")]),
  (_, { pick }) => Buffer.from(pick(["", "{}", "null", "true", "[]", '"evt_1"', "1e999", "{", "\u0000", "\ufeff"])),
  (_, { below, bytes }) => bytes(below(300)),
];

/** The body with one change or none; sometimes as large as allowed, or a byte larger. */
export function changedBody(body: Buffer, random: Random): Buffer {
  if (random.chance(0.005)) return padded(body, MAX_BODY_BYTES + random.below(2));
  return random.chance(0.25) ? random.pick(CHANGES)(body, random) : body;
}

function flipped(body: Buffer, { below }: Random): Buffer {
  const copy = Buffer.from(body);
  for (let flips = 1 + below(8); flips > 0 && copy.length > 0; flips--) {
    const at = below(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << below(8));
  }
  return copy;
}

function spliced(body: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([body.subarray(0, at), added, body.subarray(at + removed)]);
}

/** JSON may end in spaces. */
function padded(body: Buffer, size: number): Buffer {
  return Buffer.concat([body, Buffer.alloc(Math.max(0, size - body.length), " ")]).subarray(0, size);
}
