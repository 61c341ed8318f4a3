/** The first import of every command: reports missing requirements before other code fails on them. */
const [major = 0] = process.versions.node.split(".").map(Number);

if (major < 22) {
  console.error(
    `Tollgate needs Node 22 or newer and this is Node ${process.versions.node}. npm installs one for it: run\n` +
      "`npm ci`, and start commands through npm (`npm run dev`), not with `node` itself.\n" +
      "If it is still missing, optional packages were left out: `npm ci --include=optional`.",
  );
  process.exit(1);
}
