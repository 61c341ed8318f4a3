/** What the admin's pages are made of. */

export { ActForm } from "./act-form";
export { AdminHeader } from "./admin-header";
export { adminUser } from "./admin-user";
export { Filters, NextPage } from "./filters";
export { JsonBlock } from "./json-block";
export { MoveForm } from "./move-form";
export { OutcomeBadge } from "./outcome-badge";
export { ReconcileForm } from "./reconcile-form";
export { ReplayForm } from "./replay-form";
export { BeforeAfter } from "./standing";
export { Cell, Empty, RowLink, Section, Table } from "./table";
export { refusalWords, standingWords, windowWords } from "./why-words";
