/** A value as JSON, collapsed at first. */
export function JsonBlock({ title, value }: { title: string; value: unknown }) {
  return (
    <details>
      <summary className="inline-flex min-h-11 cursor-pointer items-center text-sm underline underline-offset-4 sm:min-h-8">
        {title}
      </summary>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a scrolling area
        tabIndex={0}
        className="mt-1 max-h-128 overflow-auto rounded-lg border border-line bg-surface p-4 text-xs"
      >
        {JSON.stringify(value, null, 2)}
      </pre>
    </details>
  );
}
