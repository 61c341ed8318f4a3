/** For `npm run mutate`: a property that has held for this long is believed. */
import fc from "fast-check";

fc.configureGlobal({ interruptAfterTimeLimit: 150 });
