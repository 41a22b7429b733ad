/**
 * The processor time of this thread so far, in milliseconds. Tests of how long a calculation takes compare it, because
 * other processes do not add to it, however busy the machine is.
 */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
