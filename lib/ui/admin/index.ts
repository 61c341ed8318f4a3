/** Components of the admin pages. */

export { AdminActionForm } from "./admin-action-form";
export { AdminHeader } from "./admin-header";
export { BeforeAfter } from "./before-after";
export { describeSubscription, explainRefusal, explainWindow } from "./explanations";
export { Filters, NextPage } from "./filters";
export { JsonBlock } from "./json-block";
export { MoveForm } from "./move-form";
export { OutcomeBadge } from "./outcome-badge";
export { ReconcileForm } from "./reconcile-form";
export { ReplayForm } from "./replay-form";
export { requirePageAdmin } from "./require-page-admin";
export { Cell, Empty, RowLink, Section, Table } from "./table";
export { UnsoldPlans } from "./unsold-plans";
