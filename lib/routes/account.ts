/** Exports and erases the own account. */
import { eraseAccount, exportAccount } from "@/lib/account";
import { answer, json } from "@/lib/http";
import { endSession, requireUser } from "@/lib/identity";

export function exportRoute(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return new Response(await exportAccount(id), {
      headers: {
        "content-type": "application/json",
        "content-disposition": 'attachment; filename="tollgate-account.json"',
        "cache-control": "private, no-store",
      },
    });
  });
}

export function erase(request: Request) {
  return answer(async () => {
    const user = await requireUser(request);
    const result = await eraseAccount(user.id);
    return json(result, 200, await endSession(request, user));
  });
}
