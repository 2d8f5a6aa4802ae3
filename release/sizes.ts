/**
 * What Small, Medium and Large mean. The figures are the release's: for each component in `resources`, for the host in `minimumHost`
 * (`fitness.ts` compares that with a host). A stack may replace those of a component.
 */
import type { Component, Resources } from './generated/release.ts';
import { RenderError, type ComponentOverride, type Size } from './stack-input.ts';

/** @throws {RenderError} for wishes of the stack that are no CPUs or no memory */
export function resourcesOf(
  component: Component,
  size: Size,
  override: ComponentOverride | undefined,
): Resources {
  const standard = component.resources[size];
  const { cpus, memoryMiB } = override?.resources ?? {};
  if (cpus !== undefined && !(/^\d{1,4}(\.\d{1,3})?$/.test(cpus) && Number(cpus) > 0)) {
    throw new RenderError(
      `spec.components: ${component.name}: resources.cpus must be a decimal number above 0, as in "1.5"`,
    );
  }
  if (memoryMiB !== undefined && !(Number.isInteger(memoryMiB) && memoryMiB >= 16)) {
    throw new RenderError(
      `spec.components: ${component.name}: resources.memoryMiB must be a whole number of MiB, 16 at least`,
    );
  }
  return { cpus: cpus ?? standard.cpus, memoryMiB: memoryMiB ?? standard.memoryMiB };
}
