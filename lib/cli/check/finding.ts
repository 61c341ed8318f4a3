/** A line of `tollgate check`. */
export interface Finding {
  area: "settings" | "database" | "key" | "price" | "webhook" | "portal" | "jobs" | "clock" | "address";
  level: "ok" | "warning" | "error";
  text: string;
  /** How to correct it; null if there is nothing to correct. */
  fix: string | null;
}

export const ok = (area: Finding["area"], text: string): Finding => ({ area, level: "ok", text, fix: null });

export const warning = (area: Finding["area"], text: string, fix: string | null): Finding => ({
  area,
  level: "warning",
  text,
  fix,
});

export const error = (area: Finding["area"], text: string, fix: string | null): Finding => ({
  area,
  level: "error",
  text,
  fix,
});
