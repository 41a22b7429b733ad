import type { Logger } from 'pino';
import { MovingStore } from './moving-store.ts';
import type { Place } from './place.ts';
import { readPlaces, writePlaces } from './places-file.ts';
import { placesAtStart, type StorePlaces } from './places-state.ts';

/**
 * Opens the store that has the objects of a data folder, and remembers it once it has proved usable. A move that was
 * under way continues later. Throws `bad-config` when `wanted` is a store that never had them.
 */
export async function openStore(
  folder: string,
  wanted: string | undefined,
  place: (url: string) => Place,
  log: Logger,
): Promise<{ store: MovingStore; places: StorePlaces }> {
  const known = await readPlaces(folder);
  const places = placesAtStart(known, wanted);
  if (wanted !== undefined && wanted !== places.store)
    log.warn({ store: places.store, option: wanted }, 'the objects have moved: change or remove --store');
  const store = new MovingStore(await place(places.store).open());
  if (known === undefined) await writePlaces(folder, places);
  return { store, places };
}
