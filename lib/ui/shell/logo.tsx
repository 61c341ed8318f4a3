import { currentConfig } from "@/lib/config/current-catalog";

/** The installation's name, with its logo if it has one. */
export function Logo() {
  const { name, logo } = currentConfig().brand;
  return (
    <span className="inline-flex items-center gap-2 font-semibold tracking-tight">
      {/* biome-ignore lint/performance/noImgElement: next/image needs the host of each logo in the app's settings */}
      {logo !== undefined && <img src={logo} alt="" className="size-6" />}
      {name}
    </span>
  );
}
