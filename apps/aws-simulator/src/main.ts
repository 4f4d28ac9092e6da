import type { AddressInfo } from 'node:net';
import { LogUnusable } from './command-log';
import { type Config, ConfigError, loadConfig } from './config';
import { simulatorServer } from './server';
import { Simulator } from './simulator';

const EX_CONFIG = 78;

function stop(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function start(config: Config): void {
  const simulator = Simulator.open(config, () => Date.now());
  const server = simulatorServer({ simulator, onFatal: (error) => stop(1, error.message) });
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    server.close(() => {
      simulator.close();
      process.exit(0);
    });
    server.closeIdleConnections();
    // Whoever still waits for an answer after this has its connection cut; nothing of the account is lost by that.
    setTimeout(() => server.closeAllConnections(), 2000).unref();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (config.exitWithStdin) process.stdin.resume().once('end', end).once('close', end);
  server.once('error', (error) =>
    stop(1, `The simulator cannot listen on ${config.host}:${config.port}: ${error.message}`),
  );
  server.listen(config.port, config.host, () => {
    const { port } = server.address() as AddressInfo;
    const host = config.host.includes(':') ? `[${config.host}]` : config.host;
    process.stdout.write(`${JSON.stringify({ listening: `http://${host}:${port}` })}\n`);
  });
}

try {
  start(loadConfig(process.env));
} catch (error) {
  if (error instanceof ConfigError) stop(EX_CONFIG, error.message);
  if (error instanceof LogUnusable) stop(1, error.message);
  throw error;
}
