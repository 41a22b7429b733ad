export const count = (n: number) => Math.round(n).toLocaleString('en');

export const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

export const ratio = (a: number, b: number) => (a / b).toFixed(2);

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
