import { getProcessor } from "@/lib/processors";

const PROCESSORS = ["stripe", "paddle"] as const;

/** The processors that accept payments here, the default first. */
export async function payableProcessors(): Promise<(typeof PROCESSORS)[number][]> {
  const connections = await Promise.all(PROCESSORS.map((processor) => getProcessor(processor)));
  return PROCESSORS.filter((_, index) => connections[index]?.sells === true);
}
