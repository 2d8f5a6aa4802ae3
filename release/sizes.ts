/**
 * What Small, Medium and Large mean. The release has the figures: `resources` for each component,
 * `minimumHost` for the host (`fitness.ts` compares it with a host). A stack may replace the figures of a
 * component.
 */
import type { Component, Resources } from './generated/release.ts';
import { RenderError, type ComponentOverride, type Size } from './stack-input.ts';

/** @throws {RenderError} when the stack asks for impossible CPUs or memory */
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
