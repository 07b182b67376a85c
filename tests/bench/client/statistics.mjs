// Medians and percentiles.

/** @typedef {{ samples: number, median: number, p90: number, mean: number, values: number[] }} Summary */

/**
 * The value below which a share of `values` lies, between neighbours by proportion.
 * @param {number[]} values
 * @param {number} share between 0 and 1
 */
export function percentile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

/** @type {(values: number[]) => number} */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * What is kept of the samples of one measure.
 * @param {number[]} values
 * @returns {Summary}
 */
export function summary(values) {
  /** @type {(value: number) => number} */
  const round = (value) => Number(value.toFixed(2));
  return {
    samples: values.length,
    median: round(percentile(values, 0.5)),
    p90: round(percentile(values, 0.9)),
    mean: round(mean(values)),
    values: values.map(round),
  };
}
