/** Kubernetes quantities, as far as `resources` of a component allows them, in the units that Docker wants. */

/** `2`, `"1.5"`, `500m` → thousandths of a core. @throws when it is none of these. */
export function cpuMillicores(quantity: number | string): number {
  const match = /^(\d{1,6})(m?)$|^(\d{1,3}\.\d{1,3})$/.exec(String(quantity));
  if (match === null) throw new Error(`"${quantity}" is not a number of processor cores; write 2, "1.5" or 500m`);
  const [, whole, unit, fraction] = match;
  if (fraction !== undefined) return Math.round(Number(fraction) * 1000);
  return unit === 'm' ? Number(whole) : Number(whole) * 1000;
}

/** `512Mi`, `4Gi` → MiB. @throws when it is neither. */
export function memoryMiB(quantity: string): number {
  const match = /^(\d{1,7})(Mi|Gi)$/.exec(quantity);
  if (match === null) throw new Error(`"${quantity}" is not an amount of memory; write 512Mi or 4Gi`);
  return Number(match[1]) * (match[2] === 'Gi' ? 1024 : 1);
}
