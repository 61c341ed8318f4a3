/** Imported first: a log line per event would hide the tables. The app has its own log. */
process.env.LOG_LEVEL ||= "warn";
