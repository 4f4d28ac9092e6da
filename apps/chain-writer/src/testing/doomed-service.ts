import 'reflect-metadata';
import { Bus } from '@audital/messaging';
import { runService } from '@audital/service';
import { start } from '../app.module';
import { ChainWriterConfig } from '../config';
import { Writer } from '../writer';

/** Where it dies: when a part is stored and not acknowledged, or at the nth message that is told to subscribers, before or after it. */
export type Fate = 'sealed' | `told ${number} ${'before' | 'after'}`;

/** The chain-writer as it is, which meets kill -9 by its own hand where `FATE` says. */
function meet(fate: string): void {
  const [place, number, when] = fate.split(' ');
  const die = (): void => void process.kill(process.pid, 'SIGKILL');
  if (place === 'sealed') {
    const { seal } = Writer.prototype;
    Writer.prototype.seal = async function (request) {
      await seal.call(this, request);
      die();
    };
  }
  if (place === 'told') {
    const { publish } = Bus.prototype;
    let told = 0;
    Bus.prototype.publish = async function (subject, ...rest) {
      const isIt = subject.startsWith('audit.') && ++told === Number(number);
      if (isIt && when === 'before') die();
      const outcome = await publish.call(this, subject, ...rest);
      if (isIt) die();
      return outcome;
    };
  }
}

meet(process.env['FATE'] ?? '');
void runService({ name: 'chain-writer', Config: ChainWriterConfig, start });
