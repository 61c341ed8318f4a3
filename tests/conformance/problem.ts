/** A difference between a record and its description. */

export type Path = readonly (string | number)[];

export interface Problem {
  /** The record: `stripe subscriptions.update`, `paddle event transaction.completed`. */
  of: string;
  path: string;
  message: string;
}

export function written(path: Path): string {
  return path.map((each) => (typeof each === "number" ? "[]" : `.${each}`)).join("") || ".";
}

export function lineOf({ of, path, message }: Problem): string {
  return `${of} ${path}: ${message}`;
}

/** Each problem once, however often it was found. */
export function listed(problems: readonly Problem[]): string[] {
  return [...new Set(problems.map(lineOf))];
}
