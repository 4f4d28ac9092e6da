export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, smallest and largest of the rounds: on a shared machine the spread says as much as the median. */
export const spread = (numbers) => ({ median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) });

/** Where the middle half of them lies. */
export function middleHalf(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return { min: sorted[sorted.length >> 2], max: sorted[sorted.length - 1 - (sorted.length >> 2)] };
}

/** Half the distance between smallest and largest, in percent of the median. */
export const spreadPercent = ({ median: middle, min, max }) => (50 * (max - min)) / middle;

export const ratio = (rounds, one, other) => spread(rounds.map((round) => one(round) / other(round)));

export const count = (number) => Math.round(number).toLocaleString('en-US');
export const percent = (share) => `${(100 * share).toFixed(0)} %`;
export const ms = (milliseconds) => `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
export const within = ({ min, max }, show) => `${show(min)} … ${show(max)}`;
