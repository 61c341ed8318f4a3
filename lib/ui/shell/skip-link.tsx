/** The id of every page's main landmark. */
export const MAIN = "main";

/** For keyboards: straight to the page's content. */
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
