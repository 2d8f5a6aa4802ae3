/**
 * Asks continuously whether the stack's web page answers. The time without an answer is what callers of a
 * stack notice.
 */
import { Agent, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

const pauseMilliseconds = 20;
const answerMilliseconds = 2000;

export interface PageProbe {
  /**
   * Ends the probe.
   * @returns seconds without an answer in all, from the last good answer before to the first good one after
   */
  stop(): Promise<number>;
}

/** @param address of the host; the page is asked over TLS with the stack's own certificate */
export function probePage(address: string, fqdn: string): PageProbe {
  const agent = new Agent({ rejectUnauthorized: false, keepAlive: false });
  const end = new AbortController();
  let downSeconds = 0;
  const watch = async (): Promise<void> => {
    let lastGood = performance.now();
    while (!end.signal.aborted) {
      const begin = performance.now();
      if (await answers(agent, address, fqdn)) {
        const now = performance.now();
        // A gap no longer than one question and its pause does not count.
        if (begin - lastGood > 2 * pauseMilliseconds + 5) downSeconds += (now - lastGood) / 1000;
        lastGood = now;
      }
      await delay(pauseMilliseconds);
    }
  };
  const ended = watch();
  return {
    stop: async () => {
      end.abort();
      await ended;
      agent.destroy();
      return downSeconds;
    },
  };
}

function answers(agent: Agent, host: string, fqdn: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      {
        host,
        port: 443,
        path: '/',
        servername: fqdn,
        headers: { host: fqdn },
        agent,
        timeout: answerMilliseconds,
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', () => resolve(false));
      },
    );
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end();
  });
}
