/** Ends everything that a command started: once, in reverse order, at any moment of its start. */
import process from "node:process";

type Stop = () => Promise<void> | void;

/** A second ctrl-C within this time is the same one: the terminal and npm both send it. */
const SAME_SIGNAL_MS = 750;

export class Shutdown {
  private readonly stops: Stop[] = [];
  private readonly kills: (() => void)[] = [];
  private begunAt: number | null = null;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.onSignal());
    this.watchParent();
  }

  get isEnding(): boolean {
    return this.begunAt !== null;
  }

  /** Registers how to end something: `stop` in order, `kill` at once if the user interrupts a second time. */
  add(stop: Stop, kill?: () => void): void {
    this.stops.unshift(stop);
    if (kill) this.kills.push(kill);
  }

  /** Waits for a step of the start; a step that ends after the shutdown began never returns. */
  async step<T>(work: Promise<T> | T): Promise<T> {
    const result = await work;
    return this.begunAt === null ? result : new Promise<never>(() => {});
  }

  /** Stops everything and exits with the code. Later calls do nothing. */
  async exit(code: number): Promise<void> {
    if (this.begunAt !== null) return;
    this.begunAt = Date.now();
    for (const stop of this.stops)
      try {
        await stop();
      } catch (error) {
        console.error(error);
      }
    process.exit(code);
  }

  private onSignal(): void {
    if (this.begunAt === null) void this.exit(0);
    else if (Date.now() - this.begunAt > SAME_SIGNAL_MS) for (const kill of this.kills) kill();
  }

  /** Under npm the parent is npm: if npm is killed, no process is left to stop us. */
  private watchParent(): void {
    const parent = process.ppid;
    if (!process.env.npm_lifecycle_event) return;
    setInterval(() => {
      if (process.ppid !== parent) void this.exit(1);
    }, 500).unref();
  }
}
