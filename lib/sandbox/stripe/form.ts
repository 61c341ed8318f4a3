/** Stripe's request bodies: forms whose names nest in brackets (`items[0][price]`, `expand[]`). */
import { invalid } from "./problem";

export type FormValue = string | FormValue[] | { [name: string]: FormValue };
export type Form = Record<string, FormValue>;

interface Node {
  [name: string]: string | Node;
}

/**
 * The form as an object; numbered names and `[]` become lists.
 * @throws StripeProblem if two names contradict each other
 */
export function parseForm(text: string): Form {
  const root: Node = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    if (value.includes("\0")) throw invalid("Null characters are not allowed.", name);
    put(root, path(name), value, name);
  }
  return Object.fromEntries(Object.entries(root).map(([key, node]) => [key, listed(node)]));
}

function path(name: string): string[] {
  const [head = ""] = name.split("[", 1);
  return [head, ...[...name.slice(head.length).matchAll(/\[([^\]]*)\]/g)].map(([, key = ""]) => key)];
}

function put(root: Node, keys: string[], value: string, name: string): void {
  let node = root;
  for (const [index, raw] of keys.entries()) {
    const key = raw === "" ? String(Object.keys(node).length) : raw;
    if (index === keys.length - 1) {
      if (typeof node[key] === "object") throw invalid(`Invalid ${name}: it is given twice.`, name);
      node[key] = value;
      return;
    }
    const inner = node[key] ?? Object.create(null);
    if (typeof inner === "string") throw invalid(`Invalid ${name}: it is given twice.`, name);
    node[key] = inner;
    node = inner;
  }
}

function listed(node: string | Node): FormValue {
  if (typeof node === "string") return node;
  const entries = Object.entries(node);
  if (entries.every(([key]) => /^\d+$/.test(key))) {
    return entries.toSorted(([one], [other]) => Number(one) - Number(other)).map(([, inner]) => listed(inner));
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, listed(inner)]));
}
