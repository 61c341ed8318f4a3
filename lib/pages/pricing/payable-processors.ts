import { PROCESSORS, type Processor } from "@/lib/config/terms";
import { getProcessor } from "@/lib/processors";

/** The processors that accept payments here, the default first. */
export async function payableProcessors(): Promise<Processor[]> {
  const connections = await Promise.all(PROCESSORS.map((processor) => getProcessor(processor)));
  return PROCESSORS.filter((_, index) => connections[index]?.sells === true);
}
