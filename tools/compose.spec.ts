import { parse } from 'yaml';
import { type Env, environmentProblems, interpolated, read, services, userProblems } from './deployment';

interface ComposeService {
  image?: string;
  profiles?: string[];
  command?: string[];
  environment?: Record<string, string | null>;
  secrets?: string[];
  volumes?: string[];
  networks?: string[];
  ports?: string[];
  depends_on?: Record<string, unknown>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  restart?: string;
}
interface Compose {
  services: Record<string, ComposeService>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
}

/** Anchors and `<<` resolved. */
const compose = (): Compose => parse(read('docker-compose.yml'), { merge: true }) as Compose;

const scriptOf = ({ command }: ComposeService): string | null =>
  command?.find((word) => word.startsWith('apps/')) ?? null;

const envOf = ({ environment = {} }: ComposeService): Env =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === null ? [] : [[name, interpolated(String(value))]],
    ),
  );

function problemsOf(document: Compose): string[] {
  const ours = Object.entries(document.services).filter(([, service]) => scriptOf(service) !== null);
  const users = ours.flatMap(([, { environment }]) => environment?.['NATS_USER'] ?? []);
  return [
    ...services.filter((name) => !document.services[name]).map((name) => `${name} is missing`),
    ...userProblems(users),
    ...ours.flatMap(([name, service]) => [
      ...environmentProblems(scriptOf(service) as string, envOf(service)),
      ...lockProblems(name, service),
      ...secretProblems(name, { service, document }),
    ]),
    ...Object.entries(document.services).flatMap(([name, service]) => referenceProblems(name, { service, document })),
  ];
}

function lockProblems(name: string, service: ComposeService): string[] {
  const locked =
    service.read_only === true &&
    service.cap_drop?.includes('ALL') &&
    service.security_opt?.includes('no-new-privileges:true');
  return locked ? [] : [`${name} is not locked down`];
}

/** A secret comes by file, is handed to who names it and to nobody else, and never stands in the environment. */
function secretProblems(name: string, o: { service: ComposeService; document: Compose }): string[] {
  const { secrets = [], environment = {} } = o.service;
  const used = Object.values(environment).flatMap((value) => /^\/run\/secrets\/(.+)$/.exec(value ?? '')?.[1] ?? []);
  const user = environment['NATS_USER'];
  return [
    ...used.filter((secret) => !secrets.includes(secret)).map((secret) => `${name} is not given ${secret}`),
    ...secrets.filter((secret) => !used.includes(secret)).map((secret) => `${name} has no use for ${secret}`),
    ...(user && !used.includes(`nats-${user}`) ? [`${name} logs in without the password of ${user}`] : []),
    ...(environment['NATS_PASSWORD'] ? [`${name} has a password in its environment`] : []),
  ];
}

function referenceProblems(name: string, o: { service: ComposeService; document: Compose }): string[] {
  const { service, document } = o;
  const volumes = (service.volumes ?? []).map((volume) => volume.split(':')[0] as string);
  return [
    ...(service.secrets ?? []).filter((secret) => !document.secrets[secret]).map((secret) => `no secret ${secret}`),
    ...volumes
      .filter((volume) => !volume.startsWith('.') && !(volume in document.volumes))
      .map((v) => `no volume ${v}`),
    ...(service.networks ?? []).filter((network) => !(network in document.networks)).map((one) => `no network ${one}`),
    ...Object.keys(service.depends_on ?? {})
      .filter((one) => !document.services[one])
      .map((one) => `no service ${one}`),
    ...(service.ports ?? [])
      .map(interpolated)
      .filter((port) => !port.startsWith('127.0.0.1:'))
      .map((port) => `${name} is open to everybody: ${port}`),
  ];
}

