import { objectStoreContract } from '../contract/object-store.ts';
import { MemoryDisk, openMemoryStore } from '../helpers/memory-store.ts';

// The model test relies on this store, so the store must pass the contract, too.
objectStoreContract('memory store', async () => {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStore(disk), leftovers: async () => [...disk.drafts.keys()] };
});
