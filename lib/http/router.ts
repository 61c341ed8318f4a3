/** Finds the entry of a table by the segments of a path: "/usage/consume", "/invoices/[id]", "/files/[...path]". */

interface Node<T> {
  fixed: Map<string, Node<T>>;
  parameter?: { name: string; node: Node<T> };
  /** Answers this path and every path below it. */
  rest?: T;
  entry?: T;
}

const emptyNode = <T>(): Node<T> => ({ fixed: new Map() });

/** Finds the entry of a path. Fixed segments win over parameters. */
export interface Router<T> {
  find(segments: readonly string[]): { entry: T; params: Readonly<Record<string, string>> } | null;
}

/** @throws Error if two entries have the same path */
export function routerOf<T extends { path: string }>(entries: readonly T[]): Router<T> {
  const root = emptyNode<T>();
  for (const each of entries) add(root, each);
  return { find: (segments) => find(root, segments, {}) };
}

function add<T extends { path: string }>(root: Node<T>, added: T): void {
  let node = root;
  for (const segment of added.path.split("/").filter(Boolean)) {
    const name = /^\[(?<rest>\.\.\.)?(?<name>\w+)\]$/.exec(segment)?.groups;
    if (name?.rest) {
      node.rest = added;
      return;
    }
    node = name?.name === undefined ? fixedChild(node, segment) : parameterChild(node, name.name);
  }
  if (node.entry) throw new Error(`Two entries have the path ${added.path}.`);
  node.entry = added;
}

function fixedChild<T>({ fixed }: Node<T>, segment: string): Node<T> {
  const child = fixed.get(segment) ?? emptyNode<T>();
  fixed.set(segment, child);
  return child;
}

function parameterChild<T>(node: Node<T>, name: string): Node<T> {
  node.parameter ??= { name, node: emptyNode() };
  return node.parameter.node;
}

function find<T>(
  node: Node<T>,
  segments: readonly string[],
  params: Readonly<Record<string, string>>,
): ReturnType<Router<T>["find"]> {
  const [first, ...others] = segments;
  if (first === undefined) return node.entry ? { entry: node.entry, params } : null;
  const child = node.fixed.get(first);
  const found = child && find(child, others, params);
  if (found) return found;
  const { parameter, rest } = node;
  const byParameter = parameter && find(parameter.node, others, { ...params, [parameter.name]: first });
  if (byParameter) return byParameter;
  return rest ? { entry: rest, params } : null;
}
