/** The double as tests and the sandbox control it: everything its admin port can do. */
import type {
  ContainerRule,
  NetworkRule,
  FaultReport,
  FaultRule,
  RequestPattern,
  RequestRecord,
} from './types.ts';

export class BlobControl {
  readonly faults: BlobFaults;
  readonly #adminUrl: string;

  /** @param adminUrl without a slash at its end */
  constructor(adminUrl: string) {
    this.#adminUrl = adminUrl;
    this.faults = new BlobFaults(adminUrl);
  }

  /** Sets a container's rule from now on; the container need not exist yet. */
  async policy(account: string, container: string, rule: ContainerRule): Promise<void> {
    await ask(
      this.#adminUrl,
      'PUT',
      `/containers/${encodeURIComponent(account)}/${encodeURIComponent(container)}`,
      rule,
    );
  }

  /** Sets which clients an account admits from now on. */
  async network(account: string, rule: NetworkRule): Promise<void> {
    await ask(this.#adminUrl, 'PUT', `/networks/${encodeURIComponent(account)}`, rule);
  }

  /**
   * How far the double's clock is ahead, for the end of retention periods and of rehydration. The times that
   * the service writes are real.
   */
  async clock(offsetSeconds: number): Promise<void> {
    await ask(this.#adminUrl, 'PUT', '/clock', { offsetSeconds });
  }

  /**
   * All matching requests since the last {@link forgetRequests}, in the order of arrival. Those that still
   * run have the status 0.
   */
  async requests(pattern: RequestPattern = {}): Promise<readonly RequestRecord[]> {
    const all = (await ask(this.#adminUrl, 'GET', '/requests')) as readonly RequestRecord[];
    const name = pattern.blob === undefined ? undefined : new RegExp(pattern.blob);
    return all.filter(
      (each) =>
        (pattern.operations?.includes(each.operation) ?? true) &&
        (pattern.methods?.includes(each.method) ?? true) &&
        each.account === (pattern.account ?? each.account) &&
        each.container === (pattern.container ?? each.container) &&
        (name?.test(each.blob) ?? true),
    );
  }

  async forgetRequests(): Promise<void> {
    await ask(this.#adminUrl, 'DELETE', '/requests');
  }

  /** Makes a storage account; the same key again changes nothing. @param key base64 */
  async addAccount(name: string, key: string): Promise<void> {
    await ask(this.#adminUrl, 'PUT', `/accounts/${encodeURIComponent(name)}`, { key });
  }
}

export class BlobFaults {
  readonly #adminUrl: string;

  constructor(adminUrl: string) {
    this.#adminUrl = adminUrl;
  }

  /** @returns its id */
  async add(rule: FaultRule): Promise<string> {
    return ((await ask(this.#adminUrl, 'POST', '/faults', rule)) as { id: string }).id;
  }

  async remove(id: string): Promise<void> {
    await ask(this.#adminUrl, 'DELETE', `/faults/${id}`);
  }

  async clear(): Promise<void> {
    await ask(this.#adminUrl, 'DELETE', '/faults');
  }

  /** With the number of matches and hits of each. */
  async list(): Promise<readonly FaultReport[]> {
    return (await ask(this.#adminUrl, 'GET', '/faults')) as readonly FaultReport[];
  }
}

async function ask(adminUrl: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(120_000),
  });
  const answer = await response.json();
  if (!response.ok)
    throw new Error(`the blob double refuses ${method} ${path}: ${(answer as { error: string }).error}`);
  return answer;
}
