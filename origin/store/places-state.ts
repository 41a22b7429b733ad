import { SkerryError } from '../../shared/errors.ts';

/** The place for objects in the data folder. Any other place is a URL of the form `s3://BUCKET/PREFIX`. */
export const IN_FOLDER = 'file:';

/**
 * `target`: the objects are on their way to this place. `kept`: it had the objects before, and still has them.
 * `dropping`: the objects in it are being deleted. `leaving`: it is being forgotten, and its objects stay.
 */
type OtherRole = 'target' | 'kept' | 'dropping' | 'leaving';

interface OtherPlace {
  readonly url: string;
  readonly role: OtherRole;
}

/** Where the objects of an origin are. */
export interface StorePlaces {
  /** The place that has all objects. */
  readonly store: string;
  readonly other: OtherPlace | null;
  /** The places that had the objects once. A service may still be started with one of them. */
  readonly former: readonly string[];
}

/**
 * The places at a start with `--store wanted`. The data folder decides: its objects would be missing anywhere else.
 * Throws `bad-config` for a place that never had them.
 */
export function placesAtStart(known: StorePlaces | undefined, wanted: string | undefined): StorePlaces {
  if (known === undefined) return { store: wanted ?? IN_FOLDER, other: null, former: [] };
  const isKnown = wanted === undefined || wanted === known.store || known.former.includes(wanted);
  if (!isKnown)
    throw new SkerryError(
      'bad-config',
      `the objects are in ${known.store}, not in ${wanted}. Start the origin without --store, and move them with skerry store migrate --to ${wanted}`,
    );
  return known;
}

/** Throws `store-unchanged` for the place that has the objects, and `store-busy` while another place is in use. */
export function begun(places: StorePlaces, url: string): StorePlaces {
  const { store, other } = places;
  if (url === store) throw new SkerryError('store-unchanged', `the objects are in ${store} already`);
  if (other === null) return { ...places, other: { url, role: 'target' } };
  if (other.role === 'target' && other.url === url) return places;
  const why = {
    target: `the objects are on their way to ${other.url}`,
    kept: `${other.url} still has the objects from before`,
    dropping: `the objects in ${other.url} are being deleted`,
    leaving: `${other.url} is being forgotten`,
  }[other.role];
  throw new SkerryError('store-busy', why);
}

/** The target becomes the store, and the store before is kept. */
export function moved({ store, other, former }: StorePlaces): StorePlaces {
  if (other?.role !== 'target') throw new Error('no objects are on their way');
  const before = former.filter((url) => url !== other.url && url !== store);
  return { store: other.url, other: { url: store, role: 'kept' }, former: [...before, store] };
}

/** Deletes the other place if it has this role. Throws `store-unchanged` if there is none. */
export function dropping(places: StorePlaces, role: 'target' | 'kept'): StorePlaces {
  const { other } = places;
  if (other === null || (other.role !== role && other.role !== 'dropping'))
    throw new SkerryError(
      'store-unchanged',
      role === 'target' ? 'no objects are on their way to another store' : 'no earlier store is kept',
    );
  return { ...places, other: { ...other, role: 'dropping' } };
}

/** Forgets the other place, whatever it is, and leaves its objects there. Throws `store-unchanged` if there is none. */
export function leaving(places: StorePlaces): StorePlaces {
  if (places.other === null) throw new SkerryError('store-unchanged', 'there is no second store');
  return { ...places, other: { ...places.other, role: 'leaving' } };
}
