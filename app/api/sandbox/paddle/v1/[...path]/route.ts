import { answer, requireSandbox } from "@/lib/http";

/** The fake Paddle API for Paddle's own SDK in this process; only the SDK's key opens it. */
function play(request: Request): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    const { answerApi, paddleConnection, sandbox } = await import("@/lib/sandbox");
    return answerApi(request, sandbox(), paddleConnection());
  });
}

export { play as GET, play as PATCH, play as POST };
