export { SandboxFrame as default } from "tollgate/ui";
