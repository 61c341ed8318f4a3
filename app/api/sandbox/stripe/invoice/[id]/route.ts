import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";

export function POST(request: Request, { params }: RouteContext<"/api/sandbox/stripe/invoice/[id]">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = await params;
    const { sandbox, stripePages } = await import("@/lib/sandbox");
    return seeOther(await stripePages.submit(sandbox(), "invoice", id, await readForm(request)));
  });
}
