import { answer } from "@/lib/http";
import { signIn, signOut } from "@/lib/identity/local-session";

export function POST(request: Request) {
  return answer(() => signIn(request));
}

export function DELETE(request: Request) {
  return answer(async () => signOut(request));
}
