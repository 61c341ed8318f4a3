/**
 * Recognizes errors by a symbol instead of their class. Pages and routes have their own copies of a module, and a
 * process-wide value throws the class of the copy that created it. The `instanceof` of another copy would not recognize
 * the error, and the response would be a 500.
 */
export function hasErrorBrand(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && brand in value;
}
