import { json } from "@/lib/http";
import { priceOf, rewrite, transformRequest } from "@/lib/products/writer";
import { withUsage } from "@/lib/usage";

export const POST = withUsage(
  { body: transformRequest, charges: priceOf },
  (_request, _context, { body, verdicts: [words, transformations] }) =>
    json({ text: rewrite(body), usage: { words, transformations } }),
);
