/** The answerer in use. For a model's API, add a file like local-answerer.ts and change this line. */
import type { Answerer } from "./answerer";
import { localAnswerer } from "./local-answerer";

export const answerer: Answerer = localAnswerer;
