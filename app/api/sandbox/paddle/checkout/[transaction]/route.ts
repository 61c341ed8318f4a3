import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";

export function POST(request: Request, { params }: RouteContext<"/api/sandbox/paddle/checkout/[transaction]">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { transaction } = await params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "checkout", transaction, await readForm(request)));
  });
}
