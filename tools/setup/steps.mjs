import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homedir } from 'node:os';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'audital');

/** Something the person at the terminal can act on: printed as it is, without a stack. */
export class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Prints what a step does, runs it, and prints how long it took. */
export async function step(title, work) {
  const startedAt = Date.now();
  process.stderr.write(`${title} … `);
  try {
    const result = await work();
    process.stderr.write(`done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
}

/** Runs a program quietly; its output is kept for the error. Never rejects: `code` is -1 when it could not be started. */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: -1, output: String(error.message) }));
    child.on('exit', (code) => resolve({ code: code ?? 1, output }));
  });
}

export const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');
