import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { certifyKey } from '../../shared/log/certificate.ts';
import { type ReceiptFile, writeReceiptFile } from '../../shared/receipts/receipt-file.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import { startCluster } from '../helpers/cluster.ts';
import { type Ended, skerry } from '../helpers/processes.ts';
import { activation, hosts, receiptFile, receiptOf, STEP, TAKEN_BACK } from '../helpers/receipt-files.ts';
import { writeTree } from '../helpers/tree.ts';
import { edgeKey, originKey, recoveryKey } from '../unit/shared/fixed-keys.ts';

/** The reader of files of receipts in docs/protocol.md, run by Debian's Python. */

const page = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const folder = t.testdir({ 'check.py': /^```python\n(.*?)^```$/ms.exec(page)?.[1] ?? '' });
const script = join(folder, 'check.py');
const file = join(folder, 'receipts.json');
const run = promisify(execFile);
const python = await run(fileURLToPath(new URL('python.sh', import.meta.url))).then(
  ({ stdout }) => stdout.trim(),
  () => undefined,
);
if (python === undefined) {
  const reason = "Debian's python3-cryptography is not here and cannot be installed";
  t.pass(`left out: ${reason}`, { skip: reason });
}

async function check(content: string | Uint8Array, fingerprint: string): Promise<Ended> {
  await writeFile(file, content);
  return run(python ?? '', [script, file, fingerprint]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
}

if (python !== undefined) {
  const fleet = hosts(3);
  const [first] = fleet as [(typeof fleet)[0]];
  const made = receiptFile(fleet);
  const { fingerprint } = recoveryKey;

  t.test('the example on the page', async (t) => {
    const [, example = ''] = /^```json\n(\{"format":"skerry-receipts-1".*\})\n```$/m.exec(page) ?? [];
    t.equal(
      `${example}\n`,
      writeReceiptFile(
        receiptFile([{ name: 'oslo-1', key: edgeKey }], {
          record: activation({ prev: 'e357470112787cf95edf6d1b2904cd3083332d7115fe432256c2d0defd912143' }),
        }),
      ),
    );
    t.match(await check(`${example}\n`, fingerprint), {
      code: 0,
      stdout: /^oslo-1 eu-north member 1767225602000$/m,
    });
  });

  t.test('200 edges, in Python and by the CLI', async (t) => {
    const text = writeReceiptFile(receiptFile(hosts(200)));
    t.ok(text.length / 200 <= 700, `${text.length / 200} bytes an edge`);
    const began = performance.now();
    const checked = await check(text, fingerprint);
    t.equal(checked.code, 0, checked.stderr);
    t.comment(`Python: ${Math.round(performance.now() - began)} ms with its start`);
    // The quickest of three, because other programs may use the processors.
    const times: number[] = [];
    for (let run = 0; run < 3; run++) {
      const started = performance.now();
      const own = await skerry(['verify-receipts', file, '--key', fingerprint]);
      times.push(Math.round(performance.now() - started));
      t.match(own, { code: 0, stdout: /200 receipts, 0 edges without one/ });
    }
    t.ok(Math.min(...times) < 1000, `skerry verify-receipts: ${times.join(', ')} ms with its start`);
  });

  t.test('a real fleet, and an edge that has not answered', async (t) => {
    const cluster = await startCluster({ edges: 2 });
    t.teardown(() => cluster.close());
    const site = await writeTree(join(cluster.folder, 'www'), { 'index.html': 'home' });
    await cluster.skerry('publish', site, '--site', 'www', '--wait');
    await cluster.client.changeEdge('edge-2', 'pause');
    await writeTree(site, { 'index.html': 'new' });
    await cluster.skerry('publish', site, '--site', 'www', '--wait');
    const recovery = cluster.token.split('.').at(-1) ?? '';
    const exported = await check(await cluster.client.receiptFile('www', { revision: 2 }), recovery);
    t.match(exported, {
      code: 0,
      stdout: /^edge-1 r0 member \d+\nedge-2 r1 member no receipt\nsite www activate/m,
    });
    const { seq } = await cluster.client.purge('www', { paths: [], tags: [], all: true });
    t.match(await check(await cluster.client.receiptFile('www', { purge: seq }), recovery), { code: 0 });
  });

  const swap = (receipt: ReceiptFile['receipts'][number]) => ({
    ...made,
    receipts: [receipt, ...made.receipts.slice(1)],
  });
  const next = generateSigningKey();
  const rotated = {
    keys: [
      [originKey, 1],
      [next, 5],
    ] as const,
  };
  const CASES: readonly (readonly [string, ReceiptFile, RegExp | undefined])[] = [
    ['as it is', made, undefined],
    ['keys that were rotated', receiptFile(fleet, rotated), undefined],
    [
      'an edge that was replaced',
      receiptFile([
        { ...first, state: 'replaced' },
        { ...first, key: next },
      ]),
      undefined,
    ],
    ['a step of a rollout', receiptFile([first], { record: STEP }), undefined],
    ['a rollout taken back', receiptFile([first], { record: TAKEN_BACK }), undefined],
    [
      'what was taken back, not what is shown again',
      {
        ...receiptFile([first], { record: TAKEN_BACK }),
        receipts: [receiptOf(first, TAKEN_BACK, { revision: 2 })],
      },
      /has another revision: 2/,
    ],
    ['a receipt removed', { ...made, receipts: made.receipts.slice(1) }, /receipt of edge-000 was removed/],
    ['of another record', swap(receiptOf(first, made.record, { seq: 2 })), /has another seq: 2/],
    ['of another log', swap(receiptOf(first, made.record, { log: 'f'.repeat(32) })), /has another log/],
    [
      'by another edge',
      swap(receiptOf({ ...first, key: edgeKey }, made.record)),
      /another edge has signed it/,
    ],
    ['twice', { ...made, receipts: [...made.receipts, receiptOf(first, made.record)] }, /is there twice/],
    ['in another order', { ...made, receipts: made.receipts.toReversed() }, /in another order/],
    ['another record', { ...made, record: activation({ seq: 4 }) }, /the roster is about another record/],
    [
      'a record of an old key',
      receiptFile(fleet, { ...rotated, record: activation({ seq: 6 }) }),
      /signed with another key/,
    ],
    ['another roster', { ...made, roster: { ...made.roster, site: 'blog' } }, /the roster was changed/],
    ['another origin', receiptFile(fleet, { recovery: next }), /another origin/],
    [
      'an uncertified key',
      { ...made, certificates: [certifyKey('f'.repeat(32), 1, originKey.publicKey, recoveryKey)] },
      new RegExp(`has not certified ${originKey.publicKey}`),
    ],
  ];
  for (const [name, changed, fault] of CASES)
    t.test(name, async (t) => {
      const { code, stderr } = await check(writeReceiptFile(changed), fingerprint);
      if (fault === undefined) t.equal(code, 0, stderr);
      else t.match({ code, stderr }, { code: 1, stderr: fault });
    });

  t.test('a change of any byte', async (t) => {
    const bytes = Buffer.from(writeReceiptFile(receiptFile([first])));
    await mkdir(join(folder, 'changes'), { recursive: true });
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(join(folder, 'changes', String(at)), changed);
    }
    // One process checks all of them: each start of Python takes a tenth of a second.
    const all = `
import io, os, runpy, sys
script, fingerprint, folder = sys.argv[1:]
refused = 0
for name in os.listdir(folder):
    sys.argv = [script, os.path.join(folder, name), fingerprint]
    sys.stdout = io.StringIO()
    try:
        runpy.run_path(script)
    except SystemExit as fault:
        refused += 1 if fault.code else 0
print(refused, file=sys.__stdout__)
`;
    const { stdout } = await run(python, ['-c', all, script, fingerprint, join(folder, 'changes')]);
    t.equal(Number(stdout), bytes.length);
    t.equal((await check(bytes, fingerprint)).code, 0);
  });
}
