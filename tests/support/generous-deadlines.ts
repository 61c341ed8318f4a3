/**
 * Deadlines that a busy machine never reaches, for all tests that are not about deadlines. A race checks the counts,
 * not the speed of this machine. Vitest runs this file before each test file. A test of a deadline gets the shipped
 * ones by `vi.unmock("@/lib/core/deadlines")`, and the database's by `testDatabase({ deadlines: "shipped" })`.
 */
import { vi } from "vitest";
import type * as Deadlines from "@/lib/core/deadlines";

vi.mock("@/lib/core/deadlines", (): Record<keyof typeof Deadlines, unknown> => {
  // Longer than any test. A call that hangs ends with the test that made it.
  const hour = 3_600_000;
  return {
    ANSWER_MS: hour,
    BODY_MS: hour,
    CONNECT_MS: hour,
    QUEUE_MS: hour,
    USER_QUEUE_MS: hour,
    REQUEST_QUEUE_MS: hour,
    EXPORT_READ_MS: hour,
    STREAM_READ_MS: hour,
    STREAM_MS: hour,
    CACHE_MS: hour,
    CHECKOUT_MS: hour,
    PROCESSOR_MS: hour,
    DELIVERY_MS: hour,
    callMs: () => hour,
  };
});
