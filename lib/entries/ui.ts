/** `tollgate/ui`: pages and components. */
export * from "@/lib/pages";
export * from "@/lib/ui";
