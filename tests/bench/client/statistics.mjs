// Medians and percentiles.

/** The value below which a share of `values` lies, between neighbours by proportion. */
export function percentile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What is kept of the samples of one measure. */
export function summary(values) {
  const round = (value) => Number(value.toFixed(2));
  return {
    samples: values.length,
    median: round(percentile(values, 0.5)),
    p90: round(percentile(values, 0.9)),
    mean: round(mean(values)),
    values: values.map(round),
  };
}
