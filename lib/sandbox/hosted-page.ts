/** The parts that the hosted pages of the fake processors share: a step of the page's account, and form fields. */
import { nothingHere } from "@/lib/core/domain-error";
import type { FakeProcessor } from "./fake-processor";
import type { Sandbox } from "./sandbox";
import type { Step } from "./step";

/** Runs a step of the account that has the object; null if no account has it. */
export async function onAccount<AccountState, Result>(
  sandbox: Sandbox,
  fake: FakeProcessor<AccountState>,
  object: string,
  run: (step: Step<AccountState>) => Result,
): Promise<Result | null> {
  const commandResult = await sandbox.command<AccountState>(
    { of: { object }, run: (step) => ({ status: 200, body: run(step) }) },
    fake,
  );
  return commandResult.outcome === "answered" ? (commandResult.reply.body as Result) : null;
}

/** @throws DomainError not_found */
export function only<T extends { id: string }>(list: readonly T[], id: string): T {
  const found = list.find((each) => each.id === id);
  if (found === undefined) throw nothingHere();
  return found;
}

/** A text of at most 200 characters; null if it is empty. */
export function textOf(form: URLSearchParams, name: string): string | null {
  return form.get(name)?.trim().slice(0, 200).replaceAll("\0", "") || null;
}
