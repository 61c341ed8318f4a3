/** Components of the admin pages. */

export { ActForm } from "./act-form";
export { AdminHeader } from "./admin-header";
export { adminUser } from "./admin-user";
export { BeforeAfter } from "./before-after";
export { Filters, NextPage } from "./filters";
export { JsonBlock } from "./json-block";
export { MoveForm } from "./move-form";
export { OutcomeBadge } from "./outcome-badge";
export { ReconcileForm } from "./reconcile-form";
export { ReplayForm } from "./replay-form";
export { Cell, Empty, RowLink, Section, Table } from "./table";
export { refusalWords, subscriptionWords, windowWords } from "./why-words";
