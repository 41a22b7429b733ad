import { objectStoreContract } from '../contract/object-store.ts';
import { MemoryDisk, openMemoryStore } from '../helpers/memory-store.ts';

// The model is only as good as the store that it stands on.
objectStoreContract('memory store', async () => {
  const disk = new MemoryDisk();
  return { open: async () => openMemoryStore(disk), leftovers: async () => [...disk.drafts.keys()] };
});
