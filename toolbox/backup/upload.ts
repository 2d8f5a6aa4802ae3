/**
 * Creates blobs with a signature that can do nothing else: one Put Blob each, never over an existing blob.
 * After a lost answer the repeated request says that the blob exists. The job may not read, so the operator
 * decides by its listing (length and MD5) whether it is ours.
 */
import type { BackOff } from '../../base/back-off.ts';
import { afterFailedUpload, pause } from '../pauses.ts';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SignedURLGrant } from '../../jobs/grant.ts';
import { inStore } from '../../backup-format/names.ts';
import { JobError } from '../job-error.ts';
import { proxyEnvironment } from '../proxy.ts';
import { storeRefusal, type StoreAnswer } from '../store-refusal.ts';

/** Version of the Blob service's REST interface; Put Blob up to 5,000 MiB since 2019-12-12. */
const serviceVersion = '2021-12-02';
const attempts = 9;
const stallMilliseconds = 60_000;
const longestAnswerBytes = 4096;

/**
 * `Created`: by this call. `Existed`: it was there before. `Unclear`: it is there after a request whose
 * answer was lost, so most likely this call created it.
 */
export type UploadOutcome = 'Created' | 'Existed' | 'Unclear';

interface Answer extends StoreAnswer {
  readonly retryAfterSeconds: number;
}

export class Uploader {
  readonly #target: SignedURLGrant;
  readonly #agent: HttpAgent;
  readonly #signal: AbortSignal;
  readonly #pauses: BackOff;

  /** @param connections open at the same time. */
  constructor(target: SignedURLGrant, connections: number, signal: AbortSignal, pauses = afterFailedUpload) {
    this.#target = target;
    const options = {
      keepAlive: true,
      maxSockets: connections,
      scheduling: 'lifo' as const,
      proxyEnv: proxyEnvironment(),
    };
    this.#agent = target.containerUrl.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
    this.#signal = signal;
    this.#pauses = pauses;
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * @param path below the store's prefix.
   * @param md5 base64; the service refuses what does not have it.
   * @throws {JobError} StoreCredentialsRefused, StoreNetworkRefused, UploadFailed
   */
  async put(path: string, body: Uint8Array, md5: string): Promise<UploadOutcome> {
    for (let attempt = 1; ; attempt++) {
      this.#signal.throwIfAborted();
      let waitSeconds = 0;
      let said: string;
      try {
        const answer = await this.#send(path, body, md5);
        if (answer.status === 201) return 'Created';
        if (isThere(answer)) return attempt === 1 ? 'Existed' : 'Unclear';
        said = `the store answered ${answer.status} ${answer.code}`.trim();
        const refusal = storeRefusal(`uploading ${path}`, answer);
        if (refusal !== undefined) throw refusal;
        if (answer.status === 401 || answer.status === 403) throw credentialsRefused(said);
        if (!isTransient(answer)) throw new JobError('UploadFailed', `uploading ${path}: ${said}`);
        waitSeconds = answer.retryAfterSeconds;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof JobError) throw error;
        said = error instanceof Error ? error.message : String(error);
      }
      if (Date.parse(this.#target.expiresTime) <= Date.now())
        throw credentialsRefused(`the signature has ended; last: ${said}`);
      if (attempt === attempts)
        throw new JobError('UploadFailed', `uploading ${path} failed ${attempts} times, last: ${said}`);
      await pause(this.#pauses, attempt, this.#signal, waitSeconds);
    }
  }

  async #send(path: string, body: Uint8Array, md5: string): Promise<Answer> {
    const escaped = inStore(this.#target.prefix, path).split('/').map(encodeURIComponent).join('/');
    const url = new URL(`${this.#target.containerUrl}/${escaped}?${this.#target.query}`);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return await new Promise((resolve, reject) => {
      const request = send(url, {
        method: 'PUT',
        agent: this.#agent,
        signal: this.#signal,
        headers: {
          'content-length': body.length,
          'content-md5': md5,
          'content-type': 'application/octet-stream',
          'if-none-match': '*',
          'x-ms-blob-type': 'BlockBlob',
          'x-ms-version': serviceVersion,
        },
      });
      request.setTimeout(stallMilliseconds, () =>
        request.destroy(new Error(`nothing moved for ${stallMilliseconds / 1000} s`)),
      );
      request.on('error', reject);
      request.on('response', (response) => {
        void answerOf(response)
          .then(resolve, reject)
          .finally(() => {
            // A refusal can come before everything was sent. Nobody reads the rest, so close the connection.
            if (!request.writableFinished) request.destroy();
          });
      });
      request.end(body);
    });
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const part of response) text = (text + String(part)).slice(0, longestAnswerBytes);
  const code = response.headers['x-ms-error-code'] ?? /<Code>([A-Za-z]{1,100})<\/Code>/.exec(text)?.[1] ?? '';
  const retryAfter = Number(response.headers['retry-after'] ?? 0);
  return {
    status: response.statusCode ?? 0,
    code: String(code),
    text,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : 0,
  };
}

/**
 * A blob of this name exists. Which of these a service answers depends on the signature and on the
 * container's policy.
 */
function isThere({ status, code }: Answer): boolean {
  if (status === 409)
    return ['BlobAlreadyExists', 'BlobImmutableDueToPolicy', 'BlobImmutableDueToLegalHold'].includes(code);
  return (
    (status === 403 && code === 'UnauthorizedBlobOverwrite') || (status === 412 && code === 'ConditionNotMet')
  );
}

/** Md5Mismatch: the bytes that arrived are not those that were sent. */
function isTransient({ status, code }: Answer): boolean {
  return (
    status >= 500 ||
    status === 408 ||
    status === 429 ||
    code === 'Md5Mismatch' ||
    code === 'AccountBeingCreated'
  );
}

function credentialsRefused(said: string): JobError {
  return new JobError(
    'StoreCredentialsRefused',
    `${said}: the signature for uploads has ended or is not valid; what was uploaded is used again by the next try`,
  );
}
