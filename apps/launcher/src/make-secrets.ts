import { resolve } from 'node:path';
import { makeDeploymentFiles } from './deployment';

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('Usage: node apps/launcher/dist/make-secrets.js FOLDER\n');
  process.exit(2);
}
try {
  const { files, made } = makeDeploymentFiles(resolve(folder));
  process.stdout.write(
    `${made ? 'The secrets were made' : 'The secrets were there, and are kept'}: ${files.join(', ')}\n`,
  );
} catch (error) {
  process.stderr.write(`${folder}: ${(error as Error).message}\n`);
  process.exit(1);
}
