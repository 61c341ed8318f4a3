import { answer } from "@/lib/http";
import { confirm } from "@/lib/identity";

export function GET(request: Request) {
  return answer(() => confirm(request));
}
