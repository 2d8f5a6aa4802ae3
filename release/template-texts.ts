/**
 * The templates that a stack needs of a release, and the texts that come of them. Rendering may take long, so
 * it is done apart from the rest (`templates.ts`), and what it takes and gives can be sent to a thread.
 */
import { selectComponents, type SelectedComponent } from './select.ts';
import { RenderError, type RenderInput } from './stack-input.ts';
import { templateContext, type TemplateContext } from './template-context.ts';

/** Texts by {@link fileText} and {@link variableText}. They have no secrets. */
export type TemplateTexts = ReadonlyMap<string, string>;

export interface TemplateBatch {
  readonly context: TemplateContext;
  readonly templates: readonly NamedTemplate[];
}

export interface NamedTemplate {
  readonly id: string;
  /** What errors call it. */
  readonly what: string;
  readonly template: string;
}

export type TemplateInput = Pick<RenderInput, 'release' | 'templates' | 'stack' | 'project'>;

/** The same for all components, because a template does not know which one it is for. */
export const fileText = (path: string): string => `file ${path}`;

export const variableText = (component: string, name: string): string => `variable ${component} ${name}`;

/**
 * @param component only what {@link componentFiles} takes of this one. Default: everything that renderRelease
 * takes.
 * @throws {RenderError} when the stack asks for something that the release cannot do, or a template is missing
 */
export function templatesNeeded(input: TemplateInput, component?: string): TemplateBatch {
  const { release, stack, project } = input;
  const selected = selectComponents(release, stack);
  const wanted = selected.filter((one) => component === undefined || one.component.name === component);
  const files = wanted.flatMap((one) => filesOf(input, one));
  return {
    context: templateContext(release, stack, project, selected),
    templates: [
      ...new Map(files.map((file) => [file.id, file])).values(),
      ...(component === undefined ? wanted.flatMap(variablesOf) : []),
    ],
  };
}

function filesOf({ release, templates }: TemplateInput, { component }: SelectedComponent): NamedTemplate[] {
  return (component.files ?? []).map(({ template: path }) => {
    const template = templates.get(path);
    if (template === undefined)
      throw new RenderError(`release ${release.version}: template ${path} is missing`);
    return { id: fileText(path), what: `${component.name}: template ${path}`, template };
  });
}

function variablesOf({ component }: SelectedComponent): NamedTemplate[] {
  return (component.environment ?? []).map(({ name, value }) => ({
    id: variableText(component.name, name),
    what: `${component.name}: environment variable ${name}`,
    template: value,
  }));
}
