/**
 * Opens a Docker client over one SSH connection: a few kept-alive sockets for questions, others for streams.
 * Only this file loads dockerode, which takes 20 MB of memory. It is loaded with the first connection.
 */
import Docker from 'dockerode';
import type { Agent } from 'node:http';
import { abortable } from '../ssh/abortable.ts';
import type { Connection } from '../ssh/connection.ts';
import { DockerDialer, dockerAgent } from './agent.ts';
import { isLate, type DockerClient } from './client.ts';
import { silentDocker } from './silent.ts';
import { limitOf, readAnswersWhole, type DockerModem } from './whole-answers.ts';

/** Together with six commands and the observer, these use sshd's ten sessions. */
const operatorSessions = { questions: 2, streams: 1 };

const mebibyte = 1024 * 1024;

/**
 * dockerode reads an answer whole, and a look asks five questions at once. Two thousand containers take 4 MiB
 * in a list. A log has as many lines as were asked for, and a job's result is one of them.
 */
export function longestAnswer(request: string): number {
  return /^GET \S+\/logs\?/.test(request) ? 32 * mebibyte : 4 * mebibyte;
}

/**
 * Opens nothing yet. When the connection ends, the sockets end too.
 * @param sessions how many sockets there may be if each costs one of sshd's sessions.
 */
export function dockerClient(
  connection: Connection,
  sessions: { readonly questions: number; readonly streams: number } = operatorSessions,
): DockerClient {
  const dialer = new DockerDialer(connection);
  const questions = dockerAgent(dialer, 6, longestAnswer);
  const streams = dockerAgent(dialer, Number.POSITIVE_INFINITY);
  connection.client.once('close', () => {
    questions.destroy();
    streams.destroy();
  });
  const ready = async (signal: AbortSignal) => {
    if ((await abortable(dialer.way(), signal)) === 'socket') return;
    questions.maxSockets = sessions.questions;
    streams.maxSockets = sessions.streams;
  };
  const { host } = connection;
  return { host, api: docker(questions, connection), streams: docker(streams, connection), ready };
}

function docker(agent: Agent, connection: Connection): Docker {
  // host and protocol are given so that a DOCKER_HOST in our own environment has no effect.
  const options: Docker.DockerOptions & { agent: Agent } = {
    protocol: 'http',
    host: 'docker',
    port: 80,
    agent,
  };
  const client = new Docker(options);
  readAnswersWhole(client.modem as DockerModem, async (error, question) => {
    const signal = limitOf(question);
    return signal !== undefined && isLate(signal)
      ? await silentDocker(connection, `${question.method} ${question.path.replace(/\?.*/, '')}`)
      : error;
  });
  return client;
}
