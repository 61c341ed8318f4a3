const PROBLEMS: Readonly<Record<string, { title: string; text: string }>> = {
  declined: {
    title: "Your card was declined.",
    text: "Nothing was charged and nothing has changed. Try another card.",
  },
  code: {
    title: "This code is not valid.",
    text: "No discount was applied. Try another code, or pay without one.",
  },
  refused: {
    title: "This is no longer possible.",
    text: "Nothing has changed.",
  },
  authentication: {
    title: "We could not authenticate your card.",
    text: "Nothing was charged and nothing has changed. Try again, or another card.",
  },
};

/** The problem of the last attempt, by the page's `problem` parameter. */
export function Problem({ code }: { code: string | undefined }) {
  const problem = code !== undefined && Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : undefined;
  if (problem === undefined) return null;
  return (
    <div role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-4 py-3 text-sm">
      <p className="font-medium">{problem.title}</p>
      <p className="mt-0.5 text-muted">{problem.text}</p>
    </div>
  );
}
