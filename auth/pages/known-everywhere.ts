// Replicas hear of a change within a second.
const everywhereMs = 1500;

/** Waits until every replica knows what has just changed, such as that a session has ended. */
export const untilKnownEverywhere = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, everywhereMs);
  });
