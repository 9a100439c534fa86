export interface Stop {
  /** Aborts when this run is to end: at a signal, or when the terminal or npm is gone. */
  signal: AbortSignal;
  /** Aborts at a second signal: without waiting for anything. */
  atOnce: AbortSignal;
}

// npm passes on a signal that the terminal has sent to this process too: that is no second signal.
const echoMs = 500;

/** Watches for everything that ends this run. */
export function watchForStop(): Stop {
  const stop = new AbortController();
  const atOnce = new AbortController();
  let stoppedAt = Infinity;
  const begin = (): void => {
    stoppedAt = Math.min(stoppedAt, Date.now());
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (Date.now() - stoppedAt > echoMs) atOnce.abort();
      begin();
    });
  }
  // The terminal was closed, or `npm run dev | head` has read enough.
  for (const output of [process.stdout, process.stderr]) output.on('error', begin);
  onceOrphaned(begin);
  return { signal: stop.signal, atOnce: atOnce.signal };
}

/** npm passes SIGTERM on only to its shell, which ends without telling this process. */
function onceOrphaned(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, 250);
  timer.unref();
}

/** Calls back when the signal aborts, or at once if it has. */
export function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}
