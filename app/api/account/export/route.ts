import { exportAccount } from "@/lib/account";
import { answer } from "@/lib/http";
import { requireUser } from "@/lib/identity";

export function GET(request: Request) {
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
