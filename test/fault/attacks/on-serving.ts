import type { Attack } from './attack.ts';
import {
  emptyBodies,
  endlessHead,
  forcedResets,
  headBombs,
  longHeads,
  pings,
  priorities,
  rapidResets,
  sendFrames,
  settingsInARow,
  smallWindows,
  unfinishedHead,
  unreadResponses,
} from './frames.ts';
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
  ...[
    ...[rapidResets, forcedResets, headBombs, longHeads, unfinishedHead, endlessHead],
    ...[settingsInARow, pings, priorities, emptyBodies, smallWindows],
  ].map(
    (bytes): Attack => ({
      name: `frames: ${bytes.name}`,
      point: '3',
      run: async ({ secure }) => {
        const { connections, ended } = await sendFrames(secure, asked.host, bytes(asked.host, page.path));
        return { refused: `${ended} of ${connections} connections ended` };
      },
    }),
  ),
  ...[asked, page].map(
    ({ host, path }): Attack => ({
      name: `frames: responses for ${path} that nobody reads`,
      point: '3',
      run: async ({ secure }) => {
        const { connections, ended } = await sendFrames(secure, host, unreadResponses(host, path), {
          ...{ connections: 500, seconds: 15, isReading: false },
        });
        return { refused: `${ended} of ${connections} connections ended` };
      },
    }),
  ),
  attack('connections that ask for nothing', ({ parent }) =>
    idleConnections(serverOf(parent.url), { connections: 6000 }),
  ),
];
