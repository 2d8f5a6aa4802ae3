/**
 * Makes a release concrete for one stack: the compose file, the files it mounts, the images it pulls. Pure
 * and deterministic: the same input gives the same bytes and the same digest. An equal digest means that
 * there is nothing to do.
 */
import { createHash } from 'node:crypto';
import { composeText, startFiles, type ComposeModel } from '../host-driver/compose-files.ts';
import type {
  ComposeVolume,
  DatabaseServer,
  DataUpdater,
  DataVolume,
  ImageReference,
  RenderedFile,
  RenderedRelease,
  StartFiles,
} from '../host-driver/rendered-release.ts';
import { composeService, type MountedFile } from './compose.ts';
import { databaseFiles } from './database-files.ts';
import { secretTarget } from './components.ts';
import { FileSet, NameTakenError } from './file-set.ts';
import { selectComponents, type SelectedComponent } from './select.ts';
import { RenderError, secretKeyID, type RenderInput } from './stack-input.ts';
import { isSafeText } from './template-context.ts';
import { fileText, variableText, type TemplateTexts } from './template-texts.ts';

/** Holds the values of the stack's own `secretKeyRef` variables as files, see {@link environmentOf}. */
const environmentSecretFolder = '/run/secrets/environment';
/**
 * In characters of JSON. YAML is written on the event loop, and so many take 0.2 s of it at most. Replicas multiply what a
 * component and a stack say; a release of ordinary size has some ten thousand.
 */
const mostOfServices = 192 * 1024;

/** Another name than the open network's: compose recreates the containers of a stack that is closed. */
const closedNetwork = 'closed';

/** Docker's name of the network in which a project's services are. */
export function networkName(project: string, network: RenderInput['network']): string {
  return `${project}_${network === 'Closed' ? closedNetwork : 'default'}`;
}

interface Rendering {
  /** Of {@link mostOfServices}. */
  left: number;
  readonly input: RenderInput;
  readonly texts: TemplateTexts;
  readonly files: FileSet;
}

/**
 * @param texts of all templates that this stack needs (`template-texts.ts`)
 * @throws {RenderError} when the stack asks for something that the release cannot do, or a secret is missing.
 */
export function renderRelease(input: RenderInput, texts: TemplateTexts): RenderedRelease {
  const { fileNames } = input;
  try {
    return renderOnce(input, texts);
  } catch (error) {
    if (!(error instanceof NameTakenError) || fileNames?.kept === undefined) throw error;
    // A host chose the names. They spare a start of containers, and are not worth a release that cannot be rendered.
    const { kept: _, ...own } = fileNames;
    return renderOnce({ ...input, fileNames: own }, texts);
  }
}

function renderOnce(input: RenderInput, texts: TemplateTexts): RenderedRelease {
  const { release, stack } = input;
  const selected = selectComponents(release, stack);
  const rendering: Rendering = { input, texts, files: new FileSet(input.fileNames), left: mostOfServices };
  const services = new Map(selected.flatMap((component) => [...servicesOf(rendering, component, selected)]));
  const model = {
    services: Object.fromEntries(services),
    // There are no options and no labels: compose wants to recreate a volume whose declaration changed.
    volumes: Object.fromEntries(release.volumes.map((volume) => [volume, volumeModel(input, volume)])),
    networks: input.network === 'Closed' ? { [closedNetwork]: { internal: true } } : { default: {} },
  };
  const rendered = {
    version: release.version,
    files: rendering.files.list(),
    images: imagesOf(rendering, selected),
    volumes: release.volumes,
    services: [...services.keys()],
    tasks: selected.filter(({ component }) => component.kind === 'Task').flatMap((one) => one.services),
    essential: selected.filter(({ component }) => component.essential).flatMap((one) => one.services),
    data: dataVolumes(input),
    ...updaterOf(rendering, selected),
    ...databaseOf(rendering, selected),
  };
  return new Rendered(digestOf(rendered, model), rendered, model);
}

/**
 * Where the data sets are. If the release does not say where its database is, this takes the only volume that
 * the component writes to.
 */
function dataVolumes({ release, project, volumes }: RenderInput): readonly DataVolume[] {
  const { component, physical } = release.database;
  const written = (release.components.find(({ name }) => name === component)?.volumes ?? []).filter(
    ({ readOnly }) => readOnly !== true,
  );
  const files = databaseFiles(release);
  const only = physical === undefined && written.length === 1 ? written[0]?.volume : undefined;
  const database = files?.volume ?? only;
  const place = (volume: string): string => volumes?.[volume] ?? `${project}_${volume}`;
  return [
    ...(database === undefined
      ? []
      : [
          {
            set: 'database',
            kind: 'Database',
            volume: place(database),
            ...(files === undefined ? {} : { directory: files.relativeDirectory }),
          } as const,
        ]),
    ...release.fileTrees.map(
      ({ name, volume }) => ({ set: name, kind: 'FileTree', volume: place(volume) }) as const,
    ),
  ];
}

