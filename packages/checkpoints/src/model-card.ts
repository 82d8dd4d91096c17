/** What a model card says; texts are Markdown. */
export interface ModelCard {
  /** Heading. */
  title: string;
  /** SPDX identifier of the weights' licence, in lower case: `mit`. */
  license: string;
  /** What the network is, what it was trained on and how, what it is not for. */
  text: string;
  tags?: string[];
  /** Measured numbers by name, with their units in the name: `{'top-1 accuracy (%)': 77.2}`. */
  results?: Record<string, number>;
}

/** The `README.md` of a Hugging Face folder: facts for machines in front, text and a table of results behind. */
export function modelCard({ title, license, text, tags = [], results = {} }: ModelCard): string {
  const facts = {
    license,
    library_name: 'covpool',
    pipeline_tag: 'image-classification',
    tags: ['covpool', 'tfjs', ...tags],
  };
  // JSON is YAML, and needs no quoting rules of its own.
  const front = Object.entries(facts).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const rows = Object.entries(results).map(([name, value]) => `| ${name.replaceAll('|', '\\|')} | ${value} |`);
  const table = rows.length > 0 ? ['', '| measure | value |', '| --- | --- |', ...rows] : [];
  return [...['---', ...front, '---', '', `# ${title}`, '', text.trim()], ...table, ''].join('\n');
}
