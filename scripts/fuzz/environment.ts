/** The fuzzer's own environment, imported before all code that reads it. */
export const SECRET = "whsec_fuzz";

process.env.LOG_LEVEL ??= "silent";
process.env.TOLLGATE_SANDBOX = "1";
process.env.STRIPE_WEBHOOK_SECRET = SECRET;
