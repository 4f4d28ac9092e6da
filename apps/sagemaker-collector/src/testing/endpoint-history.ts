import type { JsonObject } from '@audital/contracts';

/** An endpoint as it stands when somebody looks, told from what was done to it, not from what AWS answers. */
export interface Look {
  status: string;
  config: string;
  /** What an update in progress aims at. */
  pending: string | null;
  weights: Record<string, number>;
  /** Of the variant with the most weight; null when the configuration has been deleted, for then nobody can read it. */
  model: string | null;
  /** The very first poll. */
  first: boolean;
}

/** One endpoint from its creation to its end: a name may have several lives. */
export interface Life {
  name: string;
  createdAt: string;
  looks: Look[];
  /** A look has shown that it is gone. */
  gone: boolean;
}

interface Standing extends Omit<Look, 'model' | 'first'> {
  desired: Record<string, number>;
  life: Life;
}

interface Choice {
  chance: number;
  act: (at: string) => JsonObject[];
}

type Random = () => number;

/** What may happen to one endpoint name, chosen by chance: SageMaker as its documentation tells it, never the collector's view of it. */
export class EndpointHistory {
  readonly lives: Life[] = [];
  private standing: Standing | null = null;
  private readonly configs: string[] = [];
  private readonly deleted = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly random: Random,
  ) {}

  /** One thing that happens, or nothing: admin commands of the simulator. */
  step(at: string): JsonObject[] {
    let chance = this.random();
    for (const choice of this.choices()) {
      if (chance < choice.chance) return choice.act(at).map((command) => ({ ...command, at }));
      chance -= choice.chance;
    }
    return [];
  }

  /** Somebody looks at the account. */
  look(first: boolean): void {
    for (const life of this.lives) if (life !== this.standing?.life) life.gone = true;
    if (!this.standing) return;
    const { status, config, pending, weights, life } = this.standing;
    const model = this.deleted.has(config) ? null : `${config}-${leader(weights)}`;
    life.looks.push({ status, config, pending, weights: { ...weights }, model, first });
  }

  private choices(): Choice[] {
    const now = this.standing;
    const settles = (chance: number): Choice => ({ chance, act: () => this.settle() });
    switch (now?.status) {
      case undefined:
        return [{ chance: 0.6, act: (at) => this.create(at) }];
      case 'Creating':
        return [settles(0.7), { chance: 0.1, act: () => this.fail('Failed') }];
      case 'InService':
        return [
          { chance: 0.35, act: () => this.update() },
          { chance: this.deleted.has(now.config) ? 0 : 0.15, act: () => this.shift() },
          { chance: 0.1, act: () => this.becomes('Updating', { type: 'scaleEndpoint', counts: { blue: 3 } }) },
          { chance: 0.1, act: () => this.becomes('SystemUpdating', { type: 'systemUpdateEndpoint' }) },
          { chance: this.deleted.has(now.config) ? 0 : 0.07, act: () => this.deleteConfig() },
          { chance: 0.08, act: () => this.becomes('Deleting', { type: 'deleteEndpoint' }) },
        ];
      case 'Updating':
        return [
          settles(0.6),
          { chance: 0.2, act: () => this.rollBack() },
          { chance: 0.04, act: () => this.fail('UpdateRollbackFailed') },
          { chance: 0.04, act: () => this.fail('Failed') },
        ];
      case 'UpdateRollbackFailed':
        return [{ chance: 0.6, act: () => this.update() }];
      case 'Failed':
        return [{ chance: 0.5, act: () => this.becomes('Deleting', { type: 'deleteEndpoint' }) }];
      default:
        return [settles(0.7)];
    }
  }

  private create(at: string): JsonObject[] {
    const { config, commands } = this.newConfig();
    const life = { name: this.name, createdAt: at, looks: [], gone: false };
    this.lives.push(life);
    const weights = { blue: 3, green: 1 };
    this.standing = { status: 'Creating', config, pending: null, weights, desired: weights, life };
    return [...commands, { type: 'createEndpoint', name: this.name, configName: config }];
  }

  /** To a new configuration, or back to one that served before: A → B → A. */
  private update(): JsonObject[] {
    const now = this.standing as Standing;
    const known = this.configs.filter((config) => config !== now.config && !this.deleted.has(config));
    const back = known.length > 0 && this.random() < 0.4 ? known[Math.floor(this.random() * known.length)] : undefined;
    const { config, commands } = back === undefined ? this.newConfig() : { config: back, commands: [] };
    now.pending = config;
    return [...commands, ...this.becomes('Updating', { type: 'updateEndpoint', configName: config })];
  }

  private newConfig(): { config: string; commands: JsonObject[] } {
    const config = `${this.name}-v${this.configs.length + 1}`;
    this.configs.push(config);
    const variants = ['blue', 'green'].map((variant) => ({
      name: variant,
      modelName: `${config}-${variant}`,
      weight: variant === 'blue' ? 3 : 1,
    }));
    const models = variants.map(({ modelName }) => ({ type: 'createModel', name: modelName, spec: {} }));
    return { config, commands: [...models, { type: 'createEndpointConfig', name: config, variants }] };
  }

  private shift(): JsonObject[] {
    const now = this.standing as Standing;
    const weights = { blue: 1 + Math.floor(this.random() * 3), green: 1 + Math.floor(this.random() * 3) };
    now.desired = weights;
    return this.becomes('Updating', { type: 'scaleEndpoint', weights });
  }

  private deleteConfig(): JsonObject[] {
    const { config } = this.standing as Standing;
    this.deleted.add(config);
    return [{ type: 'deleteEndpointConfig', name: config }];
  }

  private rollBack(): JsonObject[] {
    const now = this.standing as Standing;
    now.desired = now.weights;
    return this.becomes('RollingBack', { type: 'rollBackEndpoint', reason: 'an alarm went off' });
  }

  private fail(status: string): JsonObject[] {
    (this.standing as Standing).pending = null;
    return this.becomes(status, { type: 'failEndpoint', status, reason: 'no capacity' });
  }

  private settle(): JsonObject[] {
    const now = this.standing as Standing;
    if (now.status === 'Deleting') {
      this.standing = null;
      return [{ type: 'settleEndpoint', name: this.name }];
    }
    if (now.status === 'Updating' && now.pending !== null) {
      now.config = now.pending;
      now.desired = { blue: 3, green: 1 };
    }
    now.weights = now.desired;
    now.pending = null;
    return this.becomes('InService', { type: 'settleEndpoint' });
  }

  private becomes(status: string, command: JsonObject): JsonObject[] {
    (this.standing as Standing).status = status;
    return [{ ...command, name: this.name }];
  }
}

function leader(weights: Record<string, number>): string {
  const names = Object.keys(weights).sort();
  return names.reduce((best, name) => ((weights[name] ?? 0) > (weights[best] ?? 0) ? name : best));
}
