/** Renders templates and release in one go, for programs and tests that serve nobody else meanwhile. */
import type { RenderedRelease } from '../host-driver/rendered-release.ts';
import { renderRelease } from './render.ts';
import type { RenderInput } from './stack-input.ts';
import { templatesNeeded } from './template-texts.ts';
import { renderTexts } from './templates.ts';

/** @throws {RenderError} */
export function renderHere(input: RenderInput): RenderedRelease {
  return renderRelease(input, renderTexts(templatesNeeded(input)));
}
