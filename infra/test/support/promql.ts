export interface Selector {
  metric: string;
  /** The labels that its matchers name. */
  labels: string[];
}

/**
 * The selectors in an expression of PromQL.
 * @throws {Error} where the expression is malformed
 */
export async function selectorsIn(expression: string): Promise<Selector[]> {
  // An ECMAScript module.
  const { parser } = await import('@prometheus-io/lezer-promql');
  const selectors: Selector[] = [];
  parser.parse(expression).iterate({
    enter: ({ name, from, to, type }) => {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`malformed at ${from}: ${expression}`);
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      const last = selectors.at(-1);
      if (name === 'Identifier' && last?.metric === '') last.metric = text;
      if (name === 'UnquotedLabelMatcher') last?.labels.push(/^\w+/.exec(text)?.[0] ?? '');
    },
  });
  return selectors;
}
