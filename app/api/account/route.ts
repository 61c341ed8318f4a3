import { eraseAccount } from "@/lib/account";
import { answer, json } from "@/lib/http";
import { endSession, requireUser } from "@/lib/identity";

export function DELETE(request: Request) {
  return answer(async () => {
    const user = await requireUser(request);
    const result = await eraseAccount(user.id);
    return json(result, 200, await endSession(request, user));
  });
}
