import { getProcessor } from "@/lib/processors";

const PROCESSORS = ["stripe", "paddle"] as const;

/** The processors that plans can be paid through here, the usual one first. */
export async function payableProcessors(): Promise<(typeof PROCESSORS)[number][]> {
  const found = await Promise.all(PROCESSORS.map((processor) => getProcessor(processor)));
  return PROCESSORS.filter((_, index) => found[index]?.sells === true);
}
