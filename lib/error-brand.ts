/**
 * Errors that are recognized by a mark instead of by their class. A bundler may load a file more than once (pages and
 * routes have copies of their own), and what is kept for the whole process throws the class of the copy that made it:
 * to the others' `instanceof` it would be a stranger, and a clear answer would become a 500.
 */
export function hasErrorBrand(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && brand in value;
}
