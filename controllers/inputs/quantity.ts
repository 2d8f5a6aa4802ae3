/** Kubernetes quantities as the spec's `resources` carry them, in the units that a release uses. */

const multipliers: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** CPUs as a decimal number in a string: `500m` → `0.5`. Undefined when it is no quantity. */
export function parseCPUs(quantity: string | number): string | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(quantity));
  if (match === null) return undefined;
  const cpus = Number(match[1]) / (match[2] === 'm' ? 1000 : 1);
  return cpus > 0 ? String(Math.round(cpus * 1000) / 1000) : undefined;
}

/** Whole MiB, rounded up: `1Gi` → 1024. Undefined when it is no quantity. */
export function parseMemoryMiB(quantity: string | number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?$/.exec(String(quantity));
  const multiplier = multipliers[match?.[2] ?? ''];
  if (match === null || multiplier === undefined) return undefined;
  const mebibytes = Math.ceil((Number(match[1]) * multiplier) / 2 ** 20);
  return mebibytes > 0 ? mebibytes : undefined;
}
