import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { Shows } from '../activate/visible.ts';
import type { Variants } from './variants.ts';

/** Variants of what is removed from the store go, too. */
export function forgettingVariants(store: ObjectStore, variants: Pick<Variants, 'forget'>): ObjectStore {
  return {
    ...store,
    async remove(digests) {
      await store.remove(digests);
      await variants.forget(digests);
    },
  };
}

/** Variants are made of what readers see, once they see it. */
export function tellingVariants<R extends Shows>(readers: R, variants: Pick<Variants, 'shown'>): R {
  return {
    ...readers,
    async show(views) {
      await readers.show(views);
      variants.shown(views);
    },
  };
}
