/** What clients asked for and what they were told: all that the check at the end knows of the run. */
import type { CounterField } from "@/lib/billing/catalog";

/** A charge that was allowed or refused; one without an answer would be asked for until it has one. */
export interface ToldCharge {
  userId: string;
  field: CounterField;
  amount: number;
  key: string;
  allowed: boolean;
  /** What was given back of it. */
  givenBack: number;
}

export interface ToldReservation {
  userId: string;
  field: CounterField;
  id: string;
  /** null: never settled, it must end by itself. */
  settled: number | null;
}

export interface ToldChatbot {
  userId: string;
  /** Each attempt's own, so that one whose answer was lost can be told from the next. */
  name: string;
  /** `unknown`: no answer came, it may be there or not. */
  state: "made" | "refused" | "unknown" | "deleted";
  id: string | null;
}

export interface ToldEvent {
  processor: "stripe" | "paddle";
  id: string;
  userId: string;
  outcome: string;
}

/** A subscription whose whole story was told: what must stand at the end. */
export interface ToldSubscriber {
  userId: string;
  subscription: string;
  plan: string;
  /** Instants in milliseconds: the first period's start, and the renewal. */
  startsAt: number;
  renewedAt: number;
}

/** A charge of a user who erases the account meanwhile. */
export interface ToldEraserCharge {
  userId: string;
  amount: number;
  allowed: boolean;
  /** How often it was sent again: a lost answer may have been of an earlier life, whose keys are gone. */
  repeats: number;
}

export class Told {
  readonly charges: ToldCharge[] = [];
  readonly reservations: ToldReservation[] = [];
  readonly chatbots: ToldChatbot[] = [];
  readonly events: ToldEvent[] = [];
  readonly subscribers: ToldSubscriber[] = [];
  readonly erasers: ToldEraserCharge[] = [];
  erasures = 0;
  /** Answers that no client should ever get. */
  readonly wrong: string[] = [];
  readonly answers = new Map<string, number>();

  count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }
}
