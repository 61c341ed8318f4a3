/**
 * Recognizes errors by a symbol instead of their class. Bundlers load a file more than once (pages and routes have their
 * own copies), and a process-wide value throws the class of the copy that created it. The `instanceof` of another copy
 * would not recognize it, and the response would be a 500.
 */
export function hasErrorBrand(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && brand in value;
}
