/**
 * Calls `act` at once, and then at most once per `ms`, however many requests there are. The last request is always
 * followed by a call. A waiting call does not keep the process alive.
 */
export function spaced(act: () => void, ms: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  const run = () => {
    isAsked = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isAsked) run();
    }, ms).unref();
    act();
  };
  return () => {
    isAsked = true;
    if (timer === undefined) run();
  };
}
