/** Notification settings: the destinations of webhooks. They are stored only: events go to our own routes. */
import { EventName } from "@paddle/paddle-node-sdk";
import { z } from "zod";
import { prose } from "@/lib/core/text";
import { nothing, page, text } from "../api/endpoint";
import { invalidFields, notFound, PaddleProblem } from "../problem";
import { type Merchant, merchantEndpoint, newSecret, nextId, type Setting } from "./state";

/** Paddle's maximum of active destinations. */
const MAX_ACTIVE = 10;
const EVENT_NAMES: readonly string[] = Object.values(EventName);
const trafficSource = z.enum(["platform", "simulation", "all"]);
const subscribed = z
  .array(text.refine((name) => EVENT_NAMES.includes(name), "is not an event type"))
  .min(1)
  .transform((names) => names.map((name) => eventType(name)));

function eventType(name: string): Setting["subscribed_events"][number] {
  const group = name.split(".")[0] as string;
  const title = group[0]?.toUpperCase() + group.slice(1);
  return {
    name,
    description: `Occurs for ${name}.`,
    group: title,
    available_versions: [1],
  } as Setting["subscribed_events"][number];
}

function requirePublic(destination: string): void {
  const url = URL.parse(destination);
  if (url === null || url.protocol !== "https:" || url.hostname === "localhost") {
    throw invalidFields({ field: "destination", message: "must be a public https URL" });
  }
}

function settingOf({ settings }: Merchant, id: string): Setting {
  const found = settings.find((each) => each.id === id);
  if (found === undefined) throw notFound(id);
  return found;
}

export const merchantSettings = [
  merchantEndpoint({
    method: "POST",
    path: "/notification-settings",
    params: z.strictObject({
      description: prose({ max: 500 }),
      destination: text,
      subscribed_events: subscribed,
      type: z.literal("url"),
      api_version: z.literal(1).nullish(),
      include_sensitive_fields: z.boolean().nullish(),
      traffic_source: trafficSource.nullish(),
    }),
    status: 201,
    run: (state, params) => {
      requirePublic(params.destination);
      if (state.settings.filter(({ active }) => active).length >= MAX_ACTIVE) {
        throw new PaddleProblem(400, "notification_maximum_active_settings_reached", "maximum active settings reached");
      }
      const setting: Setting = {
        id: nextId(state, "ntfset"),
        description: params.description,
        type: "url",
        destination: params.destination,
        active: true,
        api_version: 1,
        include_sensitive_fields: params.include_sensitive_fields ?? false,
        traffic_source: params.traffic_source ?? "platform",
        subscribed_events: params.subscribed_events,
        endpoint_secret_key: newSecret(),
      };
      state.settings.push(setting);
      return setting;
    },
  }),
  merchantEndpoint({
    method: "PATCH",
    path: "/notification-settings/:id",
    params: z.strictObject({
      description: text.optional(),
      destination: text.optional(),
      active: z.boolean().optional(),
      subscribed_events: subscribed.optional(),
    }),
    run: (state, params, { id }) => {
      const setting = settingOf(state, id);
      if (params.destination !== undefined) requirePublic(params.destination);
      return Object.assign(setting, params);
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/notification-settings",
    params: z.strictObject({
      ...page(200),
      active: z.enum(["true", "false"]).optional(),
      traffic_source: trafficSource.optional(),
    }),
    run: ({ settings }, { active }) =>
      settings.filter((each) => active === undefined || String(each.active) === active),
  }),
  merchantEndpoint({
    method: "GET",
    path: "/notification-settings/:id",
    params: nothing,
    run: (state, _, { id }) => settingOf(state, id),
  }),
];
