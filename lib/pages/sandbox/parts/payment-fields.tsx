import { FIELD } from "@/lib/ui/button";

/** The payer's email and name. */
export function PaymentFields({ email, name }: { email: string | null; name: string | null }) {
  return (
    <>
      <Field name="email" label="Email" type="email" autoComplete="email" value={email} />
      <Field name="name" label="Name on card" type="text" autoComplete="cc-name" value={name} />
    </>
  );
}

interface FieldProps {
  name: string;
  label: string;
  type: string;
  autoComplete: string;
  value: string | null;
}

function Field({ name, label, type, autoComplete, value }: FieldProps) {
  return (
    <label className="block">
      <span className="font-medium text-sm">{label}</span>
      <input
        name={name}
        type={type}
        autoComplete={autoComplete}
        defaultValue={value ?? ""}
        maxLength={200}
        className={`${FIELD} mt-2`}
      />
    </label>
  );
}
