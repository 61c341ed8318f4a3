/** Imported before anything that reads the environment: the fuzzer's own, whatever the shell's is. */
export const SECRET = "whsec_fuzz";

process.env.LOG_LEVEL ??= "silent";
process.env.TOLLGATE_SANDBOX = "1";
process.env.STRIPE_WEBHOOK_SECRET = SECRET;
