import type { Metadata } from "next";
import { nonEmptyParameters, usersQuery } from "@/lib/admin";
import { STATUSES } from "@/lib/billing/types";
import { catalog, paths, productIds, product as productOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { formatNumber } from "@/lib/messages/format";
import { planName, requestLocale } from "@/lib/ui";
import { Cell, Empty, Filters, NextPage, RowLink, requirePageAdmin, Table } from "@/lib/ui/admin";
import type { PageProps } from "../page";

export const metadata: Metadata = { title: "Users" };

const PAGE_SIZE = 50;
const path = () => `${paths().admin}/users` as const;
const plans = () => [...new Set(Object.values(catalog().products).flatMap((product) => Object.keys(product.plans)))];

export default async function UsersPage({ searchParams }: PageProps) {
  await requirePageAdmin(path());
  const values = nonEmptyParameters(Object.entries(await searchParams));
  const [{ locale }, { users, next, problem }] = await Promise.all([requestLocale(), find(values)]);
  const { after: _, ...filters } = values;
  const number = (value: number) => formatNumber(value, locale);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Users</h1>
      <Filters
        path={path()}
        values={filters}
        filters={[
          { name: "search", label: "ID, e-mail or name" },
          { name: "product", label: "Product", options: productIds() },
          { name: "plan", label: "Plan", options: plans() },
          { name: "status", label: "Status", options: ["free", ...STATUSES] },
        ]}
      />
      <div className="mt-4">
        <Table caption="Users" head={["User", "Name", "Plans", "Used"]}>
          {users.length === 0 && <Empty columns={4}>{problem ?? "No user matches."}</Empty>}
          {users.map(({ userId, email, name, subscriptions }) => (
            <tr key={userId}>
              <Cell>
                <RowLink href={`${path()}/${encodeURIComponent(userId)}`}>{userId}</RowLink>
              </Cell>
              <Cell>{name ?? email}</Cell>
              <Cell>
                {subscriptions.map(({ product, plan, status }) => (
                  <p key={product}>
                    {productOf(product).name} {planName(product, plan)}
                    {status !== "active" && status !== "free" && <strong className="text-warn"> {status}</strong>}
                  </p>
                ))}
              </Cell>
              <Cell>
                {subscriptions.map(({ product, meters }) => (
                  <p key={product}>
                    {meters
                      .filter(({ kind }) => kind === "counter")
                      .map(({ used, limit }) => `${number(used)} of ${number(limit)}`)
                      .join(", ")}
                  </p>
                ))}
              </Cell>
            </tr>
          ))}
        </Table>
      </div>
      <NextPage path={path()} values={filters} next={next} />
    </>
  );
}

/** The users of the filters. If a filter is not valid, the list is empty and `problem` names the filter. */
async function find(values: Record<string, string>) {
  try {
    const { after = "", ...filter } = parse(usersQuery, values);
    return { ...(await gateway().users(filter, after, PAGE_SIZE)), problem: null };
  } catch (error) {
    if (error instanceof DomainError) return { users: [], next: null, problem: error.message };
    throw error;
  }
}
