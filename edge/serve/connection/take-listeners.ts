import type { EventEmitter } from 'node:events';

/** Removes the listeners of an event, and returns a function that calls them. */
export function takeListeners(emitter: EventEmitter, event: string): (...args: unknown[]) => void {
  const listeners = emitter.listeners(event);
  emitter.removeAllListeners(event);
  return (...args) => {
    for (const listener of listeners) listener.apply(emitter, args);
  };
}
