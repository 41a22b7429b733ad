import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';

/** Swaps by renaming, so at each moment a name leads to the original, to the link, or to nothing. */
const SWAP = `
const { renameSync, symlinkSync } = require('node:fs');
const [folder, spare, outside, ...names] = process.argv.slice(1);
for (const name of names) symlinkSync(outside + '/' + name, spare + '/' + name + '.link');
process.stdout.write('racing');
const move = (from, to) => renameSync(from, to);
const wait = (turns) => { for (let i = 0; i < turns; i++); };
for (let i = 0; ; i++) {
  for (const name of names) {
    move(folder + '/' + name, spare + '/' + name);
    move(spare + '/' + name + '.link', folder + '/' + name);
    wait((i * 7919) % 50_000);
    move(folder + '/' + name, spare + '/' + name + '.link');
    move(spare + '/' + name, folder + '/' + name);
  }
  wait(20_000);
}`;

export interface Race {
  /** A folder beside the published one. It holds what is swapped out. */
  readonly spare: string;
  readonly folder: string;
  /** A folder that has something under each of the names. */
  readonly outside: string;
  readonly names: readonly string[];
}

/** Another process replaces files and folders with links to the outside and puts them back, as fast as it can. */
export async function raceForLinks({ spare, folder, outside, names }: Race): Promise<() => Promise<void>> {
  await mkdir(spare);
  const racer = spawn(process.execPath, ['-e', SWAP, folder, spare, outside, ...names], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(racer, 'exit');
  await once(racer.stdout, 'data');
  return async () => {
    racer.kill('SIGKILL');
    await ended;
  };
}
