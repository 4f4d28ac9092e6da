// Prints every audit event as it is sealed: `node examples/subscribe.mjs [data folder]`. It finds the running Audital by its run.json and
// connects as the viewer, who may subscribe to audit.> and nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';

const folder = process.argv[2] ?? '.audital';
let run;
try {
  run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
} catch {
  console.error(`No Audital runs on ${folder}: start it with npm start, or name its data folder.`);
  process.exit(1);
}
const { username, password, host } = new URL(run.nats);
const connection = await connect({
  servers: `nats://${host}`,
  user: username || undefined,
  pass: password || undefined,
});
console.error('listening to audit.>');
for await (const message of connection.subscribe('audit.>')) {
  if (message.subject.endsWith('.checkpoint')) continue;
  const event = JSON.parse(new TextDecoder().decode(message.data));
  console.log(
    `#${event.chainPosition} ${event.eventType} ${event.id} ${event.verified ? 'verified' : event.verification.reason}`,
  );
}
