/** The interface of an answerer of chatbot messages. */

export interface Question {
  /** The chatbot's name. */
  chatbot: string;
  text: string;
}

export interface Answerer {
  /**
   * The answer in pieces; joined, they are the whole answer. The generator ends early when the signal aborts.
   * @throws if the answer fails; then no message is counted
   */
  answer(question: Question, signal: AbortSignal): AsyncIterable<string>;
}
