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
  const setExit = (code: ExitCode) => {
    exit = code;
  };
  try {
    await commands(command, { terminal, exit: setExit }).parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    return exitOf(error, terminal);
  }
}

type Runs = (work: (context: Context) => Promise<ExitCode>) => () => Promise<void>;

interface Output {
  terminal: Terminal;
  exit: (code: ExitCode) => void;
}

function commands(command: Runs, { terminal, exit }: Output): Command {
  const program = new Command("tollgate")
    .description("Adds billing to an app, and sets it up at Stripe and Paddle.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .addHelpText("after", "\nExit codes: 0 all is well, 1 problems were found, 2 wrong use.");

  addAppCommands(program, command, { terminal, exit });
  addProcessorCommands(program, command);
  return program;
}

/** Commands that work with the app's folder and its database. */
function addAppCommands(program: Command, command: Runs, { terminal, exit }: Output): void {
  program
    .command("init")
    .description("Writes config, route, pages and start-up file into the Next.js app of this folder.")
    .option("--dry-run", "show the files and write nothing")
    .option("--no-install", "do not install the packages of the sandbox")
    .option("-y, --yes", "do not ask before the changes")
    .option("--json", "write the result as JSON")
    .addHelpText("after", examples("tollgate init", "tollgate init --dry-run", "tollgate init --yes"))
    .action(async (options) => {
      exit(await (await import("./init/init")).init(process.cwd(), options, terminal));
    });

  program
    .command("dev")
    .description("Starts the app with an embedded Postgres and fake processors, without accounts or keys.")
    .argument("[next...]", "further arguments for next dev")
    .addHelpText("after", examples("tollgate dev", "PORT=4000 tollgate dev", "tollgate dev -- --turbopack"))
    .action(async (next: string[]) => (await import("./dev/dev")).dev(process.cwd(), next, terminal));

  program
    .command("migrate")
    .description("Creates or updates the schema tollgate and the catalog in the database of DATABASE_URL.")
    .option("--files", "write the migrations into supabase/migrations instead")
    .option("--json", "write the result as JSON")
    .addHelpText("after", examples("tollgate migrate", "tollgate migrate --files"))
    .action(async (options) => {
      if (options.files)
        exit(await (await import("./migrate/files")).writeMigrationFiles(process.cwd(), options, terminal));
      else await command(async (context) => (await import("./migrate/migrate")).migrateDatabase(context, options))();
    });
}

/** Commands that work with the accounts at the processors, or with the database behind them. */
function addProcessorCommands(program: Command, command: Runs): void {
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
