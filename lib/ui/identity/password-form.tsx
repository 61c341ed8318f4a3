import { paths } from "@/lib/config/current-catalog";
import { button, FIELD } from "../button";

interface PasswordFormProps {
  view: "sign-in" | "sign-up";
  /** The path after signing in: a path of ours (return-path.ts). */
  next: string;
  /** The reason code of a refusal. */
  problem?: string | undefined;
  /** The code of a message after success. */
  notice?: string | undefined;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  invalid_credentials: "E-mail or password is wrong.",
  email_not_confirmed: "Please confirm your e-mail address first: the link is in your inbox.",
  weak_password: "Please choose a stronger password.",
  bad_input: "Please enter an e-mail address and a password.",
  link_expired: "This link is no longer valid. Please sign in.",
  rate_limited: "Too many attempts. Please wait a few minutes.",
  over_request_rate_limit: "Too many attempts. Please wait a few minutes.",
  unavailable: "Signing in does not work right now. Please try again in a moment.",
};
const NOTICES: Readonly<Record<string, string>> = {
  confirm_email: "We sent you a link. Open it to confirm your address.",
};

/** E-mail and password for Supabase Auth: a plain form, so that it works without script. */
export function PasswordForm({ view, next, problem, notice }: PasswordFormProps) {
  const isNew = view === "sign-up";
  const message = notice && NOTICES[notice];
  return (
    <form method="post" action={`${paths().api}/auth/${view}`} className="space-y-4">
      {message && (
        <p role="status" className="text-pretty">
          {message}
        </p>
      )}
      <input type="hidden" name="next" value={next} />
      {isNew && <Field name="name" label="Name" autoComplete="name" />}
      <Field name="email" label="E-mail" type="email" autoComplete="username" required />
      <Field
        name="password"
        label="Password"
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        required
      />
      {problem && (
        <p role="alert" className="text-danger text-sm">
          {PROBLEMS[problem] ?? "This did not work. Please try again."}
        </p>
      )}
      <button type="submit" className={button("primary")}>
        {isNew ? "Create an account" : "Sign in"}
      </button>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  type?: "text" | "email" | "password";
  autoComplete: string;
  required?: boolean;
}

function Field({ name, label, type = "text", autoComplete, required }: FieldProps) {
  return (
    <div>
      <label htmlFor={name} className="block font-medium text-sm">
        {label}
      </label>
      <input
        id={name}
        name={name}
        type={type}
        autoComplete={autoComplete}
        required={required}
        maxLength={254}
        className={`${FIELD} mt-2 w-full`}
      />
    </div>
  );
}
