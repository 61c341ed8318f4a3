/** The answerer of chatbot messages. For a model's API, add a file like local-answerer.ts and change the last line. */

export interface Question {
  /** The chatbot's name. */
  chatbot: string;
  text: string;
}

export interface Answerer {
  /**
   * The answer in pieces as they are made; joined, they are the whole answer. A throw is a failure and counts nothing.
   * The generator ends early when the signal aborts.
   */
  answer(question: Question, signal: AbortSignal): AsyncIterable<string>;
}
