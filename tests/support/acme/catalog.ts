/**
 * Acme's catalog, for the tests of lib: two products with every kind of meter. The engine knows no name of the reference
 * installation; with another catalog its tests show this.
 */
import { defineConfig } from "@/lib/config";

const acme = defineConfig({
  sales: { automaticTax: false, taxIds: false, promotionCodes: true },
  products: {
    depot: {
      name: "Depot",
      tagline: "Store goods near your customers",
      trialDays: 14,
      meters: {
        orders_count: { kind: "counter", label: "Orders", unit: { one: "order", many: "orders" } },
        bays_count: {
          kind: "gauge",
          label: "Bays",
          unit: { one: "bay", many: "bays" },
          table: "tollgate.bays",
          subject: "user_id",
          page: "/bays",
        },
      },
      plans: {
        free: {
          name: "Free",
          rank: 0,
          price: { monthly: 0, yearly: null },
          cadence: "monthly",
          limits: { orders_count: 100, bays_count: 1 },
        },
        solo: {
          name: "Solo",
          rank: 1,
          price: { monthly: 1_900, yearly: 19_000 },
          cadence: "billing_period",
          limits: { orders_count: 2_000, bays_count: 3 },
        },
        office: {
          name: "Office",
          rank: 2,
          price: { monthly: 4_900, yearly: 49_000 },
          cadence: "billing_period",
          limits: { orders_count: 10_000, bays_count: 10 },
        },
        company: {
          name: "Company",
          rank: 3,
          price: { monthly: 19_900, yearly: 199_000 },
          cadence: "billing_period",
          limits: { orders_count: 100_000, bays_count: 999 },
        },
      },
    },
    mail: {
      name: "Mail",
      tagline: "Send letters from your software",
      trialDays: 14,
      meters: {
        stamps_used: { kind: "counter", label: "Stamps", unit: { one: "stamp", many: "stamps" } },
        parcels_sent: { kind: "counter", label: "Parcels", unit: { one: "parcel", many: "parcels" } },
      },
      plans: {
        free: {
          name: "Free",
          rank: 0,
          price: { monthly: 0, yearly: null },
          cadence: "daily",
          limits: { stamps_used: 500, parcels_sent: 10 },
        },
        bronze: {
          name: "Bronze",
          rank: 1,
          price: { monthly: 999, yearly: 9_990 },
          cadence: "billing_period",
          limits: { stamps_used: 5_000, parcels_sent: 200 },
        },
        silver: {
          name: "Silver",
          rank: 2,
          price: { monthly: 1_999, yearly: 19_990 },
          cadence: "billing_period",
          limits: { stamps_used: 15_000, parcels_sent: 600 },
        },
        titanium: {
          name: "Titanium",
          rank: 3,
          price: { monthly: 3_999, yearly: 39_990 },
          cadence: "billing_period",
          limits: { stamps_used: 35_000, parcels_sent: 2_000 },
        },
      },
    },
  },
});

export default acme;

declare module "tollgate" {
  interface Register {
    acme: typeof acme;
  }
}
