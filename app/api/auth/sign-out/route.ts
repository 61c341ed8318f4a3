import { answer } from "@/lib/http";
import { signOut } from "@/lib/identity";

export function POST(request: Request) {
  return answer(() => signOut(request));
}
