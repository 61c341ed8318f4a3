import { button } from "@/lib/ui";
import { FIELD } from "@/lib/ui/button";

interface CodeFormProps {
  action: string;
  /** The codes to try, with their effect. */
  codes: readonly { code: string; does: string }[];
  applied: string | null;
}

/** A promotion code, applied at once; an empty one removes the discount. */
export function CodeForm({ action, codes, applied }: CodeFormProps) {
  return (
    <form method="post" action={action}>
      <input type="hidden" name="action" value="code" />
      <label className="block">
        <span className="font-medium text-sm">Promotion code</span>
        <span className="mt-2 flex gap-3">
          <input
            name="code"
            type="text"
            defaultValue={applied ?? ""}
            maxLength={64}
            autoComplete="off"
            className={FIELD}
          />
          <button type="submit" className={button()}>
            Apply
          </button>
        </span>
      </label>
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-muted text-sm">
        {codes.map(({ code, does }) => (
          <div key={code} className="contents">
            <dt className="font-medium">{code}</dt>
            <dd className="text-pretty">{does}</dd>
          </div>
        ))}
      </dl>
    </form>
  );
}
