"use client";

import { Menu } from "@base-ui/react/menu";
import { Ellipsis } from "lucide-react";
import type { Route } from "next";
import { useActionState, useRef } from "react";
import { button } from "../button";
import { Link } from "../link";
import { RefusalNotice } from "../tools/refusal-notice";
import type { Action } from "./action";

export interface MenuEntry {
  text: string;
  /** A page of ours, or an action with its fields. */
  to: { href: string } | { action: Action; fields: Readonly<Record<string, string>> };
}

interface ActionsMenuProps {
  /** The subject of the actions, for screen readers that read only the button's name. */
  subject: string;
  entries: readonly MenuEntry[];
}

const ITEM =
  "flex min-h-11 w-full cursor-pointer items-center rounded-md px-3 text-left text-sm outline-none data-[highlighted]:bg-sunken sm:min-h-9";

/** The secondary actions. Without script they appear in a row. */
export function ActionsMenu({ subject, entries }: ActionsMenuProps) {
  // The menu is rendered beside its button, so that it stays inside the page's landmarks.
  const container = useRef<HTMLDivElement>(null);
  return (
    <>
      <div className="unscripted-only flex flex-wrap gap-2">
        {entries.map((entry) => (
          <PlainEntry key={entry.text} entry={entry} />
        ))}
      </div>
      <div ref={container} className="scripted-only">
        <Menu.Root modal={false}>
          <Menu.Trigger className={`${button("plain")} px-2.5`} aria-label={`More for ${subject}`}>
            <Ellipsis aria-hidden="true" className="size-4" />
          </Menu.Trigger>
          <Menu.Portal container={container}>
            <Menu.Positioner align="start" sideOffset={6} className="z-20 outline-none">
              <Menu.Popup className="min-w-52 rounded-xl border border-line-strong bg-surface p-1 outline-none">
                {entries.map((entry) => (
                  <Item key={entry.text} entry={entry} />
                ))}
              </Menu.Popup>
            </Menu.Positioner>
          </Menu.Portal>
        </Menu.Root>
      </div>
    </>
  );
}

function Item({ entry: { text, to } }: { entry: MenuEntry }) {
  if ("href" in to) {
    return (
      <Menu.LinkItem closeOnClick className={ITEM} render={<Link href={to.href as Route} />}>
        {text}
      </Menu.LinkItem>
    );
  }
  return <ActionItem text={text} {...to} />;
}

/** The menu stays open while the action runs, so that a refusal can appear in it. */
function ActionItem({
  text,
  action,
  fields,
}: {
  text: string;
  action: Action;
  fields: Readonly<Record<string, string>>;
}) {
  const form = useRef<HTMLFormElement>(null);
  const [refusal, submit, busy] = useActionState(action, null);
  return (
    <>
      <Menu.Item
        closeOnClick={false}
        disabled={busy}
        className={`${ITEM} data-[disabled]:opacity-60`}
        onClick={() => form.current?.requestSubmit()}
      >
        {text}
      </Menu.Item>
      <form ref={form} action={submit} hidden>
        <Fields fields={fields} />
      </form>
      {refusal && (
        <div className="max-w-72 p-1">
          <RefusalNotice refusal={refusal} />
        </div>
      )}
    </>
  );
}

function PlainEntry({ entry: { text, to } }: { entry: MenuEntry }) {
  if ("href" in to) {
    return (
      <a href={to.href} className={button("plain")}>
        {text}
      </a>
    );
  }
  return <PlainAction text={text} {...to} />;
}

function PlainAction({
  text,
  action,
  fields,
}: {
  text: string;
  action: Action;
  fields: Readonly<Record<string, string>>;
}) {
  const [refusal, submit] = useActionState(action, null);
  return (
    <form action={submit}>
      <Fields fields={fields} />
      <button type="submit" className={button("plain")}>
        {text}
      </button>
      {refusal && <RefusalNotice refusal={refusal} />}
    </form>
  );
}

function Fields({ fields }: { fields: Readonly<Record<string, string>> }) {
  return Object.entries(fields).map(([name, value]) => <input key={name} type="hidden" name={name} value={value} />);
}
