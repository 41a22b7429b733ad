/** The probability of `least` or more successes among `all`, each with the probability `p`. */
export function upperTail(least: number, all: number, p: number): number {
  if (least <= 0) return 1;
  if (least > all || p <= 0) return 0;
  if (p >= 1) return 1;
  // The terms are summed from the first one, as logarithms, because the first one may be too small for a number.
  const odds = Math.log(p) - Math.log1p(-p);
  let term = all * Math.log1p(-p);
  for (let i = 1; i <= least; i++) term += Math.log((all - i + 1) / i) + odds;
  let sum = 0;
  for (let i = least; i <= all; i++) {
    const added = Math.exp(term);
    sum += added;
    if (added < sum * 1e-12 && i > all * p) break;
    term += Math.log((all - i) / (i + 1)) + odds;
  }
  return Math.min(1, sum);
}
