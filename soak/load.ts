import type { Installation } from "./installation";
export async function loadLists(_installation: Installation): Promise<boolean> {
  return true;
}
