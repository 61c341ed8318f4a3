import { answer, readForm, requireSameOrigin, requireSandbox, seeOther } from "@/lib/http";

export function POST(request: Request, { params }: RouteContext<"/api/sandbox/paddle/transaction/[id]">) {
  return answer(async () => {
    requireSandbox();
    requireSameOrigin(request);
    const { id } = await params;
    const { paddlePages, sandbox } = await import("@/lib/sandbox");
    return seeOther(await paddlePages.submit(sandbox(), "transaction", id, await readForm(request)));
  });
}
