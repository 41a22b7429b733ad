import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { ViewSwitch } from '../activate/visible.ts';
import type { Variants } from './variants.ts';

/** A store that also forgets the variants of an object when it removes the object. */
export function forgettingVariants(store: ObjectStore, variants: Pick<Variants, 'forget'>): ObjectStore {
  return {
    ...store,
    async remove(digests) {
      await store.remove(digests);
      await variants.forget(digests);
    },
  };
}

/** Makes variants of a revision once readers see it. */
export function tellingVariants<R extends ViewSwitch>(readers: R, variants: Pick<Variants, 'shown'>): R {
  return {
    ...readers,
    async show(views) {
      await readers.show(views);
      variants.shown(views);
    },
  };
}
