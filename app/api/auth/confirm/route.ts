import { answer } from "@/lib/http";
import { confirm, showConfirmation } from "@/lib/identity";

export function GET(request: Request) {
  return answer(() => showConfirmation(request));
}

export function POST(request: Request) {
  return answer(() => confirm(request));
}
