import { eventually } from '@audital/testing';

/** `ARN | creation time | status`: what one training job's end is told apart by. */
export type EndedJob = string;

type Command = Record<string, unknown> & { type: string };

const customerIn = (region: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKIASIMULATEDCUSTOMR/20260302/${region}/sagemaker/aws4_request`;
const TERMINAL = ['Completed', 'Failed', 'Stopped'];

/** The customer's own side of the simulated account. It is patient: the simulator may be dead at the moment. */
export class SimulatedAccount {
  constructor(private readonly url: string) {}

  /** Applies every command once, in order, whatever dies meanwhile. */
  async run(commands: Command[]): Promise<void> {
    let left = commands;
    let repeated = false;
    while (left.length > 0) {
      const answer = await this.post('/_admin/commands', { commands: left });
      if (answer === null) {
        repeated = true;
        continue;
      }
      if (answer.status === 200) return;
      const { applied, error } = answer.body as { applied: number; error: { code: string; message: string } };
      // A command that was applied before its answer was lost is refused when it comes again.
      if (!repeated || error.code !== 'CONFLICT') throw new Error(error.message);
      left = left.slice(applied + 1);
    }
  }

  /** Replaces all faults; setting the same ones again is harmless. */
  async faults(faults: Record<string, unknown>): Promise<void> {
    await eventually(async () => (await this.post('/_admin/faults', faults))?.status === 200, {
      deadlineMs: 30_000,
      what: 'The setting of faults',
    });
  }

  /** The account's clock. */
  now(): Promise<number> {
    return eventually(
      async () => {
        const answer = await fetch(`${this.url}/_admin/clock`, { signal: AbortSignal.timeout(2_000) });
        return Date.parse(((await answer.json()) as { now: string }).now);
      },
      { deadlineMs: 30_000, what: 'The time of the account' },
    );
  }

  /** What AWS itself lists as ended, page by page, as the account's owner would. */
  async endedJobs(region: string, prefix: string): Promise<EndedJob[]> {
    const ended: EndedJob[] = [];
    let token: string | undefined;
    do {
      const page = await this.listPage(region, token);
      for (const job of page.TrainingJobSummaries) {
        if (!job.TrainingJobName.startsWith(prefix) || !TERMINAL.includes(job.TrainingJobStatus)) continue;
        const createdAt = new Date(Math.round(job.CreationTime * 1000)).toISOString();
        ended.push(`${job.TrainingJobArn} | ${createdAt} | ${job.TrainingJobStatus}`);
      }
      token = page.NextToken;
    } while (token !== undefined);
    return ended;
  }

  private async listPage(region: string, token: string | undefined): Promise<Page> {
    const input = { MaxResults: 100, SortBy: 'CreationTime', SortOrder: 'Ascending', NextToken: token };
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'SageMaker.ListTrainingJobs',
      authorization: customerIn(region),
    };
    const answer = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify(input) });
    if (answer.status !== 200) throw new Error(await answer.text());
    return (await answer.json()) as Page;
  }

  /** Null: no answer. */
  private async post(path: string, body: unknown): Promise<{ status: number; body: unknown } | null> {
    try {
      const answer = await fetch(`${this.url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
      return { status: answer.status, body: await answer.json() };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return null;
    }
  }
}

interface Page {
  TrainingJobSummaries: {
    TrainingJobName: string;
    TrainingJobArn: string;
    TrainingJobStatus: string;
    /** Seconds. */
    CreationTime: number;
  }[];
  NextToken?: string;
}
