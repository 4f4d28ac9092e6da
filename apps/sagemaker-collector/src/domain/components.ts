/** An inference component: where the variants name no model, the components on them do (facts/aws §3.1). */
export interface Component {
  name: string;
  variantName: string | null;
  modelName: string | null;
  copies: number | null;
  status: string | null;
}

/** As ListInferenceComponents shows one. */
export interface ListedComponent {
  name: string;
  endpointArn: string;
  status: string;
  lastModifiedAt: string;
}

/** By endpoint, what its components' list looks like: when it is another text, something happened to one of them. */
export function fingerprints(listed: ListedComponent[]): Map<string, string> {
  const grouped = Map.groupBy(listed, ({ endpointArn }) => endpointArn);
  const words = (all: ListedComponent[]): string =>
    all
      .map(({ name, status, lastModifiedAt }) => `${name} ${status} ${lastModifiedAt}`)
      .sort()
      .join(', ');
  return new Map([...grouped].map(([arn, all]) => [arn, words(all)]));
}

/** `component=model` of those that serve; how many copies there are is scaling, and no deployment. */
export const mappingOf = (components: Component[]): string =>
  components
    .filter(({ status }) => status === 'InService')
    .map(({ name, modelName }) => `${name}=${modelName ?? ''}`)
    .sort()
    .join(',');

/** The one with the most copies, then by name. */
export function leadingComponent(components: Component[] | null): Component | null {
  const serving = (components ?? []).filter(({ status }) => status === 'InService');
  serving.sort((a, b) => (b.copies ?? 0) - (a.copies ?? 0) || (a.name < b.name ? -1 : 1));
  return serving[0] ?? null;
}
