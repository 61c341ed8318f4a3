import type { Action } from "../actions/action";
import { ActionForm } from "../actions/action-form";
import { FIELD } from "../button";

interface MoveFormProps {
  action: Action;
  processor: string;
  subscriptionId: string;
  /** The field's default value. */
  suggested?: string | null;
  label: string;
}

/** Moves a subscription to a user; works without script. */
export function MoveForm({ action, processor, subscriptionId, suggested, label }: MoveFormProps) {
  return (
    <ActionForm action={action} fields={{ processor, subscriptionId }} label={label} busyLabel="Moving">
      <label className="flex min-w-32 flex-1 flex-col gap-1 text-muted text-xs sm:max-w-64">
        <span className="break-all">New user of {subscriptionId}</span>
        <input
          name="userId"
          defaultValue={suggested ?? ""}
          required
          maxLength={255}
          autoComplete="off"
          spellCheck={false}
          className={FIELD}
        />
      </label>
    </ActionForm>
  );
}
