import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { type Env, environmentProblems, read, root, services, userProblems } from './deployment';

interface Named {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
}
interface EnvVariable {
  name: string;
  value?: string;
  valueFrom?: { configMapKeyRef?: { name: string; key: string } };
}
interface Container {
  name: string;
  args: string[];
  env?: EnvVariable[];
  envFrom?: { configMapRef: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string }[];
  [probe: `${string}Probe`]: { httpGet?: { path: string; port: string } } | undefined;
}
interface SecretSource {
  name: string;
  optional?: boolean;
  items: { key: string; path: string }[];
}
interface PodSpec {
  serviceAccountName: string;
  automountServiceAccountToken?: boolean;
  securityContext?: Record<string, unknown>;
  containers: Container[];
  volumes?: { name: string; projected?: { sources: { secret: SecretSource }[] } }[];
}
interface Workload extends Named {
  spec: {
    replicas?: number;
    strategy?: { type: string };
    selector?: { matchLabels: Record<string, string> };
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}
interface Kustomization {
  resources: string[];
  patches?: { target: { kind: string; name: string }; patch: string }[];
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'Job'];
const kustomization = (folder: string): Kustomization =>
  parse(read(`k8s/${folder}/kustomization.yaml`)) as Kustomization;

function objectsIn(folder: string): Named[] {
  const files = kustomization(folder).resources.filter((file) => file.endsWith('.yaml'));
  return files.flatMap((file) => parseAllDocuments(read(`k8s/${folder}/${file}`)).map((one) => one.toJS() as Named));
}

const base = (): Named[] => [...objectsIn('base'), ...objectsIn('first-organisation')];
const workloadsOf = (objects: Named[]): Workload[] =>
  objects.filter(({ kind }) => WORKLOADS.includes(kind)) as Workload[];

/** What Kubernetes itself would refuse. */
function apiProblems(objects: Named[]): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'validate-k8s.mjs')], {
    input: JSON.stringify(objects),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

/** What the services and the house would refuse. */
function ownProblems(objects: Named[]): string[] {
  const workloads = workloadsOf(objects);
  const names = workloads.map(({ metadata }) => metadata.name);
  const users = workloads.flatMap(({ spec }) => envOf(spec.template.spec, objects)['NATS_USER'] ?? []);
  return [
    ...services.filter((name) => name !== 'aws-simulator' && !names.includes(name)).map((name) => `${name} is missing`),
    ...userProblems(users),
    ...workloads.flatMap((workload) => [
      ...runProblems(workload, objects),
      ...securityProblems(workload),
      ...(workload.kind === 'Job' ? [] : probeProblems(workload)),
      ...secretProblems(workload, objects),
      ...referenceProblems(workload, objects),
    ]),
  ];
}

function envOf(pod: PodSpec, objects: Named[]): Env {
  const { env = [], envFrom = [] } = pod.containers[0] as Container;
  const data = (name: string): Env =>
    (objects.find((one) => one.kind === 'ConfigMap' && one.metadata.name === name) as { data?: Env } | undefined)
      ?.data ?? { [`NO_CONFIG_MAP_${name}`]: '' };
  const own = env.map(({ name, value, valueFrom }) => {
    const reference = valueFrom?.configMapKeyRef;
    return [name, reference ? (data(reference.name)[reference.key] ?? '') : (value ?? '')];
  });
  return Object.assign(
    {},
    ...envFrom.map(({ configMapRef }) => data(configMapRef.name)),
    Object.fromEntries(own),
  ) as Env;
}

function runProblems({ spec, metadata }: Workload, objects: Named[]): string[] {
  const pod = spec.template.spec;
  const [container] = pod.containers as [Container];
  const { selector, template } = spec;
  const selected = Object.entries(selector?.matchLabels ?? {}).every(([k, v]) => template.metadata.labels[k] === v);
  return [
    ...environmentProblems(container.args[0] as string, { NODE_ENV: 'production', ...envOf(pod, objects) }),
    ...(selected ? [] : [`${metadata.name} does not select its own pods`]),
    ...(container.resources?.requests?.['memory'] && container.resources.limits?.['memory']
      ? []
      : [`${metadata.name} has no bounds of memory`]),
  ];
}

/** Pod Security Standards, level restricted, and a root that cannot be written. */
function securityProblems({ spec, metadata: { name } }: Workload): string[] {
  const pod = spec.template.spec;
  const wanted = {
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const ofContainer = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
  const differs = (have: Record<string, unknown> = {}, want: Record<string, unknown>): boolean =>
    Object.entries(want).some(([key, value]) => JSON.stringify(have[key]) !== JSON.stringify(value));
  return [
    ...(differs(pod.securityContext, wanted) ? [`${name}: its pod is not restricted`] : []),
    ...pod.containers
      .filter(({ securityContext }) => differs(securityContext, ofContainer))
      .map((container) => `${name}: its container ${container.name} is not restricted`),
    ...(pod.automountServiceAccountToken === false ? [] : [`${name} gets a token of the Kubernetes API`]),
  ];
}

function probeProblems({ spec, metadata: { name } }: Workload): string[] {
  const [container] = spec.template.spec.containers as [Container];
  const wanted = { startupProbe: '/health/live', livenessProbe: '/health/live', readinessProbe: '/health/ready' };
  const ports = (container.ports ?? []).map((port) => port.name);
  return Object.entries(wanted)
    .filter(([probe, path]) => {
      const get = container[probe as `${string}Probe`]?.httpGet;
      return get?.path !== path || !ports.includes(get.port);
    })
    .map(([probe]) => `${name} has no ${probe}`);
}

/** Each secret by file, its own only: every `…_FILE` names a mounted item, and of the passwords a pod sees the one of its user. */
function secretProblems({ spec, metadata: { name } }: Workload, objects: Named[]): string[] {
  const pod = spec.template.spec;
  const env = envOf(pod, objects);
  const sources = (pod.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []).map(({ secret }) => secret);
  const mounted = sources.flatMap(({ items }) => items.map(({ path }) => `/run/secrets/audital/${path}`));
  const files = Object.entries(env).filter(([variable]) => variable.endsWith('_FILE'));
  const passwords = sources.filter((secret) => secret.name === 'audital-nats').flatMap(({ items }) => items);
  return [
    ...files.filter(([, path]) => !mounted.includes(path)).map(([variable]) => `${name}: ${variable} is not mounted`),
    ...(passwords.length === 1 && passwords[0]?.key === env['NATS_USER'] ? [] : [`${name} sees others' passwords`]),
    ...(sources.some((secret) => secret.name === 'audital-master') && name !== 'chain-writer'
      ? [`${name} sees the master secret`]
      : []),
    ...(env['NATS_PASSWORD'] || env['LEDGER_URL'] ? [`${name} has a secret in its environment`] : []),
  ];
}

function referenceProblems({ spec, metadata: { name } }: Workload, objects: Named[]): string[] {
  const pod = spec.template.spec;
  const volumes = [...(pod.volumes ?? []), ...(spec.volumeClaimTemplates ?? []).map((one) => one.metadata)];
  const mounts = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
  return [
    ...mounts
      .filter((mount) => !volumes.some((volume) => volume.name === mount.name))
      .map((mount) => `${name} mounts ${mount.name}, which is no volume of it`),
    ...(accounts.includes(pod.serviceAccountName) ? [] : [`${name} has no account ${pod.serviceAccountName}`]),
  ];
}

const workload = (objects: Named[], name: string): Workload =>
  workloadsOf(objects).find(({ metadata }) => metadata.name === name) as Workload;
const podOf = (objects: Named[], name: string): PodSpec => workload(objects, name).spec.template.spec;

describe('k8s/base', () => {
  it('lists every file that lies there', () => {
    for (const folder of ['base', 'first-organisation', 'overlays/example']) {
      const files = readdirSync(join(root, 'k8s', folder)).filter((file) => file.endsWith('.yaml'));
      const listed = [
        ...kustomization(folder).resources.filter((file) => file.endsWith('.yaml')),
        'kustomization.yaml',
      ];
      expect(listed.sort()).toEqual(files.sort());
    }
  });

  it('holds what Kubernetes accepts, without a misspelt field', () => {
    expect(apiProblems([...base(), ...objectsIn('overlays/example')])).toEqual([]);
  }, 60_000);

  it('runs every service as it declares itself, restricted, probed, and with its own secrets only', () => {
    expect(ownProblems(base())).toEqual([]);
  });

  it('has one chain-writer, which ends before the next begins, and makes no secret', () => {
    const { spec } = workload(base(), 'chain-writer');
    expect([spec.replicas, spec.strategy]).toEqual([1, { type: 'Recreate' }]);
    expect(base().filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it('gives the collector an identity in AWS, and nobody else', () => {
    const accounts = base().filter(({ kind }) => kind === 'ServiceAccount');
    const arn = 'eks.amazonaws.com/role-arn';
    expect(accounts.filter(({ metadata }) => metadata.annotations?.[arn]).map(({ metadata }) => metadata.name)).toEqual(
      ['sagemaker-collector'],
    );
    const withIt = workloadsOf(base()).filter(({ spec }) => spec.template.spec.serviceAccountName !== 'audital');
    expect(withIt.map(({ metadata }) => metadata.name)).toEqual(['sagemaker-collector']);
  });

  it('lets nothing in or out by default, and out to the world the collector only', () => {
    const policies = base().filter(({ kind }) => kind === 'NetworkPolicy') as (Named & {
      spec: {
        podSelector: { matchLabels: Record<string, string> };
        policyTypes: string[];
        egress?: { to?: unknown[] }[];
      };
    })[];
    const nothing = policies.find(({ metadata }) => metadata.name === 'audital-nothing');
    expect(nothing?.spec).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'audital' } },
      policyTypes: ['Ingress', 'Egress'],
    });
    const outside = policies.filter(({ spec }) => JSON.stringify(spec.egress ?? []).includes('0.0.0.0/0'));
    expect(outside.map(({ spec }) => spec.podSelector.matchLabels)).toEqual([
      { 'app.kubernetes.io/name': 'sagemaker-collector' },
    ]);
  });

  it.each<[string, (objects: Named[]) => void, RegExp]>([
    [
      'a service that is missing',
      (all) => all.splice(all.indexOf(workload(all, 'gateway')), 1),
      /^gateway is missing$/,
    ],
    [
      'a misspelt variable',
      (all) => podOf(all, 'gateway').containers[0]?.env?.push({ name: 'PIN_DIR', value: '/x' }),
      /gateway declares no PIN_DIR/,
    ],
    [
      'a variable that is missing',
      (all) => podOf(all, 'chain-writer').containers[0]?.env?.pop(),
      /chain-writer: INDEX_DIR/,
    ],
    [
      'a user that is none',
      (all) => Object.assign(podOf(all, 'gateway').containers[0]?.env?.[0] ?? {}, { value: 'admin' }),
      /NATS knows no user admin/,
    ],
    [
      "another one's password",
      (all) => {
        const volume = podOf(all, 'gateway').volumes?.find(({ projected }) => projected);
        Object.assign(volume?.projected?.sources[0]?.secret.items[0] ?? {}, { key: 'chain-writer' });
      },
      /gateway sees others' passwords/,
    ],
    [
      'a container that may become root',
      (all) => delete podOf(all, 'gateway').containers[0]?.securityContext?.['allowPrivilegeEscalation'],
      /gateway: its container gateway is not restricted/,
    ],
    [
      'a pod without a profile',
      (all) => delete podOf(all, 'gateway').securityContext?.['seccompProfile'],
      /gateway: its pod is not restricted/,
    ],
    [
      'a probe that is missing',
      (all) => delete podOf(all, 'gateway').containers[0]?.livenessProbe,
      /gateway has no livenessProbe/,
    ],
    [
      'a selector that selects others',
      (all) => Object.assign(workload(all, 'gateway').spec.selector ?? {}, { matchLabels: { a: 'b' } }),
      /gateway does not select its own pods/,
    ],
  ])('finds %s', (_name, spoil, problem) => {
    const objects = base();
    spoil(objects);
    expect(ownProblems(objects)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  it('finds a wrong type, a missing and a misspelt field', () => {
    const objects = base();
    Object.assign(workload(objects, 'gateway').spec, { replicas: 'two' });
    Object.assign(podOf(objects, 'chain-writer').containers[0] ?? {}, { imag: 'audital' });
    delete (workload(objects, 'poller-scheduler').spec as Partial<Workload['spec']>).selector;
    const problems = apiProblems(objects).join('\n');
    for (const word of ['StatefulSet gateway', 'imag', 'Deployment poller-scheduler']) expect(problems).toContain(word);
  }, 60_000);
});

describe('k8s/overlays/example', () => {
  it('patches objects that are there', () => {
    const known = base().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    for (const { target } of kustomization('overlays/example').patches ?? [])
      expect(known).toContain(`${target.kind} ${target.name}`);
  });

  it('enforces the restricted level in its namespace', () => {
    const [namespace] = objectsIn('overlays/example');
    expect(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });
});
