// Loaded into every Node process below a local server: exits when its parent is gone.
// Plain JavaScript, since Next's own processes load it without tsx.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, 500).unref();