/** A volume that a restore made is external: if it were gone, compose would put an empty one in its place. */
function volumeModel({ project, volumes }: RenderInput, volume: string): ComposeVolume {
  const name = volumes?.[volume];
  return name === undefined || name === `${project}_${volume}` ? {} : { name, external: true };
}

type WithoutText = Omit<RenderedRelease, 'digest' | 'composeYaml' | 'composeVolumes' | 'start'>;

/**
 * Most renderings are only compared by digest, and writing YAML is most of the work. So the text is made only
 * on demand. The digest is over the model, and the text says exactly what the model says.
 */
class Rendered implements RenderedRelease {
  readonly digest: string;
  readonly version: string;
  readonly files: readonly RenderedFile[];
  readonly images: readonly ImageReference[];
  readonly volumes: readonly string[];
  readonly services: readonly string[];
  readonly tasks: readonly string[];
  readonly essential: readonly string[];
  readonly data: readonly DataVolume[];
  readonly updater?: DataUpdater;
  readonly database?: DatabaseServer;
  readonly #model: ComposeModel;
  #composeYaml: string | undefined;
  #start: StartFiles | undefined;

  constructor(digest: string, rendered: WithoutText, model: ComposeModel) {
    const { version, files, images, volumes, services, tasks = [], data = [], updater, database } = rendered;
    this.digest = digest;
    this.version = version;
    this.files = files;
    this.images = images;
    this.volumes = volumes;
    this.services = services;
    this.tasks = tasks;
    this.essential = rendered.essential ?? [];
    this.data = data;
    if (updater !== undefined) this.updater = updater;
    if (database !== undefined) this.database = database;
    this.#model = model;
  }

  get composeYaml(): string {
    this.#composeYaml ??= composeText(this.#model);
    return this.#composeYaml;
  }

  get composeVolumes(): ComposeModel['volumes'] {
    return this.#model.volumes;
  }

  get start(): StartFiles {
    this.#start ??= startFiles(this.#model);
    return this.#start;
  }
}

function servicesOf(
  rendering: Rendering,
  selected: SelectedComponent,
  all: readonly SelectedComponent[],
): ReadonlyMap<string, Record<string, unknown>> {
  const { stack, project } = rendering.input;
  const files = [...templateFiles(rendering, selected), ...secretFiles(rendering, selected)];
  const environment = environmentOf(rendering, selected, files);
  const image = imageOf(rendering, selected);
  return new Map(
    selected.services.map((service) => {
      const made = composeService({
        formatVersion: rendering.input.release.formatVersion,
        selected,
        service,
        image: `${image.repository}@${image.digest}`,
        project,
        stack: `${stack.namespace}/${stack.name}`,
        environment,
        files,
        network: rendering.input.network === 'Closed' ? closedNetwork : undefined,
        servicesOf: (name) => all.find((candidate) => candidate.component.name === name)?.services ?? [],
      });
      count(rendering, selected, made);
      return [service, made];
    }),
  );
}

/** Service by service, so that what is too long is not made first. @throws {RenderError} */
function count(rendering: Rendering, { component }: SelectedComponent, service: object): void {
  rendering.left -= JSON.stringify(service).length;
  if (rendering.left < 0)
    throw new RenderError(
      `spec.components: ${component.name}: the services of this stack would make a compose file of more than ${mostOfServices / 1024} KiB: use fewer replicas or shorter variables`,
    );
}

function templateFiles(rendering: Rendering, { component }: SelectedComponent): readonly MountedFile[] {
  return (component.files ?? []).map((file) => ({
    name: rendering.files.add(
      textOf(rendering, fileText(file.template)),
      file.mode === '0755' ? 0o755 : 0o644,
    ),
    target: file.target,
  }));
}

function textOf({ texts }: Rendering, id: string): string {
  const text = texts.get(id);
  if (text === undefined) throw new Error(`${id} was not rendered`);
  return text;
}

function secretFiles(rendering: Rendering, { component }: SelectedComponent): readonly MountedFile[] {
  return (component.secrets ?? []).map((mount) => {
    const content = rendering.input.secrets.release.get(mount.name);
    if (content === undefined || content === '')
      throw new RenderError(`${component.name}: secret ${mount.name} has no value yet`);
    return { name: rendering.files.add(content, 0o600), target: secretTarget(mount) };
  });
}

/** A file of a component, as its container sees it. */
export interface ComponentFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/**
 * The configuration files and release secrets that one component mounts, for containers that work beside it.
 * Other components' secrets may be missing.
 * @throws {RenderError}
 */
