import { ArrowLeft } from "lucide-react";
import { Logo } from "@/lib/ui";

/** The link back to the product. */
export function Back({ href }: { href: string }) {
  return (
    <a
      href={href}
      className="-ml-2 inline-flex min-h-11 items-center gap-2 rounded-md px-2 text-muted text-sm hover:text-ink"
    >
      <ArrowLeft aria-hidden="true" className="size-4" />
      Back to <Logo />
    </a>
  );
}
