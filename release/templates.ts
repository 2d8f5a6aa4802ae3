/**
 * Liquid templates for configuration files and environment values. Templates come from the vendor, or from
 * whoever fills the store that a stack names; values from the customer. A template cannot reach files, the
 * clock or randomness, because the same input must give the same bytes. In the operator a thread runs this
 * (docs/decisions/0049-threads.md), so the main thread never loads the engine.
 */
import { Liquid, toValue, type Context, type Emitter, type Template } from 'liquidjs';
import type { TemplateContext } from './template-context.ts';
import type { TemplateBatch, TemplateTexts } from './template-texts.ts';
import { RenderError } from './stack-input.ts';

/** Bytes of all texts of one release together. */
const maximumTextBytes = 1024 * 1024;

/** Tags and outputs of one template. */
const mostTags = 10_000;

/** Filters whose result depends on more than their input. */
const impureFilters = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
];

const engine = restrictedEngine();

function restrictedEngine(): Liquid {
  const liquid = new Liquid({
    templates: {},
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    ownPropertyOnly: true,
    parseLimit: 1_000_000,
    // Stops a template that never ends, even on a busy machine. The vendor's templates take milliseconds.
    renderLimit: 30_000,
    // Characters and elements, of which the dearest takes 100 bytes.
    memoryLimit: 2_000_000,
  });
  for (const name of impureFilters) delete liquid.filters[name];
  for (const name of ['include', 'render', 'layout', 'increment', 'decrement']) delete liquid.tags[name];
  const { renderer } = liquid;
  const render = renderer.renderTemplates.bind(renderer);
  renderer.renderTemplates = (templates: Template[], context: Context, emitter?: Emitter) =>
    render(templates, context, emitter ?? new BoundedEmitter(context));
  return liquid;
}

/** Liquid counts what filters make, but not what is written: a loop could write without end. */
class BoundedEmitter implements Emitter {
  buffer = '';
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  write(value: unknown): void {
    const text = textOf(value);
    this.#context.memoryLimit.use(text.length);
    this.buffer += text;
  }
}

/** As Liquid's own emitter writes it. */
function textOf(value: unknown): string {
  const plain: unknown = toValue(value);
  if (Array.isArray(plain)) return plain.map(textOf).join('');
  return plain === undefined || plain === null ? '' : String(plain as string);
}

/**
 * @param at is told which template comes next
 * @throws {RenderError} when a template is invalid, uses something that does not exist, does not end, or gives
 * too much
 */
export function renderTexts(
  { templates, context }: TemplateBatch,
  at?: (what: string) => void,
): TemplateTexts {
  let bytes = 0;
  const texts = new Map<string, string>();
  for (const { id, what, template } of templates) {
    at?.(what);
    const text = renderTemplate(what, template, context);
    bytes += Buffer.byteLength(text);
    if (bytes > maximumTextBytes)
      throw new RenderError(
        `${what} cannot be rendered: with it, the files and variables of the release have more than ${maximumTextBytes} bytes`,
      );
    texts.set(id, text);
  }
  return texts;
}

function renderTemplate(what: string, template: string, context: TemplateContext): string {
  try {
    const tags = (template.match(/\{[{%]/g) ?? []).length;
    if (tags > mostTags) throw new Error(`it has ${tags} tags, and at most ${mostTags} are read`);
    return engine.parseAndRenderSync(template, context) as string;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new RenderError(`${what} cannot be rendered: ${reason}`, { cause: error });
  }
}
