/** Who answers a chatbot's messages. A model's API goes here: one more file like local-answerer.ts, and the line below. */
import { localAnswerer } from "./local-answerer";

export interface Question {
  /** The chatbot's name. */
  chatbot: string;
  text: string;
}

export interface Answerer {
  /**
   * The answer in pieces, as they come; joined they are the whole of it. A throw is a failure, for which nobody pays.
   * Ends early when the signal aborts: nobody reads on.
   */
  answer(question: Question, signal: AbortSignal): AsyncIterable<string>;
}

export const answerer: Answerer = localAnswerer;
