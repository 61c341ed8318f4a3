import { answer } from "@/lib/http";
import { signUp } from "@/lib/identity";

export function POST(request: Request) {
  return answer(() => signUp(request));
}
