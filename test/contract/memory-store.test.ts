import { MemoryDisk, openMemoryStore } from '../helpers/memory-store.ts';
import { objectStoreContract } from './object-store.ts';

// The model test relies on this store, so the store must pass the contract, too.
objectStoreContract('memory store', async () => {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStore(disk), leftovers: async () => [...disk.drafts.keys()] };
});
