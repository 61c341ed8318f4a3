/** `tollgate/next`: what Next.js calls. */
export { handlers } from "@/lib/server/handlers";
