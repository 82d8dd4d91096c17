export { htmlReport } from './html-report.ts';
export type { ReportImage, ReportOptions, ReportSection, ReportTable } from './html-report.ts';
export { pngOfPicture } from './png-of-picture.ts';
export type { RgbPicture } from './png-of-picture.ts';
export { saveChart } from './save-chart.ts';
export { svgToPng } from './svg-to-png.ts';
