/** The result of one check at the end of a soak. */
export interface Finding {
  what: string;
  /** The number of checked items. */
  checked: number;
  /** One line per violation. */
  violations: string[];
}
