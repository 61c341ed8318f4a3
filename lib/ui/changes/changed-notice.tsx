import { Notice } from "../notice";

/** What `?changed=` may say: what a change that was asked for has come to. */
const WORDS = {
  pending: { title: "Your change is on its way", text: "It appears here by itself in a moment." },
  scheduled: { title: "Your change is scheduled", text: "Nothing changes before the end of this period." },
  undone: { title: "Taken back", text: "Everything stays as it was." },
} as const;

export type Changed = keyof typeof WORDS;

export function isChanged(value: unknown): value is Changed {
  return typeof value === "string" && Object.hasOwn(WORDS, value);
}

/** Says that a change has been taken in. The card below has the last word on what is so. */
export function ChangedNotice({ changed }: { changed: Changed }) {
  const { title, text } = WORDS[changed];
  return (
    <div role="status">
      <Notice tone="info" title={title}>
        {text}
      </Notice>
    </div>
  );
}
