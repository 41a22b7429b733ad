import type { Attack } from './attack.ts';
import { endlessHead, headBombs, longHeads, rapidResets, sendFrames, unfinishedHead } from './frames.ts';
import {
  type Attacked,
  closedWindows,
  endlessBodies,
  idleConnections,
  manyRanges,
  pipelinedRanges,
  unreadAnswers,
  unreadFiles,
} from './readers.ts';
import { LARGE, SITE, serverOf, type Target } from './target.ts';

const asked = { host: `${SITE}.localhost`, path: `/${LARGE.path}`, size: LARGE.size };
const page = { ...asked, path: '/a.css', size: 4 };

function attack(name: string, run: (target: Target) => Promise<Attacked>): Attack {
  return {
    name,
    point: '3',
    run: async (target) => {
      const { connections, requests, ended, reset } = await run(target);
      return {
        refused: `${ended} of ${connections} connections ended, ${reset} of ${requests} streams reset`,
      };
    },
  };
}

/** Attacks on the serving processes of an edge by readers who request much and read nothing. */
export const onServing: readonly Attack[] = [
  attack('ranges in a row that nobody reads', ({ parent }) => pipelinedRanges(serverOf(parent.url), asked)),
  attack('streams without a window', ({ secure }) => closedWindows(secure, asked)),
  attack('large files that nobody reads', ({ parent }) => unreadFiles(serverOf(parent.url), asked)),
  attack('prepared answers that nobody reads', ({ parent }) => unreadAnswers(serverOf(parent.url), page)),
  attack('64 ranges a request', ({ parent }) => manyRanges(serverOf(parent.url), asked)),
  attack('bodies without an end', ({ parent }) => endlessBodies(serverOf(parent.url), page)),
  ...[rapidResets, headBombs, longHeads, unfinishedHead, endlessHead].map(
    (bytes): Attack => ({
      name: `frames: ${bytes.name}`,
      point: '3',
      run: async ({ secure }) => {
        const { connections, ended } = await sendFrames(secure, asked.host, bytes(asked.host, page.path));
        return { refused: `${ended} of ${connections} connections ended` };
      },
    }),
  ),
  attack('connections that ask for nothing', ({ parent }) =>
    idleConnections(serverOf(parent.url), { connections: 6000 }),
  ),
];
