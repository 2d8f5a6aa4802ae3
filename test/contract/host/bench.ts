/** What each part of the host contract works with: a host, and projects nobody used yet. */
import { onTestFinished } from 'vitest';
import type { RegistryLogin } from '../../../host-driver/registry-login.ts';
import type { Host, ImageReference, RenderedRelease } from '../../../host-driver/host.ts';
import { aFence, aRelease } from '../../support/host-builders.ts';

export interface HostSubject {
  readonly host: Host;
  /** Acts behind the driver's back: removes the project's volumes, or only what lies in them. */
  readonly lose: (project: string, what: 'Volumes' | 'Content') => Promise<void> | void;
  /** An image in the registry that has a shell and coreutils. */
  readonly image: ImageReference;
  /** The same repository with a tag that the registry does not have. */
  readonly missingImage: ImageReference;
  /** Credentials of the registry, if it wants any. */
  readonly credentials?: readonly RegistryLogin[];
}

export interface StartedSubject extends HostSubject {
  readonly project: string;
}

export const signal = new AbortController().signal;
export const nothing = (): void => undefined;
let projects = 0;

export class HostBench {
  readonly makeSubject: () => Promise<HostSubject> | HostSubject;

  constructor(makeSubject: () => Promise<HostSubject> | HostSubject) {
    this.makeSubject = makeSubject;
  }

  /** A host, and a project name that nobody used before; both end with the test. */
  async start(): Promise<StartedSubject> {
    const subject = await this.makeSubject();
    projects += 1;
    const project = `jtel-contract-${process.pid}-${projects}`;
    onTestFinished(() => subject.host.destroy(project, aFence(1_000_000), signal).catch(nothing));
    return { ...subject, project };
  }

  /** A claimed host that has the image. */
  async claimed(): Promise<StartedSubject> {
    const subject = await this.start();
    await subject.host.claim(subject.project, aFence(), signal);
    await subject.host.pull([subject.image], subject.credentials ?? [], nothing, signal);
    return subject;
  }

  /** The same host, with the release of {@link aRelease} applied. */
  async applied(): Promise<StartedSubject & { readonly release: RenderedRelease }> {
    const subject = await this.claimed();
    const { host, project, image } = subject;
    const release = aRelease(project, image);
    await host.writeRelease(project, release, aFence(), signal);
    await host.composeUp(project, release, 'all', aFence(), signal);
    return { ...subject, release };
  }
}
