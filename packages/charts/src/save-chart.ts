import { join } from 'node:path';
import { writeFileAtomic } from '@covpool/base/node';
import type { ReportImage } from './html-report.ts';
import { svgToPng } from './svg-to-png.ts';

/** Writes a chart as `<name>.png` into a folder, and gives it for a report. */
export async function saveChart(folder: string, name: string, svg: string, alt: string): Promise<ReportImage> {
  const png = await svgToPng(svg);
  await writeFileAtomic(join(folder, `${name}.png`), png);
  return { png, alt };
}
