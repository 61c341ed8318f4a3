import { button } from "@/lib/ui";

/** A checkout that can no longer be paid, and the link to continue. */
export function ClosedCheckout({
  title,
  text,
  href,
  link,
}: {
  title: string;
  text: string;
  href: string;
  link: string;
}) {
  return (
    <section className="rounded-xl border border-line bg-surface p-5">
      <h2 className="font-semibold">{title}</h2>
      <p className="mt-1 mb-4 text-pretty text-muted text-sm">{text}</p>
      <a href={href} className={button("primary")}>
        {link}
      </a>
    </section>
  );
}
