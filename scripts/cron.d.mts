/** Whether a schedule of five fields (numbers, lists, ranges, steps; UTC) is due in the minute of `at`. */
export function isDue(schedule: string, at: Date): boolean;
