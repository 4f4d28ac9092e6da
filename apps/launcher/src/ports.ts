import { createServer } from 'node:net';
import { Rejected } from '@audital/contracts';

/** A port that is free now: this one, or any when it is 0. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const because = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${error.code})`;
      reject(
        new Rejected(
          'PORT_IN_USE',
          `Port ${wanted} ${because}: stop what listens there, or choose another with --port.`,
        ),
      );
    });
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Several different free ports, none of them `taken`. */
export async function freePorts(count: number, taken: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await freePort(0);
    if (port !== taken) ports.add(port);
  }
  return [...ports];
}
