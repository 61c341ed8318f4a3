/** The id of every page's main landmark. */
export const MAIN = "main";

/** Moves the focus to the page's content, for keyboard users. */
export function SkipLink() {
  return (
    <a
      href={`#${MAIN}`}
      className="sr-only z-10 rounded-lg bg-surface px-4 py-3 font-medium text-sm focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
    >
      Skip to the content
    </a>
  );
}
