/** The commands, their options and their help. */
import { Command, CommanderError } from "commander";
import { DatabaseError } from "@/lib/database";
import { type Context, EXIT, type ExitCode, WrongUse } from "./context";
import { processTerminal, type Terminal } from "./terminal";

export interface Program {
  /** Makes what a command works with; called once, and only for a command that runs. */
  open: () => Promise<Context>;
  terminal?: Terminal;
}

/** Runs one command line, without the names of node and the script. Returns the exit code. */
export async function run(argv: readonly string[], { open, terminal = processTerminal() }: Program): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const command = (work: (context: Context) => Promise<ExitCode>) => async () => {
    const context = await open();
    try {
      exit = await work(context);
    } finally {
      await context.gateway.end();
    }
  };
  try {
    await commands(command, terminal).parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    return exitOf(error, terminal);
  }
}

type Runs = (work: (context: Context) => Promise<ExitCode>) => () => Promise<void>;

function commands(command: Runs, terminal: Terminal): Command {
  const program = new Command("tollgate")
    .description("Sets up and checks billing at Stripe and Paddle.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .addHelpText("after", "\nExit codes: 0 all is well, 1 problems were found, 2 wrong use.");

  program
    .command("push")
    .description(
      "Creates or updates products, prices, webhooks and portal settings at the processors, from the config.",
    )
    .option("--dry-run", "show the plan and change nothing")
    .option("--live", "allow changes of a live account")
    .option("-y, --yes", "do not ask before the changes")
    .option("--json", "write the result as JSON")
    .addHelpText("after", examples("tollgate push --dry-run", "tollgate push", "tollgate push --live --yes"))
    .action((options) => command(async (context) => (await import("./push/push")).push(context, options))());

  program
    .command("check")
    .description("Checks database, keys, prices, webhooks, portal, jobs, clock and public address.")
    .option("--json", "write the result as JSON")
    .addHelpText("after", examples("tollgate check", "tollgate check --json"))
    .action((options) => command(async (context) => (await import("./check/check")).check(context, options))());

  program
    .command("import")
    .description("Takes over the subscriptions of an account, and the usage of their running windows.")
    .argument("<processor>", "stripe or paddle")
    .option("--map <file>", "CSV with the columns id (a customer or a subscription) and user_id")
    .option("--usage <file>", "CSV with the columns user_id, field and used: the units of the running window")
    .option("--match-email", "match the remaining customers by e-mail address, and show these matches")
    .option("--dry-run", "show the matches and change nothing")
    .option("-y, --yes", "do not ask before the changes")
    .option("--json", "write the result as JSON")
    .addHelpText(
      "after",
      examples("tollgate import stripe --map customers.csv --dry-run", "tollgate import stripe --usage usage.csv"),
    )
    .action((processor: string, options) =>
      command(async (context) => (await import("./import/import")).importSubscriptions(context, processor, options))(),
    );
  return program;
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

function exitOf(error: unknown, terminal: Terminal): ExitCode {
  // Commander has written its message or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse;
  if (error instanceof WrongUse) {
    terminal.note(error.message);
    return EXIT.wrongUse;
  }
  if (error instanceof DatabaseError) {
    terminal.note(`The database did not carry out the command: ${error.message}`);
    return EXIT.problems;
  }
  terminal.note(error instanceof Error ? error.message : String(error));
  return EXIT.problems;
}
