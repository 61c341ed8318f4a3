import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";

export function POST(request: Request, { params }: RouteContext<"/api/sandbox/paddle/payment/[subscription]">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { subscription } = await params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "payment", subscription, await readForm(request)));
  });
}
