import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostProgram } from './host-program.ts';
import { type Network, WITH_PARENT } from './namespaces.ts';
import { until } from './until.ts';

/** All packets that passed the ports of a switch, and the streams that they carried. */
export interface Recorded {
  readonly streams: readonly Stream[];
  /** Whether the bytes passed the switch: in a packet, or spread over the packets of a stream. */
  has(bytes: Buffer): boolean;
}

/** What one end of a TCP connection sent. */
export interface Stream {
  /** Addresses and ports, as `ADDRESS:PORT`. */
  readonly from: string;
  readonly to: string;
  readonly bytes: Buffer;
}

export interface WireRecording {
  /** Ends the recording, and reads it. Throws if packets are missing in it. */
  end(): Promise<Recorded>;
}

/** Records with tcpdump what passes each port of the switch. */
export async function recordWire({ hosts, switchPid }: Network, folder: string): Promise<WireRecording> {
  await mkdir(folder, { recursive: true });
  const recorders = await Promise.all(hosts.map(({ port }) => recordPort(port, switchPid, folder)));
  return {
    async end() {
      const files = await Promise.all(recorders.map((stop) => stop()));
      const packets = await Promise.all(files.map((file) => readFile(file)));
      const streams = (await Promise.all(files.map(streamsIn))).flat();
      return {
        streams,
        has: (bytes) => [...packets, ...streams.map((one) => one.bytes)].some((all) => all.includes(bytes)),
      };
    },
  };
}

/** Resolves with the end of the recording, which resolves with its file. */
async function recordPort(port: string, switchPid: number, folder: string): Promise<() => Promise<string>> {
  const file = join(folder, `${port}.pcap`);
  const recorder = spawn(
    'setpriv',
    [
      ...[...WITH_PARENT, 'nsenter', '-t', `${switchPid}`, '-n'],
      ...['tcpdump', '-i', port, '-w', file, '-U', '-s', '0', '-B', '65536', '-Z', 'root'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  recorder.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('tcpdump', () => {
    if (recorder.exitCode !== null) throw new Error(`tcpdump ended: ${said}`);
    return said.includes('listening on');
  });
  return async () => {
    const closed = once(recorder, 'close');
    recorder.kill('SIGINT');
    await closed;
    if (!/^0 packets dropped by kernel$/m.test(said))
      throw new Error(`${port}: tcpdump lost packets: ${said}`);
    return file;
  };
}

/** Puts the streams of a recording together, with tcpflow. */
async function streamsIn(file: string): Promise<Stream[]> {
  const folder = `${file}.streams`;
  const { code, stderr } = await hostProgram('tcpflow', ['-q', '-r', file, '-o', folder]);
  if (code !== 0) throw new Error(`tcpflow: ${stderr}`);
  const streams: Stream[] = [];
  for (const name of await readdir(folder)) {
    const [, from, to] = /^([\d.]{21})-([\d.]{21})/.exec(name) ?? [];
    if (from === undefined || to === undefined) continue;
    streams.push({ from: endpoint(from), to: endpoint(to), bytes: await readFile(join(folder, name)) });
  }
  return streams;
}

/** `010.077.000.001.07400` is 10.77.0.1:7400. */
function endpoint(text: string): string {
  const numbers = text.split('.').map(Number);
  return `${numbers.slice(0, 4).join('.')}:${numbers[4]}`;
}
