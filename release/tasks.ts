/**
 * What a release makes others do that may take long: its check against the schema, and its templates. In the
 * operator a thread does both. Errors that people shall read are data, so that they come back from there. Each
 * task loads its library when it is asked for.
 */
import type { Release } from './generated/release.ts';
import { ReleaseInvalidError } from './release-invalid-error.ts';
import { RenderError } from './stack-input.ts';
import type { TemplateBatch, TemplateTexts } from './template-texts.ts';

/** `problem` is a sentence. */
export type TaskResult<T> = { readonly value: T } | { readonly problem: string };

async function checkManifest({
  bytes,
  what,
}: {
  readonly bytes: Uint8Array;
  readonly what: string;
}): Promise<TaskResult<Release>> {
  const { parseManifest } = await import('./parse-manifest.ts');
  return resultOf(() => parseManifest(Buffer.from(bytes), what), ReleaseInvalidError);
}

async function renderTemplates(
  batch: TemplateBatch,
  at: (what: string) => void,
): Promise<TaskResult<TemplateTexts>> {
  const { renderTexts } = await import('./templates.ts');
  return resultOf(() => renderTexts(batch, at), RenderError);
}

export const releaseTasks = { checkManifest, renderTemplates };

export type ReleaseTasks = typeof releaseTasks;

function resultOf<T>(work: () => T, expected: new (...args: never[]) => Error): TaskResult<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof expected) return { problem: error.message };
    throw error;
  }
}
