import { answer } from "@/lib/http";
import { signInLocally, signOutLocally } from "@/lib/identity";

export function POST(request: Request) {
  return answer(() => signInLocally(request));
}

export function DELETE(request: Request) {
  return answer(async () => signOutLocally(request));
}
