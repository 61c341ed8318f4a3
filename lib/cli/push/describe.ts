/** The steps of a plan in words. */
import { amountOf, type Step } from "./plan";

export interface StepDescription {
  action: "create" | "update" | "archive" | "store";
  object: "product" | "price" | "webhook" | "portal";
  name: string;
  detail: string;
}

const SIGNS = { create: "+", update: "~", archive: "-", store: "=" } as const;

export function describe(step: Step): StepDescription {
  switch (step.do) {
    case "create_product":
      return { action: "create", object: "product", name: step.product.key, detail: `"${step.product.name}"` };
    case "update_product":
      return { action: "update", object: "product", name: step.product.key, detail: step.changes.join("; ") };
    case "create_price": {
      const { key, interval } = step.price;
      const replaced = step.replaces.length === 0 ? "" : `, instead of ${step.replaces.join(", ")}`;
      return { action: "create", object: "price", name: key, detail: `${amountOf(step.price)} ${interval}${replaced}` };
    }
    case "update_price":
      return { action: "update", object: "price", name: step.price.key, detail: step.changes.join("; ") };
    case "store_prices":
      return { action: "store", object: "price", name: step.name, detail: storedIds(step.rows) };
    case "archive_price":
      return { action: "archive", object: "price", name: step.name, detail: `${step.id}: ${step.why}` };
    case "create_endpoint": {
      const { url, events } = step.endpoint;
      return { action: "create", object: "webhook", name: url, detail: `${events.length} event types` };
    }
    case "update_endpoint":
      return { action: "update", object: "webhook", name: step.endpoint.url, detail: step.changes.join("; ") };
    case "save_portal": {
      const name = "customer portal";
      if (step.id === null) return { action: "create", object: "portal", name, detail: "card, address and invoices" };
      return { action: "update", object: "portal", name, detail: step.changes.join("; ") };
    }
  }
}

function storedIds(rows: Extract<Step, { do: "store_prices" }>["rows"]): string {
  return rows.map(({ priceId, active }) => `${priceId}${active ? "" : " (archived)"}`).join(", ");
}

export function row({ action, object, name, detail }: StepDescription): string[] {
  return [SIGNS[action], action, object, name, detail];
}
