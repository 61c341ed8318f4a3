import { answer, requireSandbox } from "@/lib/http";

/** The fake Paddle API for Paddle's own SDK in this process; only the SDK's key opens it. */
function handle(request: Request): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    const { answerApi, paddleConnection, sandbox } = await import("@/lib/sandbox");
    return answerApi(request, sandbox(), paddleConnection());
  });
}

export { handle as GET, handle as PATCH, handle as POST };
