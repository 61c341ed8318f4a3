import { FIELD } from "@/lib/ui/button";

interface CountryAndCodeProps {
  countries: readonly { code: string; name: string; percent: number | null }[];
  country: string;
  codes: readonly { code: string; description: string }[];
}

/** The payer's country, for the tax, and a discount code, with the list of codes. */
export function CountryAndCode({ countries, country, codes }: CountryAndCodeProps) {
  return (
    <>
      <label className="block">
        <span className="font-medium text-sm">Country</span>
        <select name="country" defaultValue={country} autoComplete="country" className={`${FIELD} mt-2`}>
          {countries.map(({ code, name, percent }) => (
            <option key={code} value={code}>
              {name} ({percent === null ? "no tax" : `${percent} % tax is added`})
            </option>
          ))}
        </select>
      </label>
      <label className="block">
        <span className="font-medium text-sm">Discount code</span>
        <input
          name="code"
          type="text"
          autoComplete="off"
          maxLength={32}
          aria-describedby="codes"
          className={`${FIELD} mt-2`}
        />
      </label>
      <details id="codes" className="text-muted text-sm">
        <summary className="cursor-pointer">Test codes</summary>
        <ul className="mt-2 space-y-1">
          {codes.map(({ code, description }) => (
            <li key={code}>
              <span className="font-medium text-ink">{code}</span>: {description}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
