/** The clients' requests and their answers: the final check's only knowledge of the run. */
import type { FieldId } from "@/lib/config/catalog";

/** A charge that was allowed or refused. A client repeats a charge until it has an answer. */
export interface LoggedCharge {
  userId: string;
  field: FieldId;
  amount: number;
  key: string;
  allowed: boolean;
  /** The released part. */
  givenBack: number;
}

export interface LoggedReservation {
  userId: string;
  field: FieldId;
  id: string;
  /** null: never settled, so it must expire. */
  settled: number | null;
}

export interface LoggedChatbot {
  userId: string;
  /** One name per attempt, so that an attempt without an answer can be identified. */
  name: string;
  /** `unknown`: no answer arrived, so it may exist or not. */
  state: "made" | "refused" | "unknown" | "deleted";
  id: string | null;
}

export interface LoggedEvent {
  processor: "stripe" | "paddle";
  id: string;
  userId: string;
  outcome: string;
}

/** A subscription whose events were all acknowledged, with its expected state. */
export interface LoggedSubscriber {
  userId: string;
  subscription: string;
  plan: string;
  /** Instants in milliseconds: the first period's start, and the renewal. */
  startsAt: number;
  renewedAt: number;
}

/** A charge of a user who erases the account meanwhile. */
export interface LoggedEraserCharge {
  userId: string;
  amount: number;
  allowed: boolean;
  /** The number of repetitions: a lost answer may belong to the account before an erasure, whose keys are deleted. */
  repeats: number;
}

export class ClientLog {
  readonly charges: LoggedCharge[] = [];
  readonly reservations: LoggedReservation[] = [];
  readonly chatbots: LoggedChatbot[] = [];
  readonly events: LoggedEvent[] = [];
  readonly subscribers: LoggedSubscriber[] = [];
  readonly erasers: LoggedEraserCharge[] = [];
  erasures = 0;
  /** Answers that no client may get. */
  readonly wrong: string[] = [];
  readonly answers = new Map<string, number>();

  count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }
}
