import { button } from "@/lib/ui";
import { FIELD } from "@/lib/ui/button";

interface CountryFormProps {
  action: string;
  country: { chosen: string | null; countries: readonly { code: string; name: string }[] };
}

/** The customer's country, for the tax. */
export function CountryForm({ action, country: { chosen, countries } }: CountryFormProps) {
  return (
    <form method="post" action={action}>
      <input type="hidden" name="action" value="address" />
      <label className="block">
        <span className="font-medium text-sm">Country</span>
        <span className="mt-2 flex gap-3">
          <select name="country" defaultValue={chosen ?? countries[0]?.code} className={FIELD}>
            {countries.map(({ code, name }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
          <button type="submit" className={button()}>
            Update
          </button>
        </span>
      </label>
    </form>
  );
}