export function componentFiles(
  input: RenderInput,
  texts: TemplateTexts,
  name: string,
): readonly ComponentFile[] {
  const selected = selectComponents(input.release, input.stack);
  const component = selected.find((one) => one.component.name === name);
  if (component === undefined) return [];
  const files = new FileSet();
  const rendering: Rendering = { input, texts, files, left: mostOfServices };
  const mounts = [...templateFiles(rendering, component), ...secretFiles(rendering, component)];
  const contents = new Map(files.list().map((file) => [file.name, file]));
  return mounts.flatMap(({ name: mounted, target }) => {
    const file = contents.get(mounted);
    return file === undefined ? [] : [{ path: target, content: file.content.toString(), mode: file.mode }];
  });
}

/**
 * The release's variables, then the stack's. A variable with a `secretKeyRef` does not carry the value,
 * because `docker inspect` would show it to everybody. Instead `<NAME>_FILE` names the file with the value, a
 * convention that images follow.
 */
function environmentOf(
  rendering: Rendering,
  selected: SelectedComponent,
  files: MountedFile[],
): ReadonlyMap<string, string> {
  const { component, env } = selected;
  const environment = new Map<string, string>();
  for (const { name } of component.environment ?? [])
    environment.set(name, textOf(rendering, variableText(component.name, name)));
  for (const variable of env) {
    const place = `spec.components: ${component.name}: env ${variable.name}`;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(variable.name))
      throw new RenderError(`${place} is not a variable's name`);
    if (variable.secretKeyRef === undefined) {
      const value = variable.value ?? '';
      if (!isSafeText(value))
        throw new RenderError(`${place} has control characters in its value: remove them`);
      environment.set(variable.name, value);
      continue;
    }
    const { name, key } = variable.secretKeyRef;
    const secret = rendering.input.secrets.environment.get(secretKeyID(variable.secretKeyRef));
    if (secret === undefined) throw new RenderError(`${place}: Secret ${name} has no key ${key}`);
    if (component.user !== undefined && !/^0(:|$)/.test(component.user)) {
      throw new RenderError(
        `${place}: ${component.name} runs as user ${component.user} and could not read a secret: use value`,
      );
    }
    const target = `${environmentSecretFolder}/${variable.name}`;
    files.push({ name: rendering.files.add(secret, 0o600), target });
    environment.delete(variable.name);
    environment.set(`${variable.name}_FILE`, target);
  }
  return environment;
}

function imageOf(rendering: Rendering, { component }: SelectedComponent): ImageReference {
  const { repository, tag, digest } = component.image;
  if (digest === undefined) {
    throw new RenderError(
      `${component.name}: image ${repository}:${tag} has no digest: publish the release with \`jtel-operator release publish\``,
    );
  }
  return { repository: `${rendering.input.release.registry}/${repository}`, tag, digest };
}

/**
 * This only says how to look at the containers, so it is not part of the digest: it changes nothing on the
 * host.
 */
function updaterOf(
  rendering: Rendering,
  selected: readonly SelectedComponent[],
): Pick<RenderedRelease, 'updater'> {
  const updater = serverOf(rendering, selected, rendering.input.release.dataUpdater);
  return updater === undefined ? {} : { updater };
}

function databaseOf(
  rendering: Rendering,
  selected: readonly SelectedComponent[],
): Pick<RenderedRelease, 'database'> {
  const { component, series } = rendering.input.release.database;
  const server = serverOf(rendering, selected, component);
  return server === undefined || series === undefined ? {} : { database: { ...server, series } };
}

function serverOf(
  rendering: Rendering,
  selected: readonly SelectedComponent[],
  name: string | undefined,
): DataUpdater | undefined {
  const found = selected.find(({ component }) => component.name === name);
  const service = found?.services[0];
  if (found === undefined || service === undefined) return undefined;
  const { repository, digest } = imageOf(rendering, found);
  return { service, image: `${repository}@${digest}` };
}

function imagesOf(rendering: Rendering, selected: readonly SelectedComponent[]): readonly ImageReference[] {
  const images = selected.map((component) => imageOf(rendering, component));
  return [...new Map(images.map((image) => [`${image.repository}@${image.digest}`, image])).values()];
}

function digestOf(rendered: WithoutText, model: ComposeModel): string {
  const { version, images, volumes, services } = rendered;
  const files = rendered.files.map((file) => [file.name, file.mode]);
  const pulled = images.map(({ repository, digest, tag }) => [repository, digest, tag]);
  return createHash('sha256')
    .update(JSON.stringify([version, model, files, pulled, volumes, services]))
    .digest('hex');
}
