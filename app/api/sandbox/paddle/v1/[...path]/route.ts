import { answer, requireSandbox } from "@/lib/http";

/** Paddle's API, as the sandbox plays it for Paddle's own SDK in this process; the SDK's key opens it, and nothing else. */
function play(request: Request): Promise<Response> {
  return answer(async () => {
    requireSandbox();
    const { answerApi, paddleEntrance, sandbox } = await import("@/lib/sandbox");
    return answerApi(request, sandbox(), paddleEntrance());
  });
}

export { play as GET, play as PATCH, play as POST };