describe('docker-compose.yml', () => {
  it('runs every service with an environment that the service accepts, locked down, with its own secrets only', () => {
    expect(services.length).toBeGreaterThanOrEqual(7);
    expect(problemsOf(compose())).toEqual([]);
  });

  it('keeps ledger and broker on a network without a way out, and the checkpoint store on a volume of its own', () => {
    const { networks, services: all } = compose();
    expect(networks['inside']).toEqual({ internal: true });
    expect(all['eventstore']?.networks).toEqual(['inside']);
    const writers = Object.entries(all).filter(([, { volumes = [] }]) =>
      volumes.some((volume) => volume.startsWith('checkpoints:')),
    );
    expect(writers.map(([name]) => name)).toEqual(['chain-writer']);
    expect(all['chain-writer']?.secrets).toContain('master');
    expect(Object.values(all).filter(({ secrets = [] }) => secrets.includes('master'))).toHaveLength(1);
  });

  it('gives every service the one SQLite file when the ledger is that', () => {
    const sqlite = parse(read('deploy/compose.sqlite.yml'), { merge: true }) as Compose;
    const changed = Object.keys(sqlite.services).filter((name) => name !== 'eventstore');
    expect(changed.sort()).toEqual(services.filter((name) => name !== 'aws-simulator').sort());
    for (const name of changed) {
      const service = { ...compose().services[name] } as ComposeService;
      service.environment = { ...service.environment, ...sqlite.services[name]?.environment };
      expect(environmentProblems(scriptOf(service) as string, envOf(service))).toEqual([]);
    }
  });

  it.each<[string, (document: Compose) => void, RegExp]>([
    ['a service that is missing', (one) => delete one.services['poller-scheduler'], /^poller-scheduler is missing$/],
    [
      'a variable that is misspelt',
      ({ services: { gateway } }) => Object.assign(gateway?.environment ?? {}, { PINS_DIRECTORY: '/x' }),
      /gateway declares no PINS_DIRECTORY/,
    ],
    [
      'a variable that is missing',
      ({ services: all }) => delete all['chain-writer']?.environment?.['CHECKPOINT_STORE_URL'],
      /chain-writer: CHECKPOINT_STORE_URL/,
    ],
    [
      'a value that the service refuses',
      ({ services: { gateway } }) => Object.assign(gateway?.environment ?? {}, { LOG_LEVEL: 'loud' }),
      /gateway: LOG_LEVEL/,
    ],
    [
      'a user that the broker does not know',
      ({ services: { gateway } }) => Object.assign(gateway?.environment ?? {}, { NATS_USER: 'admin' }),
      /NATS knows no user admin/,
    ],
    [
      'a secret that nobody asked for',
      ({ services: { gateway } }) => gateway?.secrets?.push('master'),
      /gateway has no use for master/,
    ],
    [
      'a secret that is not handed out',
      ({ services: all }) => Object.assign(all['chain-writer'] ?? {}, { secrets: ['nats-chain-writer'] }),
      /chain-writer is not given master/,
    ],
    [
      'a root that can be written',
      ({ services: all }) => Object.assign(all['chain-writer'] ?? {}, { read_only: false }),
      /chain-writer is not locked down/,
    ],
    [
      'a port for everybody',
      ({ services: { nats } }) => Object.assign(nats ?? {}, { ports: ['4222:4222'] }),
      /nats is open to everybody/,
    ],
  ])('finds %s', (_name, spoil, problem) => {
    const document = structuredClone(compose());
    spoil(document);
    expect(problemsOf(document)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });
});

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('installs without scripts, runs as nobody in particular, and asks the service for its health', () => {
    const installs = dockerfile.match(/npm ci[^\n]*/g) ?? [];
    expect(installs).toHaveLength(2);
    for (const install of installs) expect(install).toContain('--ignore-scripts');
    expect(installs[1]).toContain('--omit=dev');
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK .*healthy\.mjs/m);
    expect(dockerfile).toMatch(/^ENV NODE_ENV=production/m);
  });

  it('needs no frontend from a registry, and one base image that can be named', () => {
    expect(dockerfile).not.toContain('# syntax=');
    expect(dockerfile.match(/^FROM .*$/gm)?.every((line) => line.startsWith('FROM ${BASE_IMAGE}'))).toBe(true);
  });
});
