/** The code that an adopter writes: the config of a product, and a route that counts calls and things. */

/** @param identify the line that `tollgate init` wrote for the app's sign-in, or nothing */
export function configFile(identify: string): string {
  return `import { clerk, counter, defineConfig, gauge, pathsBelow, usd } from "tollgate";

const config = defineConfig({
  ${identify === "clerk" ? "identify: clerk(),\n  " : ""}paths: pathsBelow("/billing"),
  navigation: [],
  products: {
    notely: {
      name: "Notely",
      meters: { ai_summaries: counter("AI summary", "AI summaries"), notes: gauge("note", "notes") },
      plans: {
        free: { limits: { ai_summaries: 3, notes: 2 } },
        pro: { price: { monthly: usd(12), yearly: usd(120) }, limits: { ai_summaries: 2_000, notes: 500 } },
      },
    },
  },
});

export default config;

declare module "tollgate" {
  interface Register {
    config: typeof config;
  }
}
`.replace(identify === "clerk" ? "" : "clerk, ", "");
}

export const NOTES_ROUTE = `import { gauge, requireUser, withUsage } from "tollgate/server";

const notes: { owner: string; text: string }[] = [];

/** Adds a note, if the plan allows one more. */
export async function PUT(request: Request) {
  const { id } = await requireUser(request);
  const { allowed } = await gauge.add(id, "notes", 1);
  if (!allowed) return Response.json({ error: "Your plan has no room for another note." }, { status: 402 });
  notes.push({ owner: id, text: await request.text() });
  return Response.json({ notes: notes.filter(({ owner }) => owner === id).length });
}

/** Summarizes the notes. Each call counts as one AI summary. */
export const POST = withUsage({ field: "ai_summaries" }, (_request, _context: unknown, { userId }) =>
  Response.json({ summary: \`\${notes.filter(({ owner }) => owner === userId).length} notes\` }),
);
`;
