/** `tollgate/ui`: pages and components. */
export * from "@/lib/pages";
export type { CatchAllProps } from "@/lib/pages/page";
export * from "@/lib/ui";
