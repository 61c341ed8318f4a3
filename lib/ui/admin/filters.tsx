import type { Route } from "next";
import { button, FIELD } from "../button";
import { Link } from "../link";

export interface Filter {
  name: string;
  label: string;
  /** If absent, the filter is free text. */
  options?: readonly string[];
  type?: "search" | "date";
}

interface FiltersProps {
  /** The page's path, without parameters. */
  path: string;
  filters: readonly Filter[];
  values: Readonly<Record<string, string>>;
}

/** Filters as a plain form: they are part of the address, and work without script. */
export function Filters({ path, filters, values }: FiltersProps) {
  return (
    <search>
      <form action={path} className="mt-4 flex flex-wrap items-end gap-3">
        {filters.map(({ name, label, options, type = "search" }, index) => (
          // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of the two below
          <label key={name} className="flex min-w-32 flex-1 flex-col gap-1 text-muted text-xs sm:max-w-52">
            {label}
            {options ? (
              <select name={name} defaultValue={values[name] ?? ""} className={FIELD}>
                <option value="">any</option>
                {options.map((option) => (
                  <option key={option}>{option}</option>
                ))}
              </select>
            ) : (
              <input
                name={name}
                type={type}
                defaultValue={values[name] ?? ""}
                autoComplete="off"
                spellCheck={false}
                {...(index === 0 && { "data-search": true })}
                className={FIELD}
              />
            )}
          </label>
        ))}
        <button type="submit" className={button("primary")}>
          Filter
        </button>
        {Object.keys(values).length > 0 && (
          <Link href={path as Route} className={button("quiet")}>
            Clear
          </Link>
        )}
      </form>
    </search>
  );
}

/** The link to the next page, with the same filters. */
export function NextPage({ path, values, next }: Omit<FiltersProps, "filters"> & { next: string | null }) {
  if (next === null) return null;
  const query = new URLSearchParams({ ...values, after: next });
  return (
    <p className="mt-3">
      <Link href={`${path}?${query}` as Route} className={button()} rel="next">
        Older
      </Link>
    </p>
  );
}
