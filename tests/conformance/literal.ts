/** Writes values as literals of TypeScript, one property a line, and finds a value's path by its line. */
import type { Path } from "./problem";

export class LiteralFile {
  readonly #lines: string[] = [];
  readonly #places = new Map<number, { owner: number; path: Path }>();

  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  line(text: string): void {
    this.#lines.push(...text.split("\n"));
  }

  /**
   * `const <name>: <type> = <value>;`
   * @param owner comes back from `placeOf`
   */
  declare(owner: number, name: string, type: string, value: unknown): void {
    this.#write(owner, [], `const ${name}: ${type} = `, value, ";");
  }

  /** The owner and path of the value on a line; the first line is 1. */
  placeOf(line: number): { owner: number; path: Path } | undefined {
    return this.#places.get(line);
  }

  #write(owner: number, path: Path, before: string, value: unknown, after: string): void {
    const push = (text: string) => {
      this.#lines.push(text);
      this.#places.set(this.#lines.length, { owner, path });
    };
    if (typeof value !== "object" || value === null) {
      push(`${before}${scalar(value)}${after}`);
      return;
    }
    const list = Array.isArray(value);
    push(`${before}${list ? "[" : "{"}`);
    for (const [key, each] of Object.entries(value)) {
      if (each === undefined && !list) continue;
      this.#write(owner, [...path, list ? Number(key) : key], list ? "" : `${JSON.stringify(key)}: `, each, ",");
    }
    push(`${list ? "]" : "}"}${after}`);
  }
}

function scalar(value: unknown): string {
  return value === undefined ? "undefined" : JSON.stringify(value);
}
