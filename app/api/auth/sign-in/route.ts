import { answer } from "@/lib/http";
import { signIn } from "@/lib/identity";

export function POST(request: Request) {
  return answer(() => signIn(request));
}
